"""Settings of the training of a reranker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from opora.validation import NonNegativeInt, PositiveInt, Settings


class RerankerSettings(Settings):
    """Training of a reranker, on questions of your own and on ones that are made from the corpus."""

    method: Literal["reranker"] = "reranker"
    base: str = "forest"
    """`forest`: LambdaRank over features of words, meaning, place and form, milliseconds a question on a CPU;
    `hf:NAME-OR-PATH[@REVISION]`: a cross-encoder, or a model to make one of."""
    questions: Path | None = None
    """JSON Lines of questions with gold passages or quotes; those of the split `test` are left out."""
    made: NonNegativeInt = 3000
    """Questions that are made from the corpus, at most. Those of sentences taught next to nothing that helps with what
    people ask, those of headings taught to find sections: a few hundred questions of your own are worth more."""
    labels: str = "gold"
    """`gold`: a passage that holds the answer is right; `reward:MODEL`: a passage is as right as the known answer is
    probable after it, for questions of your own."""
    depth: PositiveInt = 30
    """Passages of a question that are ranked."""
    trees: PositiveInt = 150
    """Of the forest."""
    leaves: Annotated[int, Field(ge=2)] = 7
    """Of each tree."""
    lr: Annotated[float | None, Field(gt=0)] = None
    """By default 0.05 for the forest, 2e-5 for a cross-encoder."""
    epochs: PositiveInt = 1
    """Of a cross-encoder."""
    batch_size: PositiveInt = 16
    """Pairs of one step of a cross-encoder."""
    seed: NonNegativeInt = 0

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.base != "forest" and not (self.base.startswith("hf:") and self.base != "hf:"):
            raise ValueError(f"base {self.base!r} is unknown; forest and hf:NAME-OR-PATH[@REVISION] can be trained")
        if self.labels != "gold" and not (self.labels.startswith("reward:") and self.labels != "reward:"):
            raise ValueError(f"labels {self.labels!r} is unknown; gold and reward:MODEL are known")
        if self.labels != "gold" and self.questions is None:
            raise ValueError("labels by reward need the answers of questions; name a file by questions")
        if self.questions is None and not self.made:
            raise ValueError("there is nothing to train on: questions names no file and made is 0")
        return self
