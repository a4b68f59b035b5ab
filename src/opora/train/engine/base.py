"""Contract of a scorer: log-probabilities of the answers of tokenised sequences.

In: rows, each a prompt and an answer. Out: the scores of the tokens of each answer. Objectives depend on this alone,
never on how the scores are computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from opora.train.examples import TokenizedRow

if TYPE_CHECKING:
    import torch


class TokenScores(NamedTuple):
    """Scores of the tokens of one answer, each of shape [tokens].

    `logprobs`: natural log-probabilities in fp32, the only field with a gradient; `entropy`: entropy in nats of the
    distribution that predicts the token; `top`: true where the token is the most likely one.
    """

    logprobs: torch.Tensor
    entropy: torch.Tensor
    top: torch.Tensor


class Scorer(Protocol):
    """Computes log-probabilities of the answers of rows."""

    def score(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        """Return the scores under the trained model, with gradient."""
        ...

    def score_reference(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        """Return the scores under the model before training, without gradient. All rows belong to one example."""
        ...
