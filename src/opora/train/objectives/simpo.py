"""Simple preference optimisation (Meng et al. 2024, arXiv:2405.14734, equation 6): no reference model, the reward is
the mean log-probability of a token.

In: pairs. Out: a loss that is the mean over pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn.functional import logsigmoid

from opora.train.examples import Unit
from opora.train.objectives.base import Method, MethodLoss, Scorer, answer_figures, pair_figures
from opora.train.settings import TrainSettings

BETA = 2.0
"""The paper's smallest; its section 4 searches 2.0 and 2.5."""


def simpo_loss(scorer: Scorer, units: Sequence[Unit], settings: TrainSettings) -> MethodLoss:
    """- log sigmoid(beta mean log p(chosen) - beta mean log p(rejected) - gamma)."""
    beta = BETA if settings.beta is None else settings.beta
    scores = scorer.score([row for unit in units for row in unit.rows])
    means = torch.stack([each.logprobs.mean() for each in scores])
    chosen, rejected = beta * means[::2], beta * means[1::2]
    loss = -logsigmoid(chosen - rejected - settings.gamma).sum()
    figures = pair_figures(chosen.detach(), rejected.detach()) | answer_figures(units, scores)
    return MethodLoss(loss, figures)


SIMPO = Method(simpo_loss, weight=lambda unit: 1, pairs=True)
