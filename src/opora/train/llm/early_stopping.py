"""Early stopping when training costs too much of what the model could do before.

find_regression(log, max_increase=0.2)      # Regression(step=40, saved_step=20, loss_increase=0.31)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

GENERAL_LOSS = "eval_general_loss"
"""Key of the log: mean negative log-likelihood of an answer token of `regression_set`, in nats."""


class Regression(NamedTuple):
    """`step`: evaluation beyond the limit; `saved_step`: the previous one; `loss_increase`: in nats since step 0."""

    step: int
    saved_step: int
    loss_increase: float


def find_regression(log: Sequence[Mapping[str, Any]], max_increase: float | None) -> Regression | None:
    """Return the first evaluation whose general loss exceeds that of step 0 by more than `max_increase`."""
    evaluations = [row for row in log if GENERAL_LOSS in row]
    for previous, row in pairwise(evaluations):
        increase = row[GENERAL_LOSS] - evaluations[0][GENERAL_LOSS]
        if max_increase is not None and increase > max_increase:
            return Regression(row["step"], previous["step"], increase)
    return None
