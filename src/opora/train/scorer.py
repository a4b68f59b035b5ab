"""Tokenised training examples, and the contract of a scorer: log-probabilities of their answers.

Objectives depend on this alone, never on how the scores are computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import torch


class TokenizedRow(NamedTuple):
    """Token ids of a prompt and of its answer, which ends with the end-of-turn token. Neither is empty."""

    prompt: list[int]
    answer: list[int]

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.answer)


class TokenizedExample(NamedTuple):
    """Unit of training: one row, or the two rows of a preference pair (chosen, rejected)."""

    id: str
    rows: tuple[TokenizedRow, ...]
    dataset: str = ""
    location: str = ""
    """Name of its file and line number: `train.jsonl:3`."""
    is_refusal: bool | None = None
    """True if the (chosen) answer is a refusal; None if the dataset does not say."""
    quality: float | None = None

    @property
    def answer_tokens(self) -> int:
        return sum(len(row.answer) for row in self.rows)


class TokenScores(NamedTuple):
    """Scores of the tokens of one answer, each of shape [tokens].

    `logprobs`: natural log-probabilities in fp32, the only field with a gradient; `entropy`: entropy in nats of the
    distribution that predicts the token; `top`: true where the token is the most likely one.
    """

    logprobs: torch.Tensor
    entropy: torch.Tensor
    top: torch.Tensor


class Scorer(Protocol):
    def score(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        """Return the scores of each answer under the trained model, with gradient."""
        ...

    def score_reference(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        """Return the scores under the model before training, without gradient. All rows belong to one example."""
        ...
