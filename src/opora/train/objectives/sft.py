"""Supervised fine-tuning: mean negative log-likelihood of the answer tokens.

An example weighs as much as it has answer tokens, so every token counts the same, whatever batch it is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from opora.train.objectives.base import Objective, ObjectiveLoss, answer_metrics
from opora.train.scorer import Scorer, TokenizedExample
from opora.train.settings import TrainSettings


class SftSettings(TrainSettings):
    """Supervised fine-tuning of a LoRA adapter. The loss is computed on answers only."""

    method: Literal["sft"] = "sft"
    """Supervised fine-tuning on examples."""


class Sft(Objective):
    """Negative log-likelihood of the answers: -sum log p(token)."""

    def __init__(self, settings: TrainSettings | None = None) -> None:
        """Ignore `settings`: the objective has none, so it can also evaluate a run of another objective."""

    def loss(self, scorer: Scorer, examples: Sequence[TokenizedExample]) -> ObjectiveLoss:
        import torch

        scores = scorer.score([row for example in examples for row in example.rows])
        return ObjectiveLoss(-torch.cat([score.logprobs for score in scores]).sum(), answer_metrics(examples, scores))

    def weight(self, example: TokenizedExample) -> int:
        return example.answer_tokens
