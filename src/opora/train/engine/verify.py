"""Choice of the scorer of a run: the engine if it agrees with the model's own forward pass.

In: a model with its adapter, settings, examples. Out: a scorer. The two examples with the longest common prefix are
scored both ways, with gradients. If the results differ, or the model is not supported, the user is notified and rows
are computed separately.

    scorer = open_scorer(model, settings, examples, "fp32", print)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import torch

from opora.errors import InputError, OporaError
from opora.models.kv_cache.prefix_groups import common_length
from opora.train.engine.base import Scorer, TokenScores
from opora.train.engine.engine import Engine
from opora.train.engine.reference import PlainScorer
from opora.train.examples import TokenizedExample, TokenizedRow
from opora.train.settings import TrainSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TOLERANCE = {"fp32": 1e-3, "bf16": 0.1}
"""Maximum mean absolute difference between the two ways in log-probabilities, in nats; a wrong mask gives over 0.5."""

GRADIENT_TOLERANCE = {"fp32": 1e-2, "bf16": 0.3}
"""Maximum norm of the difference of all gradients, relative to the reference; a wrong mask gives about 1."""


def open_scorer(
    model: PreTrainedModel,
    settings: TrainSettings,
    examples: Sequence[TokenizedExample],
    precision: str,
    notify: Callable[[str], None],
) -> Scorer:
    """Return the scorer of a run. With `prefix_sharing: on`, raises InputError if the model is not supported, and
    OporaError if the results differ."""
    plain = AutocastScorer(PlainScorer(model), model.device.type, precision)
    if settings.prefix_sharing == "off":
        return CachedReferenceScorer(plain)
    fallback = "prefix sharing is off, which makes training slower"
    try:
        shared = AutocastScorer(Engine(model), model.device.type, precision)
        fault = _find_difference(model, shared, plain, _longest_shared_rows(examples), precision)
    except InputError as error:
        if settings.prefix_sharing == "on":
            raise
        notify(f"{error}; {fallback}")
        return CachedReferenceScorer(plain)
    if not fault:
        return CachedReferenceScorer(shared)
    if settings.prefix_sharing == "on":
        raise OporaError(f"{fault}; set prefix_sharing to off")
    notify(f"{fault}; {fallback}")
    return CachedReferenceScorer(plain)


def _longest_shared_rows(examples: Sequence[TokenizedExample]) -> list[TokenizedRow]:
    """Return the rows of the two examples with the longest common prompt prefix, or of the only example."""
    ordered = sorted(examples, key=lambda example: example.rows[0].prompt)
    pairs = [(common_length(a.rows[0].prompt, b.rows[0].prompt), n) for n, (a, b) in enumerate(pairwise(ordered))]
    _, best = max(pairs, default=(0, 0))
    return [row for example in ordered[best : best + 2] for row in example.rows]


def _find_difference(
    model: PreTrainedModel, shared: Scorer, plain: Scorer, rows: Sequence[TokenizedRow], precision: str
) -> str:
    """Compare the log-probabilities and gradients of the two ways; empty if they agree."""
    (logprobs, gradients), (expected_logprobs, expected_gradients) = (
        _score_with_gradients(model, scorer, rows) for scorer in (shared, plain)
    )
    name = type(model.get_base_model()).__name__  # type: ignore[operator]
    difference = float((logprobs - expected_logprobs).abs().mean())
    if not difference <= TOLERANCE[precision]:
        return f"{name}: log-probabilities with prefix sharing are off by {difference:.2g} nats per token"
    difference = float((gradients - expected_gradients).norm() / expected_gradients.norm().clamp(min=1e-12))
    if not difference <= GRADIENT_TOLERANCE[precision]:
        return f"{name}: gradients with prefix sharing are off by {difference:.0%}"
    return ""


def _score_with_gradients(
    model: PreTrainedModel, scorer: Scorer, rows: Sequence[TokenizedRow]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the log-probabilities of all answers, [tokens], and the gradients of their sum, [parameters]. The model is
    left unchanged."""
    training = model.training
    model.eval()
    logprobs = torch.cat([score.logprobs for score in scorer.score(rows)])
    logprobs.sum().backward()
    gradients = [tensor.grad.flatten() for tensor in model.parameters() if tensor.grad is not None]
    model.zero_grad()
    model.train(training)
    return logprobs.detach(), torch.cat(gradients)


class CachedReferenceScorer:
    """Scorer that computes the reference scores of an example once, because the reference never changes. Examples are
    computed one by one, so that a resumed run gets the same bits."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self._references: dict[str, list[TokenScores]] = {}

    def score(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        return self.scorer.score(rows)

    def score_reference(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        key = hashlib.sha256(repr(rows).encode()).hexdigest()
        if key not in self._references:
            self._references[key] = self.scorer.score_reference(rows)
        return self._references[key]


class AutocastScorer:
    """Scorer under autocast to bf16, or unchanged for fp32. Each pass has its own context: within one, autocast caches
    low-precision copies of the adapter, so the next pass would not see an optimizer step."""

    def __init__(self, scorer: Scorer, device: str, precision: str) -> None:
        self.scorer, self._device, self._enabled = scorer, device, precision == "bf16"

    def score(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        with torch.autocast(self._device, torch.bfloat16, enabled=self._enabled):
            return self.scorer.score(rows)

    def score_reference(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        with torch.autocast(self._device, torch.bfloat16, enabled=self._enabled):
            return self.scorer.score_reference(rows)
