"""Supervised fine-tuning: the mean negative log-probability of the tokens of the answers.

In: examples. Out: a loss whose weight is the number of answer tokens, so that long answers count as much a token as
short ones in whatever batch they meet.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from opora.train.examples import Unit
from opora.train.objectives.base import Method, MethodLoss, Scorer, answer_figures
from opora.train.settings import TrainSettings


def sft_loss(scorer: Scorer, units: Sequence[Unit], settings: TrainSettings) -> MethodLoss:
    """- sum of log p(token)."""
    scores = scorer.score([row for unit in units for row in unit.rows])
    return MethodLoss(-torch.cat([each.logprobs for each in scores]).sum(), answer_figures(units, scores))


SFT = Method(sft_loss, weight=lambda unit: unit.answer_tokens, pairs=False)
