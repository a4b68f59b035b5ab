"""What is learnt from the log-probabilities of answers: one contract for all methods.

In: units and something that scores their rows. Out: a loss to be summed over the units of a step and divided by their
weight, and figures to log, under the names of TRL.

    method = METHODS["simpo"]                # opora.train.objectives.registry
    output = method.loss(scorer, units, settings)
    (output.loss / sum(method.weight(unit) for unit in step)).backward()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import torch

from opora.train.engine.lm_head import TokenScores
from opora.train.examples import Row, Unit
from opora.train.settings import TrainSettings

FIGURES = (
    "mean_token_accuracy", "entropy", "completions/mean_length", "kl",
    "rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies",
)  # fmt: skip


class Scorer(Protocol):
    """Log-probabilities of the answers of rows."""

    def score(self, rows: Sequence[Row]) -> list[TokenScores]:
        """Of the model that is trained, with gradient."""
        ...

    def reference(self, rows: Sequence[Row]) -> list[TokenScores]:
        """Of the model as it was before training, without gradient; the rows are those of one unit."""
        ...


class MethodLoss(NamedTuple):
    """`loss`: a scalar, the sum over the units. `figures`: name -> (sum, count) of what is logged as a mean."""

    loss: torch.Tensor
    figures: Mapping[str, tuple[float, int]]


class Method(NamedTuple):
    """`weight`: what a unit counts for in the mean that is minimised."""

    loss: Callable[[Scorer, Sequence[Unit], TrainSettings], MethodLoss]
    weight: Callable[[Unit], int]
    pairs: bool


def pair_figures(chosen: torch.Tensor, rejected: torch.Tensor) -> dict[str, tuple[float, int]]:
    """Of the implicit rewards of pairs, [pairs] each."""
    count = len(chosen)
    return {
        "rewards/chosen": (float(chosen.sum()), count),
        "rewards/rejected": (float(rejected.sum()), count),
        "rewards/margins": (float((chosen - rejected).sum()), count),
        "rewards/accuracies": (float((chosen > rejected).sum()), count),
    }


def answer_figures(units: Sequence[Unit], scores: Sequence[TokenScores]) -> dict[str, tuple[float, int]]:
    """Of the tokens of the first, that is the wanted, answer of each unit, and the lengths of all answers."""
    rows = sum(len(unit.rows) for unit in units)
    wanted = scores[:: len(units[0].rows)]
    tokens = sum(len(each.top) for each in wanted)
    return {
        "mean_token_accuracy": (float(sum(each.top.sum() for each in wanted)), tokens),
        "entropy": (float(sum(each.entropy.sum() for each in wanted)), tokens),
        "completions/mean_length": (float(sum(unit.answer_tokens for unit in units)), rows),
    }
