"""Training of an adapter: optimizer steps, learning rate schedule, evaluations, checkpoints, early stopping.

The log has one row per step, with metrics under the names of TRL. If there is a validation or regression set, it starts
with a row for step 0 that has no training loss. Randomness is seeded by step and example, so a resumed run, or one of
several processes, computes what one uninterrupted process would.
"""

from __future__ import annotations

import io
import math
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from opora.console.progress import Progress
from opora.errors import OporaError
from opora.train.llm.batching import count_steps, group_by_prefix, iterate_batches
from opora.train.llm.checkpoint import load_checkpoint, save_checkpoint
from opora.train.llm.early_stopping import GENERAL_LOSS, find_regression
from opora.train.objectives.base import Objective, ObjectiveLoss
from opora.train.scorer import Scorer, TokenizedExample
from opora.train.settings import TrainSettings

if TYPE_CHECKING:
    from accelerate import Accelerator
    from transformers import PreTrainedModel

CHECKPOINT_EVERY_S = 60.0
"""Maximum seconds between checkpoints, if `checkpoint_every` steps take longer."""
METRICS = (
    "mean_token_accuracy", "entropy", "completions/mean_length", "kl",
    "rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies",
)  # fmt: skip
"""In a fixed order, because processes add them up by position."""

EvaluationSets = Mapping[str, tuple[Sequence[TokenizedExample], Objective]]
"""Prefix of the metrics of a set -> its examples, and the objective they are evaluated with."""


