"""Settings of judges."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from opora.metrics.bootstrap import RESAMPLES
from opora.models.settings import ModelSettings
from opora.validation import NonNegativeInt, PositiveInt, Settings

Template = Literal["score", "grade"]
Cost = Annotated[float, Field(ge=0.0)]


class Price(Settings):
    """What a server asks for a million tokens, in any currency. A local model costs 0."""

    prompt: Cost | None = None
    completion: Cost | None = None

    @property
    def is_known(self) -> bool:
        return self.prompt is not None and self.completion is not None

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        """The cost of so many tokens; 0 where the price is not known."""
        return ((self.prompt or 0.0) * prompt_tokens + (self.completion or 0.0) * completion_tokens) / 1_000_000


class JudgeSettings(Settings):
    """Which model judges, how it is asked, and what that may cost."""

    model: str
    """Model spec of the judge."""
    template: Template = "score"
    """`score`: 1 to 5, and correct or not; `grade`: correct or not, then 0 to 4."""
    generation: ModelSettings = ModelSettings(max_new_tokens=400)
    asks: PositiveInt = 2
    """How often a judge is asked in all whose reply holds no verdict; failed requests have `generation.retries`."""
    price: Price = Price()
    """Per million tokens."""
    budget: Cost | None = None
    """What the verdicts of this entry may cost, over all its runs; no call is sent that could go beyond it."""
    tokenizer: str = ""
    """Local model spec by whose tokenizer `--dry-run` counts; empty: a local judge's own, an estimate for a server."""
    seed: NonNegativeInt = 0
    resamples: PositiveInt = RESAMPLES
    """Of the bootstrap."""


class JudgeBenchSettings(JudgeSettings):
    """A model judges the answers of another benchmark."""

    method: Literal["judge"] = "judge"
    of: str = ""
    """Name of the benchmark, a folder of `bench/`, whose answers are judged."""
    baseline: str = ""
    """The row that the others are compared with; empty: as in the benchmark."""


class JudgeCheckSettings(JudgeSettings):
    """A model judges answers whose labels are known."""

    labels: Path | None = None
    """JSON Lines of labelled answers; empty: the 120 that come with opora."""
    language: Literal["", "ru", "en"] = ""
    """Only answers in this language; empty: all."""
