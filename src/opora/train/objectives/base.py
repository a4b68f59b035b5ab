"""Contract of a training objective: a loss over the log-probabilities of answers.

A new objective is one file with a settings class and an `Objective`, and one row in
`opora.train.objectives.registry`.

    objective = open_objective(settings)
    output = objective.loss(scorer, examples)
    (output.loss / sum(map(objective.weight, examples))).backward()
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from opora.train.scorer import Scorer, TokenizedExample, TokenScores
from opora.train.settings import TrainSettings

if TYPE_CHECKING:
    import torch


class ObjectiveLoss(NamedTuple):
    """`loss`: scalar, summed over the examples. `metrics`: name in TRL -> (sum, count), logged as sum / count."""

    loss: torch.Tensor
    metrics: Mapping[str, tuple[float, int]]


class Objective(ABC):
    """Training objective. Its module also defines its settings, a subclass of `TrainSettings`."""

    uses_pairs: ClassVar[bool] = False
    """Examples are pairs of a chosen and a rejected answer, not single answers."""
    uses_reference: ClassVar[bool] = False
    """The loss compares with the model before training."""

    @abstractmethod
    def __init__(self, settings: TrainSettings) -> None: ...

    @abstractmethod
    def loss(self, scorer: Scorer, examples: Sequence[TokenizedExample]) -> ObjectiveLoss:
        """Return the loss of the examples, summed, and their metrics."""

    def weight(self, example: TokenizedExample) -> int:
        """Return the weight of an example in the mean loss of a step."""
        return 1


def preference_loss(
    rewards: torch.Tensor, margin: float, examples: Sequence[TokenizedExample], scores: Sequence[TokenScores]
) -> ObjectiveLoss:
    """Return -log sigmoid(chosen - rejected - margin), summed over preference pairs, and the metrics. `rewards`:
    implicit rewards of the answers, chosen and rejected in turn."""
    from torch.nn.functional import logsigmoid

    loss = -logsigmoid(rewards[::2] - rewards[1::2] - margin).sum()
    chosen, rejected = rewards.detach()[::2], rewards.detach()[1::2]
    sums = {
        "rewards/chosen": chosen.sum(),
        "rewards/rejected": rejected.sum(),
        "rewards/margins": (chosen - rejected).sum(),
        "rewards/accuracies": (chosen > rejected).sum(),
    }
    metrics = {name: (float(value), len(chosen)) for name, value in sums.items()}
    return ObjectiveLoss(loss, metrics | answer_metrics(examples, scores))


def answer_metrics(examples: Sequence[TokenizedExample], scores: Sequence[TokenScores]) -> dict[str, tuple[float, int]]:
    """Return accuracy and entropy of the tokens of the first (preferred) answers, and the mean length of all
    answers."""
    preferred = scores[:: len(examples[0].rows)]
    tokens = sum(len(score.top) for score in preferred)
    length = float(sum(example.answer_tokens for example in examples))
    return {
        "mean_token_accuracy": (float(sum(score.top.sum() for score in preferred)), tokens),
        "entropy": (float(sum(score.entropy.sum() for score in preferred)), tokens),
        "completions/mean_length": (length, len(scores)),
    }
