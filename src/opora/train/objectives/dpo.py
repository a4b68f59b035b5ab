"""Direct preference optimisation (Rafailov et al. 2023, arXiv:2305.18290, equation 7): the reward is the
log-probability of an answer over that of the model before training, which is the same model with its adapter off or,
where one is trained further, as it was.

In: pairs. Out: a loss that is the mean over pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn.functional import logsigmoid

from opora.train.examples import Unit
from opora.train.objectives.base import Method, MethodLoss, Scorer, answer_figures, pair_figures
from opora.train.settings import TrainSettings

BETA = 0.1


def dpo_loss(scorer: Scorer, units: Sequence[Unit], settings: TrainSettings) -> MethodLoss:
    """- log sigmoid(beta (log p(chosen) / p0(chosen) - log p(rejected) / p0(rejected)))."""
    beta = BETA if settings.beta is None else settings.beta
    rows = [row for unit in units for row in unit.rows]
    before = torch.stack([each.logprobs.sum() for unit in units for each in scorer.reference(unit.rows)])
    scores = scorer.score(rows)
    after = torch.stack([each.logprobs.sum() for each in scores])
    rewards = beta * (after - before)
    chosen, rejected = rewards[::2], rewards[1::2]
    loss = -logsigmoid(chosen - rejected).sum()
    kl = {"kl": (float((after - before).detach().sum()), sum(len(row.answer) for row in rows))}
    figures = pair_figures(chosen.detach(), rejected.detach()) | answer_figures(units, scores)
    return MethodLoss(loss, figures | kl)


DPO = Method(dpo_loss, weight=lambda unit: 1, pairs=True)
