"""Direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290, equation 7).

The reward of an answer is beta times its log-probability relative to the reference: the model with the adapter
disabled or, where an adapter is trained further, with that adapter as it was before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from opora.train.engine.base import Scorer
from opora.train.examples import TokenizedExample
from opora.train.objectives.base import Objective, ObjectiveLoss, answer_metrics, preference_metrics
from opora.train.settings import TrainSettings


class DpoSettings(TrainSettings):
    """Preference optimisation of a LoRA adapter against the model before training (Rafailov et al. 2023,
    arXiv:2305.18290)."""

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
        from torch.nn.functional import logsigmoid

        rows = [row for example in examples for row in example.rows]
        before = torch.stack(
            [score.logprobs.sum() for example in examples for score in scorer.score_reference(example.rows)]
        )
        scores = scorer.score(rows)
        after = torch.stack([score.logprobs.sum() for score in scores])
        rewards = self._beta * (after - before)
        chosen, rejected = rewards[::2], rewards[1::2]
        loss = -logsigmoid(chosen - rejected).sum()
        kl = {"kl": (float((after - before).detach().sum()), sum(len(row.answer) for row in rows))}
        metrics = preference_metrics(chosen.detach(), rejected.detach()) | answer_metrics(examples, scores)
        return ObjectiveLoss(loss, metrics | kl)
