"""What scores the rows of a run: the engine, if it comes out as the model's own forward pass does.

In: a model with its adapter, settings, units. Out: a scorer. The two units that share most are scored both ways, with
gradients; where the two differ, or the model cannot share, it is said, and each row is then computed by itself.

    scorer = open_scorer(model, settings, units, "fp32", print)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import torch

from opora.errors import InputError, OporaError
from opora.models.kv_cache.prefix_groups import common_length
from opora.train.engine.engine import Engine
from opora.train.engine.lm_head import TokenScores
from opora.train.engine.reference import PlainScorer
from opora.train.examples import Row, Unit
from opora.train.objectives.base import Scorer
from opora.train.settings import TrainSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TOLERANCE = {"fp32": 1e-3, "bf16": 0.1}
"""Mean absolute difference of the log-probabilities of two ways, in nats; a wrong mask gives more than 0.5."""

GRADIENT_TOLERANCE = {"fp32": 1e-2, "bf16": 0.3}
"""Norm of the difference of all gradients, relative to that of the plain way; a wrong mask gives about 1."""


def open_scorer(
    model: PreTrainedModel, settings: TrainSettings, units: Sequence[Unit], precision: str, tell: Callable[[str], None]
) -> Scorer:
    """Raises InputError if `engine` is `shared` and the model cannot share, OporaError if its results are others."""
    plain = InPrecision(PlainScorer(model), model.device.type, precision)
    if settings.engine == "plain":
        return KeptReference(plain)
    slower = "computing each row by itself, which is slower"
    try:
        shared = InPrecision(Engine(model), model.device.type, precision)
        fault = _fault(model, shared, plain, _relatives(units), precision)
    except InputError as error:
        if settings.engine == "shared":
            raise
        tell(f"{error}; {slower}")
        return KeptReference(plain)
    if not fault:
        return KeptReference(shared)
    if settings.engine == "shared":
        raise OporaError(f"{fault}; set engine to plain")
    tell(f"{fault}; {slower}")
    return KeptReference(plain)


def _relatives(units: Sequence[Unit]) -> list[Row]:
    """The rows of the two units whose prompts share most, or of the only one."""
    ordered = sorted(units, key=lambda unit: unit.rows[0].prompt)
    pairs = [(common_length(a.rows[0].prompt, b.rows[0].prompt), n) for n, (a, b) in enumerate(pairwise(ordered))]
    _, best = max(pairs, default=(0, 0))
    return [row for unit in ordered[best : best + 2] for row in unit.rows]


def _fault(model: PreTrainedModel, shared: Scorer, plain: Scorer, rows: Sequence[Row], precision: str) -> str:
    """In what the log-probabilities or gradients of the two ways differ; empty if in nothing."""
    (left, slopes), (right, others) = (_look(model, scorer, rows) for scorer in (shared, plain))
    name = type(model.get_base_model()).__name__  # type: ignore[operator]
    off = float((left - right).abs().mean())
    if not off <= TOLERANCE[precision]:
        return f"{name}: rows that share tokens come out {off:.2g} nats a token off"
    off = float((slopes - others).norm() / others.norm().clamp(min=1e-12))
    if not off <= GRADIENT_TOLERANCE[precision]:
        return f"{name}: the gradients of rows that share tokens come out {off:.0%} off"
    return ""


def _look(model: PreTrainedModel, scorer: Scorer, rows: Sequence[Row]) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probabilities of all answers and all gradients of their sum, [tokens] and [parameters]. The model is left as
    it was."""
    was = model.training
    model.eval()
    logprobs = torch.cat([each.logprobs for each in scorer.score(rows)])
    logprobs.sum().backward()
    slopes = [each.grad.flatten() for each in model.parameters() if each.grad is not None]
    model.zero_grad()
    model.train(was)
    return logprobs.detach(), torch.cat(slopes)


class KeptReference:
    """A scorer that scores the rows of a unit by the model before training once: that model is the same in every epoch.
    Units are scored one by one, so that a run which goes on gets the same bits."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self._kept: dict[str, list[TokenScores]] = {}

    def score(self, rows: Sequence[Row]) -> list[TokenScores]:
        return self.scorer.score(rows)

    def reference(self, rows: Sequence[Row]) -> list[TokenScores]:
        key = hashlib.sha256(repr(rows).encode()).hexdigest()
        if key not in self._kept:
            self._kept[key] = self.scorer.reference(rows)
        return self._kept[key]


class InPrecision:
    """A scorer under autocast to bf16, or as it is. A context for each pass: until it is left, autocast goes on with
    the copies in low precision that it made of the adapter, and a step of the optimizer would change nothing that the
    next pass reads."""

    def __init__(self, scorer: Scorer, device: str, precision: str) -> None:
        self.scorer, self._device, self._low = scorer, device, precision == "bf16"

    def score(self, rows: Sequence[Row]) -> list[TokenScores]:
        with torch.autocast(self._device, torch.bfloat16, enabled=self._low):
            return self.scorer.score(rows)

    def reference(self, rows: Sequence[Row]) -> list[TokenScores]:
        with torch.autocast(self._device, torch.bfloat16, enabled=self._low):
            return self.scorer.reference(rows)
