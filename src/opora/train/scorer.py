"""What scores the rows of a run: the engine, if it comes out as the model's own forward pass does.

In: a model with its adapter, settings, units. Out: a scorer. The first units are scored both ways; where the two
differ, or the model cannot share, it is said, and each row is then computed by itself.

    scorer = open_scorer(model, settings, units, "fp32", print)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch

from opora.errors import InputError, OporaError
from opora.train.batch import groups
from opora.train.forward import Engine
from opora.train.head import TokenScores
from opora.train.method import Scorer
from opora.train.plain import PlainScorer
from opora.train.rows import Row, Unit
from opora.train.settings import TrainSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CHECKED_UNITS = 4
TOLERANCE = {"fp32": 1e-3, "bf16": 0.1}
"""Mean absolute difference of the log-probabilities of two ways, in nats; a wrong mask gives more than 0.5."""


def open_scorer(
    model: PreTrainedModel, settings: TrainSettings, units: Sequence[Unit], precision: str, tell: Callable[[str], None]
) -> Scorer:
    """Raises InputError if `engine` is `shared` and the model cannot share, OporaError if its results are others."""
    plain = InPrecision(PlainScorer(model), model.device.type, precision)
    if settings.engine == "plain":
        return plain
    slower = "computing each row by itself, which is slower"
    try:
        shared = InPrecision(Engine(model), model.device.type, precision)
        difference = _difference(model, shared, plain, groups(units[:CHECKED_UNITS], settings.max_batch_tokens)[0])
    except InputError as error:
        if settings.engine == "shared":
            raise
        tell(f"{error}; {slower}")
        return plain
    if difference <= TOLERANCE[precision]:
        return shared
    fault = (
        f"{type(model.get_base_model()).__name__}: rows that share tokens come out {difference:.2g} nats a token off"  # type: ignore[operator]
    )
    if settings.engine == "shared":
        raise OporaError(f"{fault}; set engine to plain")
    tell(f"{fault}; {slower}")
    return plain


def _difference(model: PreTrainedModel, shared: Scorer, plain: Scorer, units: Sequence[Unit]) -> float:
    """Mean absolute, of the log-probabilities of a few units."""
    rows = [row for unit in units for row in unit.rows]
    was = model.training
    model.eval()
    with torch.no_grad():
        left, right = (torch.cat([each.logprobs for each in scorer.score(rows)]) for scorer in (shared, plain))
    model.train(was)
    return float((left - right).abs().mean())


class InPrecision:
    """A scorer under autocast to bf16, or as it is. A context for each pass: until it is left, autocast goes on with
    the copies in low precision that it made of the adapter, and a step of the optimizer would change nothing that the
    next pass reads."""

    def __init__(self, scorer: Scorer, device: str, precision: str) -> None:
        self._scorer, self._device, self._low = scorer, device, precision == "bf16"

    def score(self, rows: Sequence[Row]) -> list[TokenScores]:
        with torch.autocast(self._device, torch.bfloat16, enabled=self._low):
            return self._scorer.score(rows)

    def reference(self, rows: Sequence[Row]) -> list[TokenScores]:
        with torch.autocast(self._device, torch.bfloat16, enabled=self._low):
            return self._scorer.reference(rows)
