"""The loop over batches: schedule, gradients, evaluations, checkpoints.

In: a model with trainable parameters, units, a method, what scores rows. Out: the log under the names of TRL: a row a
step, and before them, where there is something to evaluate, one of step 0 without a loss to learn from. Everything
random is seeded by step and unit, so that a run that goes on, or is shared by several processes, draws what one run
would.
"""

from __future__ import annotations

import io
import math
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import torch

from opora.console.progress import Progress
from opora.errors import OporaError
from opora.train.examples import Unit
from opora.train.llm.batching import batches, count_steps, groups
from opora.train.llm.checkpoint import State, load_checkpoint, save_checkpoint
from opora.train.llm.early_stopping import GENERAL_LOSS, find_fall
from opora.train.objectives.base import FIGURES, Method, MethodLoss, Scorer
from opora.train.settings import TrainSettings

if TYPE_CHECKING:
    from accelerate import Accelerator
    from transformers import PreTrainedModel

CHECKPOINT_EVERY_S = 60.0
"""A checkpoint is written when this long has passed since the last, if `checkpoint_every` steps have not."""


class Learner(NamedTuple):
    """What learns, by what, from whose scores."""

    model: PreTrainedModel
    method: Method
    scorer: Scorer


class HeldOut(NamedTuple):
    """Units that are scored by a method at every evaluation; `prefix` stands before the names of the figures."""

    prefix: str
    units: Sequence[Unit]
    method: Method


