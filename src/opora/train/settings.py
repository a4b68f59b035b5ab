"""Settings that every training of a LoRA adapter has; each objective adds its own (`opora.train.objectives`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from opora.artifacts import fingerprint_of_file
from opora.artifacts.stage import Project
from opora.errors import InputError
from opora.validation import Fraction, NonNegativeInt, PositiveInt, Settings


class LoraSettings(Settings):
    """Low-rank adaptation (Hu et al. 2021, arXiv:2106.09685)."""

    r: PositiveInt = 32
    """Rank of the low-rank matrices."""
    alpha: PositiveInt = 64
    """Scale of the adapter: its output is multiplied by alpha / r."""
    dropout: Fraction = 0.0
    """Dropout on the input of the adapter."""
    targets: str | tuple[str, ...] = "all-linear"
    """Names of the layers that get an adapter; `all-linear`: every linear layer except the output head."""
    activated: bool = False
    """Train an activated LoRA (Greenewald et al. 2025, arXiv:2504.12397), which changes the model only from the start
    of the answer on. Prompts are processed by the base model, so all such adapters can share one KV cache of a
    prompt."""


class TrainSettings(Settings):
    """Training of a LoRA adapter of a language model. The loss is computed on answers only."""

    renamed: ClassVar = {
        "negatives": "refusal_share", "general": "regression_set", "max_fall": "max_general_loss_increase",
        "keep": "save_at", "engine": "prefix_sharing", "clip": "max_grad_norm", "warmup": "warmup_ratio",
    }  # fmt: skip
    renamed_values: ClassVar = {"prefix_sharing": {"shared": "on", "plain": "off"}}

    method: str
    """Objective of the training, such as `sft` (examples) or `simpo` (pairs of a chosen and a rejected answer)."""
    model: str = "smollm2"
    """Model to adapt: `smollm2` or `hf:NAME-OR-PATH[@REVISION]`. An adapter in the spec is trained further."""
    dataset: str | dict[str, Annotated[float, Field(gt=0, le=1)]] = "raft"
    """Name of a dataset, a folder in `dataset/` made by opora or with a `train.jsonl` of your own; or a mixture: names
    with the share of each dataset to use, `{raft: 1.0, chats: 0.6}`."""
    refusal_share: Fraction | None = None
    """Share of refusals among the examples that have a `behavior`. Surplus examples are dropped at random and listed in
    `dropped.jsonl`."""
    min_quality: Annotated[float | None, Field(allow_inf_nan=False)] = None
    """Minimum `quality` of an example. Examples without a quality are kept and counted."""
    save_at: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()
    """Fractions of the training at which a checkpoint is saved next to the final adapter: 0.6 saves
    `train/NAME/checkpoint-60`."""
    epochs: Annotated[float, Field(gt=0)] = 2.0
    """Passes over the training examples."""
    max_steps: PositiveInt | None = None
    """Maximum number of optimizer steps, regardless of `epochs`."""
    batch_size: PositiveInt = 8
    """Examples (or preference pairs) per optimizer step, over all processes. Examples that share a prompt prefix are
    batched together."""
    lr: Annotated[float, Field(gt=0)] = 4e-4
    """Peak learning rate, after linear warm-up; a cosine schedule then decays it to zero."""
    warmup_ratio: Fraction = 0.1
    """Share of the steps used for linear warm-up of the learning rate."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Weight decay of AdamW."""
    max_grad_norm: Annotated[float, Field(gt=0)] = 1.0
    """Maximum norm of the gradient; larger gradients are clipped."""
    max_tokens: PositiveInt = 4096
    """Maximum tokens of an example, also limited by the context of the model. Longer examples are dropped and
    listed."""
    eval_every: PositiveInt = 20
    """Steps between evaluations on the validation set and `regression_set`. There is always one before the first step
    and one after the last."""
    regression_set: Path | None = None
    """JSON Lines of general chats, `{"messages": [..., answer]}`, unrelated to the documents. Their loss is logged at
    every evaluation, to detect forgetting."""
    max_general_loss_increase: Annotated[float | None, Field(gt=0)] = None
    """Maximum increase of the loss on `regression_set` over training, in nats per token. Training stops beyond it and
    keeps the adapter of the previous evaluation."""
    checkpoint_every: PositiveInt = 10
    """Steps between the checkpoints from which an interrupted run resumes."""
    max_batch_tokens: PositiveInt = 2048
    """Maximum tokens per forward pass, each shared token counted once; bounds the memory use."""
    prefix_sharing: Literal["auto", "on", "off"] = "auto"
    """`on`: compute shared prompt prefixes once; `off`: run each sequence separately through the model's own forward
    pass; `auto`: on if the results agree on a first batch, else off with a message."""
    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass: less memory, about a third more time."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """Precision of the frozen weights and of the computation; `auto`: bf16 where the device supports it natively. The
    adapter and optimizer state are always fp32."""
    device: str = "auto"
    """Device to train on, such as `cpu` or `cuda:0`; `auto`: the device of the process."""
    trackers: Annotated[tuple[str, ...], Field(exclude=True)] = ()
    """Experiment trackers of accelerate that receive every row of the log: `tensorboard`, `wandb`, `mlflow`, ... They
    do not affect whether the adapter is up to date."""
    seed: NonNegativeInt = 0
    """Seed of the initial adapter, the order of the examples, and dropout."""
    lora: LoraSettings = LoraSettings()
    """Shape of the adapter."""

    @property
    def mixture(self) -> dict[str, float]:
        """Name -> share of each dataset."""
        return {self.dataset: 1.0} if isinstance(self.dataset, str) else self.dataset

    @property
    def checkpoints(self) -> dict[str, float]:
        """Folder of each saved checkpoint -> its fraction of the training."""
        return {f"checkpoint-{100 * fraction:g}": fraction for fraction in self.save_at}

    @model_validator(mode="before")
    @classmethod
    def _reject_settings_of_other_objectives(cls, data: Any) -> Any:
        """Raise ValueError for a setting that only other objectives have, and name these."""
        for key in data if isinstance(data, dict) else ():
            owners = [model for model in TrainSettings.__subclasses__() if key in model.model_fields]
            if owners and key not in cls.model_fields:
                methods = " and ".join(sorted(model.model_fields["method"].default for model in owners))
                method = cls.model_fields["method"].default
                raise ValueError(f"{key} is a setting of {methods}, but the method is {method}")
        return data

    @field_validator("prefix_sharing", mode="before")
    @classmethod
    def _accept_yaml_booleans(cls, value: Any) -> Any:
        """YAML reads the words `on` and `off` as booleans."""
        return {True: "on", False: "off"}[value] if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if not self.dataset:
            raise ValueError("dataset is empty")
        if len(self.checkpoints) < len(self.save_at):
            raise ValueError("save_at holds a fraction twice")
        if self.max_general_loss_increase is not None and self.regression_set is None:
            raise ValueError("max_general_loss_increase needs regression_set, a file of general chats")
        return self


def fingerprint_of_setting(key: str, path: Path) -> str:
    """Return the fingerprint of the file in setting `key` of a training. Raises InputError if it does not exist."""
    if not path.is_file():
        raise InputError(f"train: {key} is {path}: no such file")
    return fingerprint_of_file(path)


def check_saved_checkpoints(project: Project, key: str, specs: Iterable[str]) -> None:
    """Raise InputError, with the key of the recipe, for a spec of a checkpoint that its training does not save."""
    for spec in specs:
        match = re.search(r"\+train/([^/]+)/((?:checkpoint|at)-[^/]+)$", spec)
        settings = project.entries("train").get(match[1]) if match else None
        if not match or not isinstance(settings, TrainSettings) or match[2] in settings.checkpoints:
            continue
        name, checkpoint = match.groups()
        if checkpoint.startswith("at-"):
            current = f"checkpoint-{checkpoint.removeprefix('at-')}"
            raise InputError(f"{key}: train/{name}/{checkpoint} is now train/{name}/{current}")
        saved = " and ".join(settings.checkpoints) or "no checkpoints"
        raise InputError(f"{key}: train/{name} saves {saved}, not {checkpoint}; add it to train.{name}.save_at")
