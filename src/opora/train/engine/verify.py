"""Choice of the scorer of a run: the engine if it agrees with the model's own forward pass.

The two examples with the longest common prefix are scored both ways, with gradients. If the results differ, or the
model is not supported, the user is notified and rows are computed separately.

    scorer = open_scorer(model, settings, examples, "fp32", print)
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import torch

from opora.errors import InputError, OporaError
from opora.models.kv_cache.prefix_groups import common_length
from opora.train.engine.engine import Engine
from opora.train.lora import reference_weights
from opora.train.scorer import Scorer, TokenizedExample, TokenizedRow, TokenScores
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
    plain = RunScorer(PlainScorer(model), model.device.type, precision)
    if settings.prefix_sharing == "off":
        return plain
    try:
        shared = RunScorer(Engine(model), model.device.type, precision)
        fault = _find_difference(model, shared, plain, _longest_shared_rows(examples), precision)
        if fault and settings.prefix_sharing == "on":
            raise OporaError(f"{fault}; set prefix_sharing to off")
    except InputError as error:
        if settings.prefix_sharing == "on":
            raise
        fault = str(error)
    if not fault:
        return shared
    notify(f"{fault}; prefix sharing is off, which makes training slower")
    return plain


class PlainScorer:
    """Reference scorer: each row separately, through the model's own forward pass, without prefix sharing and without
    padding. Logits exist for one answer at a time."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model

    def score(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        return [self._score(row) for row in rows]

    def score_reference(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        with torch.no_grad(), reference_weights(self._model):
            return self.score(rows)

    def _score(self, row: TokenizedRow) -> TokenScores:
        device = next(self._model.parameters()).device
        ids = torch.tensor([[*row.prompt, *row.answer]], device=device)
        logits = self._model(input_ids=ids, logits_to_keep=len(row.answer) + 1, use_cache=False).logits[0, :-1]
        table = logits.float().log_softmax(-1)
        targets = ids[0, len(row.prompt) :]
        with torch.no_grad():
            entropy = -(table.exp() * table).sum(-1)
            top = table.argmax(-1) == targets
        return TokenScores(table.gather(1, targets[:, None])[:, 0], entropy, top)


class RunScorer:
    """Scorer under autocast to bf16, or unchanged for fp32, that computes the reference scores of an example once.

    Each pass has its own context: within one, autocast caches low-precision copies of the adapter, so the next pass
    would not see an optimizer step. The reference never changes; its examples are computed one by one, so that a
    resumed run gets the same bits.
    """

    def __init__(self, scorer: Scorer, device: str, precision: str) -> None:
        self.scorer = scorer
        self._autocast = functools.partial(torch.autocast, device, torch.bfloat16, enabled=precision == "bf16")
        self._references: dict[str, list[TokenScores]] = {}

    def score(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        with self._autocast():
            return self.scorer.score(rows)

    def score_reference(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        key = hashlib.sha256(repr(rows).encode()).hexdigest()
        if key not in self._references:
            with self._autocast():
                self._references[key] = self.scorer.score_reference(rows)
        return self._references[key]


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
    logprobs, gradients = _score_with_gradients(model, shared, rows)
    expected_logprobs, expected_gradients = _score_with_gradients(model, plain, rows)
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
