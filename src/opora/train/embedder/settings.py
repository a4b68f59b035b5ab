"""Settings of the training of an embedder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from opora.validation import Fraction, NonNegativeInt, PositiveInt, Settings


class EmbedderTrainSettings(Settings):
    """Fine-tuning of an embedder on the corpus: each sentence should find the passage it comes from (inverse cloze
    task)."""

    renamed = {"warmup": "warmup_ratio", "components": "sif_components"}

    method: Literal["embedder"] = "embedder"
    """Training of an embedder."""
    base: str = "sif"
    """Model to fine-tune: `sif`, weighted means of word vectors; `hf:NAME-OR-PATH[@REVISION]`, a model of
    sentence-transformers."""
    loss: Literal["mnrl", "contrastive", "triplet"] = "mnrl"
    """`mnrl`: in-batch negatives (Henderson et al. 2017, arXiv:1705.00652); `contrastive`: near or far pairs (Hadsell
    et al. 2006); `triplet`: nearer than a wrong passage (Schroff et al. 2015, arXiv:1503.03832)."""
    questions: Path | None = None
    """JSON Lines of questions with quotes to train on as well; those of the test split are left out."""
    pairs_per_passage: PositiveInt = 6
    """Maximum sentences per passage used as anchors; its headings are one more."""
    hard_negatives: NonNegativeInt | None = None
    """Wrong passages per pair that the base model ranks high; by default 1 for `contrastive` and `triplet`, 0 for
    `mnrl`, which has in-batch negatives."""
    negative_share: Fraction = 0.95
    """A hard negative has at most this share of the cosine of the right passage, to exclude false negatives (Moreira et
    al. 2024, arXiv:2407.15831)."""
    margin: Annotated[float, Field(gt=0)] = 0.3
    """Margin of `contrastive` and `triplet`, in cosine distance."""
    epochs: Annotated[float, Field(gt=0)] = 3.0
    """Passes over the pairs."""
    batch_size: PositiveInt | None = None
    """Pairs per optimizer step; by default 256 for `sif`, 32 for `hf`."""
    lr: Annotated[float | None, Field(gt=0)] = None
    """Peak learning rate; by default 2e-3 for `sif`, 2e-5 for `hf`."""
    warmup_ratio: Fraction = 0.1
    """Share of the steps used for linear warm-up of the learning rate."""
    mlm_epochs: Annotated[float, Field(ge=0)] = 0.0
    """Epochs of masked language modelling on the corpus before (`hf` only), with 15 % of the tokens masked (Devlin et
    al. 2018, arXiv:1810.04805)."""
    sif_components: NonNegativeInt = 8
    """Number of common directions that `sif` removes from the vectors; at most one per ten passages."""
    vocabulary: PositiveInt = 60_000
    """Maximum number of words of the corpus that get a vector (`sif` only), most frequent first."""
    checkpoint_every: PositiveInt = 200
    """Steps between the checkpoints from which an interrupted run resumes."""
    max_tokens: PositiveInt = 512
    """Maximum tokens of a text (`hf` only), also limited by the model; the rest is cut off."""
    device: str = "auto"
    """Device to train on: `cpu`, `cuda`, `mps`; `auto`: an accelerator if there is one."""
    seed: NonNegativeInt = 0
    """Seed of the document split, the pairs and their order."""

    @property
    def negatives_per_pair(self) -> int:
        return int(self.loss != "mnrl") if self.hard_negatives is None else self.hard_negatives

    @property
    def step_size(self) -> int:
        return self.batch_size or (256 if self.base == "sif" else 32)

    @property
    def peak_lr(self) -> float:
        return self.lr or (2e-3 if self.base == "sif" else 2e-5)

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if self.base != "sif" and not self.base.startswith("hf:"):
            raise ValueError(f"base {self.base!r} cannot be fine-tuned; use sif or hf:NAME-OR-PATH[@REVISION]")
        if self.mlm_epochs and self.base == "sif":
            raise ValueError("mlm_epochs needs an hf: base; word vectors have no masked language model")
        if self.loss == "triplet" and self.hard_negatives == 0:
            raise ValueError("the triplet loss needs a hard negative, but hard_negatives is 0")
        return self
