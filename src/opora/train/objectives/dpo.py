"""Direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290, equation 7).

The reward of an answer is beta times its log-probability relative to the reference: the model with the adapter
disabled or, where an adapter is trained further, with that adapter as it was before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from opora.train.objectives.base import Objective, ObjectiveLoss, preference_loss
from opora.train.scorer import Scorer, TokenizedExample
from opora.train.settings import TrainSettings


class DpoSettings(TrainSettings):
    """Preference optimisation of a LoRA adapter against the model before training."""

    method: Literal["dpo"] = "dpo"
    """Preference optimisation against the model before training, on pairs of a chosen and a rejected answer."""
    beta: Annotated[float, Field(gt=0)] = 0.1
    """Scale of the rewards: the larger, the closer the model stays to the reference."""


class Dpo(Objective):
    """DPO: -log sigmoid(beta (log p(chosen) / p0(chosen) - log p(rejected) / p0(rejected))), mean over pairs."""

    uses_pairs = True
    uses_reference = True

    def __init__(self, settings: DpoSettings) -> None:
        self._beta = settings.beta

    def loss(self, scorer: Scorer, examples: Sequence[TokenizedExample]) -> ObjectiveLoss:
        import torch

        references = [score for example in examples for score in scorer.score_reference(example.rows)]
        scores = scorer.score([row for example in examples for row in example.rows])
        before, after = (torch.stack([score.logprobs.sum() for score in side]) for side in (references, scores))
        loss, metrics = preference_loss(self._beta * (after - before), 0.0, examples, scores)
        tokens = sum(example.answer_tokens for example in examples)
        return ObjectiveLoss(loss, {**metrics, "kl": (float((after - before).detach().sum()), tokens)})