class Loop:
    """One run. `checkpoint` is the folder of the last checkpoint; `keep(name)` keeps the model as it is, under a name
    of `settings.kept`."""

    def __init__(
        self,
        settings: TrainSettings,
        learner: Learner,
        accelerator: Accelerator,
        checkpoint: Path,
        keep: Callable[[str], None],
    ) -> None:
        self._settings, self._model, self._method = settings, learner.model, learner.method
        self._scorer = learner.scorer
        self._accelerator, self._checkpoint, self._keep = accelerator, checkpoint, keep
        self._parameters = {name: each for name, each in self._model.named_parameters() if each.requires_grad}
        self._optimizer = torch.optim.AdamW(
            self._parameters.values(), lr=settings.lr, weight_decay=settings.weight_decay
        )
        self._within: dict[str, torch.Tensor] = {}
        """The weights of the last evaluation within `max_fall`."""

    def run(self, train: Sequence[Unit], held_out: Sequence[HeldOut], label: str) -> list[dict[str, Any]]:
        """Train to the end, from the last checkpoint if there is one, or until the general figures have fallen too far.
        Raises OporaError if the loss is no number, or if they have by the first evaluation."""
        steps = count_steps(len(train), self._settings)
        state = load_checkpoint(self._checkpoint, self._parameters, self._optimizer) or State(0, [], {})
        log, self._within = state.log, state.kept
        saved = time.monotonic()
        with Progress(label, steps, state.step, self._stream()) as progress:
            if held_out and not log:
                self._log(log, {"step": 0, **self._evaluate(0, held_out), "num_tokens": 0})
            for step, batch in enumerate(batches(train, self._settings), 1):
                if step <= state.step:
                    continue
                row = self._step(step, steps, batch)
                row["num_tokens"] = (log[-1]["num_tokens"] if log else 0) + sum(unit.tokens for unit in batch)
                evaluated = held_out and (step % self._settings.eval_every == 0 or step == steps)
                if evaluated:
                    row |= self._evaluate(step, held_out)
                self._log(log, row)
                for name in kept_at(step, steps, self._settings) if self._accelerator.is_main_process else ():
                    self._keep(name)
                if evaluated and self._fell(log):
                    break
                due = step % self._settings.checkpoint_every == 0 or time.monotonic() - saved >= CHECKPOINT_EVERY_S
                if due and step < steps and self._accelerator.is_main_process:
                    save_checkpoint(self._checkpoint, State(step, log, self._within), self._parameters, self._optimizer)
                    saved = time.monotonic()
                progress.advance(note=note(log))
        return log

    def _log(self, log: list[dict[str, Any]], row: dict[str, Any]) -> None:
        """Add a row, and hand it to the trackers."""
        log.append(row)
        self._accelerator.log({name: value for name, value in row.items() if name != "step"}, step=row["step"])

    def _fell(self, log: Sequence[Mapping[str, Any]]) -> bool:
        """Whether the last evaluation is beyond `max_fall`. Then the weights are those of the one before again; else
        they are remembered."""
        if self._settings.max_fall is None:
            return False
        fall = find_fall(log, self._settings.max_fall)
        if fall is None:
            self._within = {name: each.detach().clone() for name, each in self._parameters.items()}
            return False
        if fall.kept_step == 0:
            raise OporaError(
                f"step {fall.step}: a token of the general answers has lost {fall.nats:.2f} nats, more than max_fall"
                f" {self._settings.max_fall:g}, by the first evaluation, and no adapter is left to keep; lower lr or"
                " eval_every, mix general chats into dataset, or raise max_fall"
            )
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(self._within[name])
        return True

    def _stream(self) -> TextIO | None:
        """Where progress is shown: one of several processes shows it for all."""
        return None if self._accelerator.is_main_process else io.StringIO()

    def _step(self, step: int, steps: int, batch: Sequence[Unit]) -> dict[str, Any]:
        """One optimizer step over the weighted mean of the losses of the batch."""
        rate = learning_rate(step, steps, self._settings)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._model.train()
        weight = sum(map(self._method.weight, batch))
        outputs: list[MethodLoss] = []
        suspects: list[str] = []
        for units in self._share(batch):
            torch.manual_seed(zlib.crc32(f"{self._settings.seed} {step} {units[0].id}".encode()))
            output = self._method.loss(self._scorer, units, self._settings)
            (output.loss / weight).backward()
            outputs.append(output._replace(loss=output.loss.detach()))
            if not math.isfinite(float(outputs[-1].loss)):
                suspects += [unit.id for unit in units]
        row = self._mean(outputs, weight)
        suspects = suspects or [unit.id for unit in batch]
        check_finite(row["loss"], f"step {step}: the loss", suspects, rate)
        self._reduce_gradients()
        norm = float(torch.nn.utils.clip_grad_norm_(self._parameters.values(), self._settings.clip))
        check_finite(norm, f"step {step}: the norm of the gradient", suspects, rate)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return {"step": step, **row, "learning_rate": rate, "grad_norm": norm}

    @torch.inference_mode()
    def _evaluate(self, step: int, held_out: Sequence[HeldOut]) -> dict[str, float]:
        """The figures of each set, behind its prefix."""
        self._model.eval()
        figures: dict[str, float] = {}
        for prefix, units, method in held_out:
            outputs = [method.loss(self._scorer, some, self._settings) for some in self._share(units)]
            row = self._mean(outputs, sum(map(method.weight, units)))
            check_finite(row["loss"], f"step {step}: {prefix}loss", [], self._settings.lr)
            figures |= {f"{prefix}{name}": value for name, value in row.items()}
        return figures

    def _share(self, units: Sequence[Unit]) -> Sequence[Sequence[Unit]]:
        """The groups that this process has to do."""
        found = groups(units, self._settings.max_batch_tokens)
        return found[self._accelerator.process_index :: self._accelerator.num_processes]

    def _mean(self, outputs: Sequence[MethodLoss], weight: int) -> dict[str, float]:
        """The loss and all figures, over all processes."""
        zero = (0.0, 0)
        figures = [[output.figures.get(name, zero) for output in outputs] or [zero] for name in FIGURES]
        sums = [float(sum(part)) for each in figures for part in zip(*each, strict=True)]
        total, *pairs = self._sum([float(sum(float(output.loss) for output in outputs)), *sums])
        means = zip(FIGURES, pairs[::2], pairs[1::2], strict=True)
        return {"loss": total / weight, **{name: value / count for name, value, count in means if count}}

    def _sum(self, values: Sequence[float]) -> list[float]:
        tensor = torch.tensor(values, device=self._accelerator.device, dtype=torch.float64)
        return [float(each) for each in self._accelerator.reduce(tensor, "sum")]

    def _reduce_gradients(self) -> None:
        """Add up the gradients of all processes; a process without an example has none."""
        if self._accelerator.num_processes == 1:
            return
        for parameter in self._parameters.values():
            gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            parameter.grad = self._accelerator.reduce(gradient, "sum")


def note(log: Sequence[Mapping[str, Any]]) -> str:
    """The losses for the line of progress: `loss 1.214, held out 1.302, general 2.870`."""
    names = {"loss": "loss", "eval_loss": "held out", GENERAL_LOSS: "general"}
    last = {key: row[key] for row in log for key in names if key in row}
    return ", ".join(f"{label} {last[key]:.3f}" for key, label in names.items() if key in last)


def kept_at(step: int, steps: int, settings: TrainSettings) -> list[str]:
    """Names of `settings.kept` that are due after a step."""
    return [name for name, fraction in settings.kept.items() if max(1, round(fraction * steps)) == step]


def check_finite(value: float, what: str, rows: Sequence[str], rate: float) -> None:
    """Raises OporaError that names the rows to look at: a step on such a value would spoil every weight."""
    if not math.isfinite(value):
        look = f"look at the rows {', '.join(rows)}, or " if rows else ""
        raise OporaError(f"{what} is {value}; {look}lower lr ({rate:.1e})")


def learning_rate(step: int, steps: int, settings: TrainSettings) -> float:
    """The rate of a step, from 1: linear warm-up, then a cosine to zero."""
    warmup = round(settings.warmup * steps)
    if step <= warmup:
        return settings.lr * step / warmup
    done = (step - warmup - 1) / max(1, steps - warmup)
    return settings.lr * 0.5 * (1 + math.cos(math.pi * done))