class AdapterTrainer:
    """Model, objective, scorer, optimizer and log of one run."""

    def __init__(
        self,
        settings: TrainSettings,
        model: PreTrainedModel,
        objective: Objective,
        scorer: Scorer,
        accelerator: Accelerator,
    ) -> None:
        self._settings, self._model, self._objective = settings, model, objective
        self._scorer, self._accelerator = scorer, accelerator
        self._parameters = {name: tensor for name, tensor in model.named_parameters() if tensor.requires_grad}
        weights, decay = self._parameters.values(), settings.weight_decay
        self._optimizer = torch.optim.AdamW(weights, lr=settings.lr, weight_decay=decay)
        self._log: list[dict[str, Any]] = []
        self._best: dict[str, torch.Tensor] = {}

    def run(
        self,
        train: Sequence[TokenizedExample],
        sets: EvaluationSets,
        label: str,
        checkpoint: Path,
        save_adapter: Callable[[str], None],
    ) -> list[dict[str, Any]]:
        """Train to the end, or until the general loss has risen too much, and return the log. Resumes from the folder
        `checkpoint`. `save_adapter(name)` saves the current adapter under a name of `settings.checkpoints`.

        Raises OporaError if the loss is not finite, or has risen too much by the first evaluation.
        """
        settings, is_main = self._settings, self._accelerator.is_main_process
        steps = count_steps(len(train), settings)
        self._log, self._best = load_checkpoint(checkpoint, self._parameters, self._optimizer)
        done, last_save = self._log[-1]["step"] if self._log else 0, time.monotonic()
        # one of several processes shows the progress of all
        with Progress(label, steps, done, None if is_main else io.StringIO()) as progress:
            if sets and not self._log:
                self._add({"step": 0, **self._evaluate(0, sets), "num_tokens": 0})
            for step, batch in enumerate(islice(iterate_batches(train, settings), done, None), done + 1):
                evaluated = bool(sets) and (step % settings.eval_every == 0 or step == steps)
                metrics = self._step(step, batch, learning_rate(step, steps, settings))
                tokens = self._log[-1]["num_tokens"] if self._log else 0
                tokens += sum(row.length for example in batch for row in example.rows)
                losses = self._evaluate(step, sets) if evaluated else {}
                for name in due_checkpoints(step, steps, settings) if is_main else ():
                    save_adapter(name)
                self._add({"step": step, **metrics, "num_tokens": tokens, **losses})
                if evaluated and self._must_stop():
                    break
                due = step % settings.checkpoint_every == 0 or time.monotonic() - last_save >= CHECKPOINT_EVERY_S
                if due and step < steps and is_main:
                    save_checkpoint(checkpoint, self._log, self._best, self._parameters, self._optimizer)
                    last_save = time.monotonic()
                progress.advance(note=_format_losses(self._log))
        return self._log

    def _add(self, row: dict[str, Any]) -> None:
        """Append a row to the log and send it to the trackers."""
        self._log.append(row)
        self._accelerator.log({name: value for name, value in row.items() if name != "step"}, step=row["step"])

    def _must_stop(self) -> bool:
        """Return true, and restore the weights of the previous evaluation, if the general loss has risen too much;
        otherwise remember the current weights."""
        limit = self._settings.max_general_loss_increase
        if limit is None:
            return False
        regression = find_regression(self._log, limit)
        if regression is None:
            self._best = {name: tensor.detach().clone() for name, tensor in self._parameters.items()}
            return False
        if regression.saved_step == 0:
            raise OporaError(
                f"step {regression.step}: the general loss has risen by {regression.loss_increase:.2f} nats per token,"
                f" more than max_general_loss_increase {limit:g}, by the first evaluation, so there is no adapter to"
                " keep; lower lr or eval_every, mix general chats into dataset, or raise max_general_loss_increase"
            )
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(self._best[name])
        return True

    def _step(self, step: int, batch: Sequence[TokenizedExample], rate: float) -> dict[str, Any]:
        """Take optimizer step number `step` on the weighted mean loss of the batch, and return its metrics. Raises
        OporaError if the loss or the gradient is not finite; the weights are then unchanged."""
        for parameters in self._optimizer.param_groups:
            parameters["lr"] = rate
        self._model.train()
        weight = sum(map(self._objective.weight, batch))
        outputs: list[ObjectiveLoss] = []
        suspects: list[str] = []
        for group in self._own_groups(batch):
            torch.manual_seed(zlib.crc32(f"{self._settings.seed} {step} {group[0].id}".encode()))
            output = self._objective.loss(self._scorer, group)
            (output.loss / weight).backward()
            outputs.append(output._replace(loss=output.loss.detach()))
            if not math.isfinite(float(outputs[-1].loss)):
                suspects += [example.id for example in group]
        metrics = self._mean(outputs, weight)
        suspects = suspects or [example.id for example in batch]
        _check_finite(metrics["loss"], f"step {step}: the loss", suspects, rate)
        if self._accelerator.num_processes > 1:
            for parameter in self._parameters.values():
                # a process without examples has no gradient
                gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
                parameter.grad = self._accelerator.reduce(gradient, "sum")
        norm = float(torch.nn.utils.clip_grad_norm_(self._parameters.values(), self._settings.max_grad_norm))
        _check_finite(norm, f"step {step}: the norm of the gradient", suspects, rate)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return {**metrics, "learning_rate": rate, "grad_norm": norm}

    @torch.inference_mode()
    def _evaluate(self, step: int, sets: EvaluationSets) -> dict[str, float]:
        self._model.eval()
        metrics: dict[str, float] = {}
        for prefix, (examples, objective) in sets.items():
            outputs = [objective.loss(self._scorer, group) for group in self._own_groups(examples)]
            row = self._mean(outputs, sum(map(objective.weight, examples)))
            _check_finite(row["loss"], f"step {step}: {prefix}loss", [], self._settings.lr)
            metrics |= {f"{prefix}{name}": value for name, value in row.items()}
        return metrics

    def _own_groups(self, examples: Sequence[TokenizedExample]) -> Sequence[Sequence[TokenizedExample]]:
        """Return the groups that this process computes."""
        groups = group_by_prefix(examples, self._settings.max_batch_tokens)
        return groups[self._accelerator.process_index :: self._accelerator.num_processes]

    def _mean(self, outputs: Sequence[ObjectiveLoss], weight: int) -> dict[str, float]:
        """Return the loss and all metrics, averaged over all processes."""
        zero = (0.0, 0)
        pairs = [[output.metrics.get(name, zero) for output in outputs] or [zero] for name in METRICS]
        sums = [float(sum(column)) for pair in pairs for column in zip(*pair, strict=True)]
        sums.insert(0, float(sum(float(output.loss) for output in outputs)))
        tensor = torch.tensor(sums, device=self._accelerator.device, dtype=torch.float64)
        total, *reduced = map(float, self._accelerator.reduce(tensor, "sum"))
        means = zip(METRICS, reduced[::2], reduced[1::2], strict=True)
        return {"loss": total / weight, **{name: value / count for name, value, count in means if count}}


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


def _format_losses(log: Sequence[Mapping[str, Any]]) -> str:
    """Return the latest losses for the progress line: `loss 1.214, validation 1.302, general 2.870`."""
    labels = {"loss": "loss", "eval_loss": "validation", GENERAL_LOSS: "general"}
    latest = {key: row[key] for row in log for key in labels if key in row}
    return ", ".join(f"{label} {latest[key]:.3f}" for key, label in labels.items() if key in latest)


def _check_finite(value: float, name: str, suspects: Sequence[str], rate: float) -> None:
    """Raise OporaError, with the rows to check, if a value is not finite: a step on it would destroy every weight."""
    if not math.isfinite(value):
        advice = f"check the rows {', '.join(suspects)}, or " if suspects else ""
        raise OporaError(f"{name} is {value}; {advice}lower lr ({rate:.1e})")
