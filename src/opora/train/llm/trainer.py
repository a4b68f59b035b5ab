"""One optimizer step and one evaluation of a run.

In: a model with trainable parameters, an objective, a scorer, examples. Out: the metrics of a step, under the names of
TRL. Randomness is seeded by step and example, so a resumed run, or one of several processes, computes what one
uninterrupted process would.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from opora.errors import OporaError
from opora.train.engine.base import Scorer
from opora.train.examples import TokenizedExample
from opora.train.llm.batching import group_by_prefix
from opora.train.objectives.base import Objective, ObjectiveLoss
from opora.train.settings import TrainSettings

if TYPE_CHECKING:
    from accelerate import Accelerator
    from transformers import PreTrainedModel

METRICS = (
    "mean_token_accuracy", "entropy", "completions/mean_length", "kl",
    "rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies",
)  # fmt: skip
"""In a fixed order, because processes add them up by position."""


class EvaluationSet(NamedTuple):
    """Examples evaluated with an objective; `prefix` is put before the names of the metrics."""

    prefix: str
    examples: Sequence[TokenizedExample]
    objective: Objective


class AdapterTrainer:
    """Model, objective, scorer and optimizer of one run."""

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
        self.parameters = {name: tensor for name, tensor in model.named_parameters() if tensor.requires_grad}
        self.optimizer = torch.optim.AdamW(self.parameters.values(), lr=settings.lr, weight_decay=settings.weight_decay)

    def step(self, step: int, batch: Sequence[TokenizedExample], rate: float) -> dict[str, Any]:
        """Take optimizer step number `step` on the weighted mean loss of the batch, and return its metrics. Raises
        OporaError if the loss or the gradient is not finite; the weights are then unchanged."""
        for parameters in self.optimizer.param_groups:
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
        check_finite(metrics["loss"], f"step {step}: the loss", suspects, rate)
        self._reduce_gradients()
        norm = float(torch.nn.utils.clip_grad_norm_(self.parameters.values(), self._settings.max_grad_norm))
        check_finite(norm, f"step {step}: the norm of the gradient", suspects, rate)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return {**metrics, "learning_rate": rate, "grad_norm": norm}

    @torch.inference_mode()
    def evaluate(self, step: int, sets: Sequence[EvaluationSet]) -> dict[str, float]:
        """Return the metrics of each set, with its prefix."""
        self._model.eval()
        metrics: dict[str, float] = {}
        for prefix, examples, objective in sets:
            outputs = [objective.loss(self._scorer, group) for group in self._own_groups(examples)]
            row = self._mean(outputs, sum(map(objective.weight, examples)))
            check_finite(row["loss"], f"step {step}: {prefix}loss", [], self._settings.lr)
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
        total, *reduced = self._sum([float(sum(float(output.loss) for output in outputs)), *sums])
        means = zip(METRICS, reduced[::2], reduced[1::2], strict=True)
        return {"loss": total / weight, **{name: value / count for name, value, count in means if count}}

    def _sum(self, values: Sequence[float]) -> list[float]:
        """Return the sums over all processes."""
        tensor = torch.tensor(values, device=self._accelerator.device, dtype=torch.float64)
        return [float(value) for value in self._accelerator.reduce(tensor, "sum")]

    def _reduce_gradients(self) -> None:
        """Sum the gradients of all processes; a process without examples has none."""
        if self._accelerator.num_processes == 1:
            return
        for parameter in self.parameters.values():
            gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            parameter.grad = self._accelerator.reduce(gradient, "sum")


def check_finite(value: float, name: str, suspects: Sequence[str], rate: float) -> None:
    """Raise OporaError, with the rows to check, if a value is not finite: a step on it would destroy every weight."""
    if not math.isfinite(value):
        advice = f"check the rows {', '.join(suspects)}, or " if suspects else ""
        raise OporaError(f"{name} is {value}; {advice}lower lr ({rate:.1e})")
