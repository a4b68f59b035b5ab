"""Settings of training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from opora.validation import Fraction, NonNegativeInt, PositiveInt, Settings


class LoraSettings(Settings):
    """Low-rank adaptation (Hu et al. 2021, arXiv:2106.09685)."""

    r: PositiveInt = 32
    alpha: PositiveInt = 64
    dropout: Fraction = 0.0
    targets: str | tuple[str, ...] = "all-linear"
    """Names of the layers that get an adapter; `all-linear`: every linear layer but the head."""
    activated: bool = False
    """The adapter works from the beginning of the answer on (Greenewald et al. 2025, arXiv:2504.12397): the model
    reads documents as it did before training, once, for itself and for all such adapters."""


class TrainSettings(Settings):
    """Training of a LoRA adapter, the loss on the answers only."""

    method: Literal["sft", "simpo", "dpo"] = "sft"
    """`sft`: examples; `simpo`, `dpo`: pairs of a chosen and a rejected answer."""
    model: str = "smollm2"
    """The model to adapt: `smollm2` or `hf:NAME-OR-PATH[@REVISION]`; an adapter that it names is trained further."""
    dataset: str | dict[str, Annotated[float, Field(gt=0, le=1)]] = "raft"
    """Name of the dataset, a folder below `dataset/`, made by opora or with a `train.jsonl` of your own; or a mix,
    names with the share of each that is taken: `{raft: 1.0, chats: 0.6}`."""
    negatives: Fraction | None = None
    """Share of refusals among the rows that say what they are (`behavior`). What there is too much of is left out,
    drawn by the seed, and listed."""
    min_quality: Annotated[float | None, Field(allow_inf_nan=False)] = None
    """Rows whose `quality` is lower are dropped and listed; rows that carry none stay and are counted."""
    keep: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()
    """Fractions of the training after which the adapter is kept beside the final one: that of 0.6 is
    `train/NAME/at-60`."""
    epochs: Annotated[float, Field(gt=0)] = 2.0
    max_steps: PositiveInt | None = None
    """Steps to stop after, whatever `epochs` says."""
    batch_size: PositiveInt = 8
    """Examples, or pairs, of one optimizer step, over all processes. What begins alike meets in one step."""
    lr: Annotated[float, Field(gt=0)] = 4e-4
    """The highest learning rate; it rises over `warmup` of the steps and falls along a cosine to zero."""
    warmup: Fraction = 0.1
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    clip: Annotated[float, Field(gt=0)] = 1.0
    """The norm that the gradient is clipped to."""
    max_tokens: PositiveInt = 4096
    """Examples longer than this, or than the model's context, are dropped and listed."""
    eval_every: PositiveInt = 20
    """Steps between two evaluations of what is held out and of `general`; there is one before the first step and one
    after the last, too."""
    general: Path | None = None
    """JSON Lines of chats, `{"messages": [..., answer]}`, that have nothing to do with the documents: what the model
    could do before and should still do after. Scored at every evaluation."""
    max_fall: Annotated[float | None, Field(gt=0)] = None
    """Nats that the mean log-probability of a token of the `general` answers may fall below what it was before
    training. Further, and training stops with the adapter of the evaluation before."""
    checkpoint_every: PositiveInt = 10
    """Steps between two checkpoints, from which a killed run goes on."""
    max_batch_tokens: PositiveInt = 2048
    """Tokens of one forward pass, each counted once however many rows share it: the memory that a step takes."""
    engine: Literal["auto", "shared", "plain"] = "auto"
    """`shared`: every token is computed once; `plain`: each row by itself, through the model's own forward pass;
    `auto`: shared where the first batch comes out as plain does, else plain, and it is said."""
    beta: Annotated[float | None, Field(gt=0)] = None
    """How strongly rewards count; by default 2.0 for simpo, 0.1 for dpo."""
    gamma: Annotated[float, Field(ge=0)] = 1.0
    """Of simpo: the margin that the reward of the chosen answer is to have."""
    gradient_checkpointing: bool = False
    """Less memory for a third more time."""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """Of the frozen weights and the arithmetic; `auto`: bf16 where the device has instructions for it. The adapter and
    its optimizer are kept in fp32."""
    device: str = "auto"
    trackers: Annotated[tuple[str, ...], Field(exclude=True)] = ()
    """Trackers of accelerate that get every row of the log: `tensorboard`, `wandb`, `mlflow`, ... No part of what the
    adapter is known by: another tracker does not make it stale."""
    seed: NonNegativeInt = 0
    lora: LoraSettings = LoraSettings()

    @property
    def mix(self) -> dict[str, float]:
        """Name -> share of each dataset."""
        return {self.dataset: 1.0} if isinstance(self.dataset, str) else self.dataset

    @property
    def kept(self) -> dict[str, float]:
        """Folder of each adapter that is kept on the way -> its fraction of the training."""
        return {f"at-{100 * each:g}": each for each in self.keep}

    @model_validator(mode="after")
    def _fits_its_method(self) -> Self:
        if not self.dataset:
            raise ValueError("dataset names none")
        if len(self.kept) < len(self.keep):
            raise ValueError("keep names a fraction twice")
        if self.max_fall is not None and self.general is None:
            raise ValueError("max_fall is measured on general, which is not set; name a file of chats by general")
        for name, methods in (("beta", ("simpo", "dpo")), ("gamma", ("simpo",))):
            if getattr(self, name) != type(self).model_fields[name].default and self.method not in methods:
                raise ValueError(f"{name} is a setting of {' and '.join(methods)}, but the method is {self.method}")
        return self
