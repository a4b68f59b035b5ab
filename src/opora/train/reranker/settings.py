"""Settings of the training of a reranker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from opora.validation import NonNegativeInt, PositiveInt, Settings, warn_of_old_name


class RerankerTrainSettings(Settings):
    """Training of a reranker, on labelled questions and on synthetic queries made from the corpus."""

    renamed = {"made": "synthetic_queries", "labels": "relevance", "depth": "candidates"}
    renamed_values = {"base": {"forest": "lambdamart"}}

    method: Literal["reranker"] = "reranker"
    """Training of a reranker."""
    base: str = "lambdamart"
    """`lambdamart`: gradient-boosted trees over lexical, dense, proximity and question-type features, milliseconds per
    question on a CPU; `hf:NAME-OR-PATH[@REVISION]`: fine-tune a cross-encoder, or make one of an encoder."""
    questions: Path | None = None
    """JSON Lines of questions with gold passages or quotes; those of the test split are left out."""
    synthetic_queries: NonNegativeInt = 3000
    """Maximum number of synthetic queries, made of sentences and headings of the corpus. They help little with real
    questions: a few hundred labelled questions are worth more."""
    relevance: str = "gold"
    """`gold`: gold passages are relevant; `llm:MODEL`: the relevance of a passage is the probability that the model
    gives to the known answer after it, for labelled questions."""
    candidates: PositiveInt = 30
    """Number of candidates per query."""
    trees: PositiveInt = 150
    """Number of trees (`lambdamart` only)."""
    leaves: Annotated[int, Field(ge=2)] = 7
    """Number of leaves per tree (`lambdamart` only)."""
    lr: Annotated[float | None, Field(gt=0)] = None
    """Learning rate; by default 0.05 for `lambdamart`, 2e-5 for a cross-encoder."""
    epochs: PositiveInt = 1
    """Passes over the training pairs (cross-encoder only)."""
    batch_size: PositiveInt = 16
    """Pairs per optimizer step (cross-encoder only)."""
    seed: NonNegativeInt = 0
    """Seed of the synthetic queries, the document split and the training."""

    @property
    def labelling_model(self) -> str:
        """Spec of the language model that labels candidates; empty for gold labels."""
        return self.relevance.removeprefix("llm:") if self.relevance.startswith("llm:") else ""

    @field_validator("relevance", mode="before")
    @classmethod
    def _accept_old_prefix(cls, value: Any) -> Any:
        """Accept `reward:MODEL` of the last release."""
        if not isinstance(value, str) or not value.startswith("reward:"):
            return value
        current = f"llm:{value.removeprefix('reward:')}"
        warn_of_old_name(f"relevance: {value}", current)
        return current

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if self.base != "lambdamart" and not (self.base.startswith("hf:") and self.base != "hf:"):
            raise ValueError(f"base {self.base!r} is unknown; use lambdamart or hf:NAME-OR-PATH[@REVISION]")
        if self.relevance != "gold" and not self.labelling_model:
            raise ValueError(f"relevance {self.relevance!r} is unknown; use gold or llm:MODEL")
        if self.relevance != "gold" and self.questions is None:
            raise ValueError(f"relevance {self.relevance} needs questions with answers; set questions to a file")
        if self.questions is None and not self.synthetic_queries:
            raise ValueError("there is nothing to train on: questions is not set and synthetic_queries is 0")
        return self
