"""Simple preference optimisation (Meng et al. 2024, arXiv:2405.14734, equation 6).

There is no reference model: the reward of an answer is beta times the mean log-probability of its tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from opora.train.objectives.base import Objective, ObjectiveLoss, preference_loss
from opora.train.scorer import Scorer, TokenizedExample
from opora.train.settings import TrainSettings


class SimpoSettings(TrainSettings):
    """Preference optimisation of a LoRA adapter without a reference model (Meng et al. 2024, arXiv:2405.14734)."""

    method: Literal["simpo"] = "simpo"
    """Preference optimisation without a reference model, on pairs of a chosen and a rejected answer."""
    beta: Annotated[float, Field(gt=0)] = 2.0
    """Scale of the rewards. The default is the smallest value of the paper, which searches 2.0 and 2.5 (section 4)."""
    gamma: Annotated[float, Field(ge=0)] = 1.0
    """Target reward margin between the chosen and the rejected answer."""


class Simpo(Objective):
    """SimPO: -log sigmoid(beta mean log p(chosen) - beta mean log p(rejected) - gamma), mean over pairs."""

    uses_pairs = True

    def __init__(self, settings: SimpoSettings) -> None:
        self._beta, self._gamma = settings.beta, settings.gamma

    def loss(self, scorer: Scorer, examples: Sequence[TokenizedExample]) -> ObjectiveLoss:
        import torch

        scores = scorer.score([row for example in examples for row in example.rows])
        rewards = self._beta * torch.stack([score.logprobs.mean() for score in scores])
        return preference_loss(rewards, self._gamma, examples, scores)
