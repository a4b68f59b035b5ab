"""The loop over batches: schedule, gradients, held-out loss, checkpoints.

In: a model with trainable parameters, examples, a loss. Out: the log, a row a step. Everything random is seeded by step
and example, so that a run that goes on, or is shared by several processes, draws what one run would.
"""

from __future__ import annotations

import io
import math
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import torch

from opora.errors import OporaError
from opora.progress import Progress
from opora.train.batch import TokenExample, batches, count_steps
from opora.train.checkpoint import State, load_checkpoint, save_checkpoint
from opora.train.loss import LossOutput
from opora.train.settings import SftSettings

if TYPE_CHECKING:
    from accelerate import Accelerator
    from transformers import PreTrainedModel

Loss = Callable[["PreTrainedModel", Sequence[TokenExample]], LossOutput]

CHECKPOINT_EVERY_S = 60.0
"""A checkpoint is written when this long has passed since the last, if `checkpoint_every` steps have not."""


class Loop:
    """One run. `checkpoint` is the folder of the last checkpoint."""

    def __init__(
        self, settings: SftSettings, model: PreTrainedModel, loss: Loss, accelerator: Accelerator, checkpoint: Path
    ) -> None:
        self._settings, self._model, self._loss = settings, model, loss
        self._accelerator, self._checkpoint = accelerator, checkpoint
        self._parameters = {name: each for name, each in model.named_parameters() if each.requires_grad}
        self._optimizer = torch.optim.AdamW(
            self._parameters.values(), lr=settings.lr, weight_decay=settings.weight_decay
        )

    def run(self, train: Sequence[TokenExample], valid: Sequence[TokenExample], label: str) -> list[dict[str, Any]]:
        """Train to the end, from the last checkpoint if there is one. Raises OporaError if the loss is no number."""
        steps = count_steps(len(train), self._settings)
        state = load_checkpoint(self._checkpoint, self._parameters, self._optimizer) or State(0, [])
        log = state.log
        held_out = next((f", held out {row['valid_loss']:.3f}" for row in reversed(log) if "valid_loss" in row), "")
        saved = time.monotonic()
        with Progress(label, steps, state.step, self._stream()) as progress:
            for step, batch in enumerate(batches(len(train), self._settings), 1):
                if step <= state.step:
                    continue
                row = self._step(step, steps, [train[number] for number in batch])
                if valid and (step % self._settings.eval_every == 0 or step == steps):
                    row["valid_loss"] = self._evaluate(step, valid)
                    held_out = f", held out {row['valid_loss']:.3f}"
                log.append(row)
                due = step % self._settings.checkpoint_every == 0 or time.monotonic() - saved >= CHECKPOINT_EVERY_S
                if due and step < steps and self._accelerator.is_main_process:
                    save_checkpoint(self._checkpoint, State(step, log), self._parameters, self._optimizer)
                    saved = time.monotonic()
                progress.advance(note=f"loss {row['loss']:.3f}{held_out}")
        return log

    def _stream(self) -> TextIO | None:
        """Where progress is shown: one of several processes shows it for all."""
        return None if self._accelerator.is_main_process else io.StringIO()

    def _step(self, step: int, steps: int, batch: Sequence[TokenExample]) -> dict[str, Any]:
        """One optimizer step over the mean loss of all answer tokens of the batch."""
        rate = learning_rate(step, steps, self._settings)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._model.train()
        tokens = sum(len(example.answer) for example in batch)
        losses: dict[str, float] = {}
        for example in self._share(batch):
            torch.manual_seed(zlib.crc32(f"{self._settings.seed} {step} {example.id}".encode()))
            output = self._loss(self._model, [example])
            (output.loss / tokens).backward()
            losses[example.id] = losses.get(example.id, 0.0) + float(output.loss.detach())
        loss = self._sum(sum(losses.values())) / tokens
        suspects = [name for name, value in losses.items() if not math.isfinite(value)] or [each.id for each in batch]
        check_finite(loss, f"step {step}: the loss", suspects, rate)
        self._reduce_gradients()
        norm = float(torch.nn.utils.clip_grad_norm_(self._parameters.values(), self._settings.clip))
        check_finite(norm, f"step {step}: the norm of the gradient", suspects, rate)
        self._optimizer.step()
        self._optimizer.zero_grad()
        seen = sum(example.length for example in batch)
        return {"step": step, "loss": loss, "lr": rate, "grad_norm": norm, "tokens": seen}

    @torch.inference_mode()
    def _evaluate(self, step: int, valid: Sequence[TokenExample]) -> float:
        """Mean loss of the answer tokens that were held out."""
        self._model.eval()
        total = sum(float(self._loss(self._model, [example]).loss) for example in self._share(valid))
        loss = self._sum(total) / sum(len(example.answer) for example in valid)
        check_finite(loss, f"step {step}: the held-out loss", [], self._settings.lr)
        return loss

    def _share(self, examples: Sequence[TokenExample]) -> Sequence[TokenExample]:
        """The examples that this process has to do."""
        return examples[self._accelerator.process_index :: self._accelerator.num_processes]

    def _sum(self, value: float) -> float:
        tensor = torch.tensor(value, device=self._accelerator.device, dtype=torch.float64)
        return float(self._accelerator.reduce(tensor, "sum"))

    def _reduce_gradients(self) -> None:
        """Add up the gradients of all processes; a process without an example has none."""
        if self._accelerator.num_processes == 1:
            return
        for parameter in self._parameters.values():
            gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            parameter.grad = self._accelerator.reduce(gradient, "sum")


def check_finite(value: float, what: str, rows: Sequence[str], rate: float) -> None:
    """Raises OporaError that names the rows to look at: a step on such a value would spoil every weight."""
    if not math.isfinite(value):
        look = f"look at the rows {', '.join(rows)}, or " if rows else ""
        raise OporaError(f"{what} is {value}; {look}lower lr ({rate:.1e})")


def learning_rate(step: int, steps: int, settings: SftSettings) -> float:
    """The rate of a step, from 1: linear warm-up, then a cosine to zero."""
    warmup = round(settings.warmup * steps)
    if step <= warmup:
        return settings.lr * step / warmup
    done = (step - warmup - 1) / max(1, steps - warmup)
    return settings.lr * 0.5 * (1 + math.cos(math.pi * done))
