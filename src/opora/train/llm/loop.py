"""Training loop: learning rate schedule, evaluations, checkpoints, early stopping.

In: a trainer and examples. Out: the log, one row per step. If there is a validation or regression set, the log starts
with a row for step 0 that has no training loss.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from opora.console.progress import Progress
from opora.errors import OporaError
from opora.train.examples import TokenizedExample
from opora.train.llm.batching import count_steps, iterate_batches
from opora.train.llm.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from opora.train.llm.early_stopping import GENERAL_LOSS, find_regression
from opora.train.llm.trainer import AdapterTrainer, EvaluationSet
from opora.train.settings import TrainSettings

if TYPE_CHECKING:
    from accelerate import Accelerator

CHECKPOINT_EVERY_S = 60.0
"""Maximum seconds between checkpoints, if `checkpoint_every` steps take longer."""


class TrainingLoop:
    """`checkpoint`: folder of the last checkpoint; `save_adapter(name)` saves the current adapter under a name of
    `settings.checkpoints`."""

    def __init__(
        self,
        settings: TrainSettings,
        trainer: AdapterTrainer,
        accelerator: Accelerator,
        checkpoint: Path,
        save_adapter: Callable[[str], None],
    ) -> None:
        self._settings, self._trainer, self._accelerator = settings, trainer, accelerator
        self._checkpoint, self._save_adapter = checkpoint, save_adapter
        self._state = TrainingState(0, [], {})

    def run(self, train: Sequence[TokenizedExample], sets: Sequence[EvaluationSet], label: str) -> list[dict[str, Any]]:
        """Train to the end, or until the general loss has risen too much, and return the log. Resumes from the last
        checkpoint. Raises OporaError if the loss is not finite, or has risen too much by the first evaluation."""
        steps = count_steps(len(train), self._settings)
        saved = load_checkpoint(self._checkpoint, self._trainer.parameters, self._trainer.optimizer)
        self._state = saved or TrainingState(0, [], {})
        first, log, last_save = self._state.step + 1, self._state.log, time.monotonic()
        # one of several processes shows the progress of all
        stream = None if self._accelerator.is_main_process else io.StringIO()
        with Progress(label, steps, first - 1, stream) as progress:
            if sets and not log:
                self._log({"step": 0, **self._trainer.evaluate(0, sets), "num_tokens": 0})
            for step, batch in enumerate(iterate_batches(train, self._settings), 1):
                if step < first:
                    continue
                evaluated = bool(sets) and (step % self._settings.eval_every == 0 or step == steps)
                self._log(self._step(step, steps, batch, sets if evaluated else ()))
                if evaluated and self._must_stop():
                    break
                due = step % self._settings.checkpoint_every == 0 or time.monotonic() - last_save >= CHECKPOINT_EVERY_S
                if due and step < steps and self._accelerator.is_main_process:
                    state = self._state._replace(step=step)
                    save_checkpoint(self._checkpoint, state, self._trainer.parameters, self._trainer.optimizer)
                    last_save = time.monotonic()
                progress.advance(note=format_losses(log))
        return log

    def _step(
        self, step: int, steps: int, batch: Sequence[TokenizedExample], sets: Sequence[EvaluationSet]
    ) -> dict[str, Any]:
        """Train on one batch, evaluate if `sets` are given, and save the adapters that are due."""
        metrics = self._trainer.step(step, batch, learning_rate(step, steps, self._settings))
        tokens = self._state.log[-1]["num_tokens"] if self._state.log else 0
        tokens += sum(example.total_tokens for example in batch)
        row = {"step": step, **metrics, "num_tokens": tokens, **self._trainer.evaluate(step, sets)}
        for name in due_checkpoints(step, steps, self._settings) if self._accelerator.is_main_process else ():
            self._save_adapter(name)
        return row

    def _log(self, row: dict[str, Any]) -> None:
        """Append a row to the log and send it to the trackers."""
        self._state.log.append(row)
        self._accelerator.log({name: value for name, value in row.items() if name != "step"}, step=row["step"])

    def _must_stop(self) -> bool:
        """Return true, and restore the weights of the previous evaluation, if the general loss has risen too much;
        otherwise remember the current weights."""
        limit, parameters = self._settings.max_general_loss_increase, self._trainer.parameters
        if limit is None:
            return False
        regression = find_regression(self._state.log, limit)
        if regression is None:
            best = {name: tensor.detach().clone() for name, tensor in parameters.items()}
            self._state = self._state._replace(best=best)
            return False
        if regression.saved_step == 0:
            raise OporaError(
                f"step {regression.step}: the general loss has risen by {regression.loss_increase:.2f} nats per token,"
                f" more than max_general_loss_increase {limit:g}, by the first evaluation, so there is no adapter to"
                " keep; lower lr or eval_every, mix general chats into dataset, or raise max_general_loss_increase"
            )
        with torch.no_grad():
            for name, parameter in parameters.items():
                parameter.copy_(self._state.best[name])
        return True


def format_losses(log: Sequence[Mapping[str, Any]]) -> str:
    """Return the latest losses for the progress line: `loss 1.214, validation 1.302, general 2.870`."""
    labels = {"loss": "loss", "eval_loss": "validation", GENERAL_LOSS: "general"}
    latest = {key: row[key] for row in log for key in labels if key in row}
    return ", ".join(f"{label} {latest[key]:.3f}" for key, label in labels.items() if key in latest)


def due_checkpoints(step: int, steps: int, settings: TrainSettings) -> list[str]:
    """Return the names of `settings.checkpoints` to save after a step."""
    return [name for name, fraction in settings.checkpoints.items() if max(1, round(fraction * steps)) == step]


def learning_rate(step: int, steps: int, settings: TrainSettings) -> float:
    """Return the learning rate of a step, counted from 1: linear warm-up, then cosine decay to zero."""
    warmup = round(settings.warmup_ratio * steps)
    if step <= warmup:
        return settings.lr * step / warmup
    progress = (step - warmup - 1) / max(1, steps - warmup)
    return settings.lr * 0.5 * (1 + math.cos(math.pi * progress))
