"""When training has cost too much of what the model could do before.

In: the log of a run with its evaluations on general chats, and how far they may fall. Out: where they fell further, or
None.

    find_fall(log, max_fall=0.2)      # Fall(step=40, kept_step=20, nats=0.31)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

GENERAL_LOSS = "eval_general_loss"
"""Mean negative log-probability of a token of the general answers, in nats."""


class Fall(NamedTuple):
    """`step`: the evaluation that was too far below the first; `kept_step`: the one before it; `nats`: how far."""

    step: int
    kept_step: int
    nats: float


def find_fall(log: Sequence[Mapping[str, Any]], max_fall: float | None) -> Fall | None:
    """The first evaluation at which a token's mean log-probability is more than `max_fall` below that of step 0."""
    evaluations = [row for row in log if GENERAL_LOSS in row]
    for before, row in pairwise(evaluations):
        nats = row[GENERAL_LOSS] - evaluations[0][GENERAL_LOSS]
        if max_fall is not None and nats > max_fall:
            return Fall(row["step"], before["step"], nats)
    return None
