"""Settings of the training of an embedder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from opora.validation import Fraction, NonNegativeInt, PositiveInt, Settings


class EmbedderTrainSettings(Settings):
    """Training of an embedder on a corpus: a sentence is to find the passage that it was taken from."""

    method: Literal["embedder"] = "embedder"
    base: str = "sif"
    """What is adapted: `sif`, the means of word vectors; `hf:NAME-OR-PATH[@REVISION]`, a model of
    sentence-transformers."""
    loss: Literal["mnrl", "contrastive", "triplet"] = "mnrl"
    """`mnrl`: the right passage among those of the batch (Henderson et al. 2017, arXiv:1705.00652); `contrastive`:
    pairs near or far (Hadsell et al. 2006); `triplet`: nearer than a wrong one (Schroff et al. 2015,
    arXiv:1503.03832)."""
    questions: Path | None = None
    """JSON Lines of questions with quotes; those of the test split are left out."""
    pairs_per_passage: PositiveInt = 6
    """Sentences that are taken from a passage, and its heading beside."""
    hard_negatives: NonNegativeInt | None = None
    """Wrong passages of each pair that the base ranks high; by default 1 for `contrastive` and `triplet`, none for
    `mnrl`, which has those of its batch."""
    negative_share: Fraction = 0.95
    """Wrong passages that are nearer than this share of the right one's cosine may be right, and are not taken (Moreira
    et al. 2024, arXiv:2407.15831)."""
    margin: Annotated[float, Field(gt=0)] = 0.3
    """Of `contrastive` and `triplet`, in cosine distance."""
    epochs: Annotated[float, Field(gt=0)] = 3.0
    batch_size: PositiveInt | None = None
    """Pairs of a step; by default 256 for `sif`, 32 for `hf`."""
    lr: Annotated[float | None, Field(gt=0)] = None
    """The highest learning rate; by default 2e-3 for `sif`, 2e-5 for `hf`."""
    warmup: Fraction = 0.1
    mlm_epochs: Annotated[float, Field(ge=0)] = 0.0
    """Of `hf`: times that the corpus is read before, with 15 % of its tokens masked (Devlin et al. 2018,
    arXiv:1810.04805)."""
    components: NonNegativeInt = 8
    """Of `sif`: common directions that are removed from the vectors, at most one for ten passages."""
    vocabulary: PositiveInt = 60_000
    """Of `sif`: words of the corpus that get vectors, those of most passages."""
    checkpoint_every: PositiveInt = 200
    """Steps between two checkpoints, from which a killed run goes on."""
    max_tokens: PositiveInt = 512
    """Of `hf`: the rest of a longer text is not read, nor what is beyond the model's own limit."""
    device: str = "auto"
    seed: NonNegativeInt = 0

    @property
    def negatives(self) -> int:
        """Wrong passages of each pair."""
        if self.hard_negatives is not None:
            return self.hard_negatives
        return 0 if self.loss == "mnrl" else 1

    @property
    def step_size(self) -> int:
        """Pairs of a step."""
        return self.batch_size or (256 if self.base == "sif" else 32)

    @property
    def highest_lr(self) -> float:
        return self.lr or (2e-3 if self.base == "sif" else 2e-5)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.base != "sif" and not self.base.startswith("hf:"):
            raise ValueError(f"base {self.base!r} cannot be trained; sif and hf:NAME-OR-PATH[@REVISION] can")
        if self.mlm_epochs and self.base == "sif":
            raise ValueError("mlm_epochs is a setting of hf: bases; word vectors have no masked language model")
        if self.loss == "triplet" and self.hard_negatives == 0:
            raise ValueError("hard_negatives is 0, but the loss triplet needs a wrong passage")
        return self
