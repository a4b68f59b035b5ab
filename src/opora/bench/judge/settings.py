"""Settings of judges."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from opora.metrics.bootstrap import RESAMPLES
from opora.models.settings import ModelSettings
from opora.text.language_pack import SupportedLanguage
from opora.validation import NonNegativeInt, PositiveInt, Settings

Template = Literal["score", "grade"]
Cost = Annotated[float, Field(ge=0.0)]


class Price(Settings):
    """Price of a million tokens, in any currency. A local model costs 0."""

    prompt: Cost | None = None
    """Price of a million prompt tokens."""
    completion: Cost | None = None
    """Price of a million completion tokens."""

    @property
    def is_known(self) -> bool:
        return self.prompt is not None and self.completion is not None

    def cost(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Return the cost of these tokens; 0 where the price is unknown."""
        return ((self.prompt or 0.0) * prompt_tokens + (self.completion or 0.0) * completion_tokens) / 1_000_000


class JudgeSettings(Settings):
    """Model that judges, its prompt, and its budget."""

    renamed: ClassVar = {"asks": "max_attempts"}

    model: str
    """Model spec of the judge."""
    template: Template = "score"
    """Prompt of the judge. `score`: 1 to 5, then correct or not; `grade`: correct or not, then 0 to 4."""
    generation: ModelSettings = ModelSettings(max_new_tokens=400)
    """How the judge generates."""
    max_attempts: PositiveInt = 2
    """Maximum number of replies per prompt: a reply without a verdict is followed by a reminder. Failed requests are
    limited by `generation.retries` instead."""
    price: Price = Price()
    """Price of the judge's tokens."""
    budget: Cost | None = None
    """Spending limit for all judge calls of this entry, over all runs. A call that could exceed it is not sent."""
    tokenizer: str = ""
    """Model spec of a local model whose tokenizer counts tokens for `--dry-run`; empty: the tokenizer of a local judge,
    or an estimate for a server."""
    seed: NonNegativeInt = 0
    """Seed of the bootstrap."""
    resamples: PositiveInt = RESAMPLES
    """Bootstrap resamples."""


class JudgeBenchSettings(JudgeSettings):
    """A language model scores the answers of another benchmark."""

    renamed: ClassVar = {**JudgeSettings.renamed, "of": "benchmark"}

    method: Literal["judge"] = "judge"
    """Name of the method."""
    benchmark: str = ""
    """Name of the benchmark whose answers are judged, a folder in `bench/`."""
    baseline: str = ""
    """Row of the table that the other rows are compared with; empty: as in the judged benchmark."""


class JudgeAuditSettings(JudgeSettings):
    """A judge scores answers with known labels."""

    labels: Path | None = None
    """Labelled answers as JSON Lines; empty: the 120 that come with opora."""
    language: Literal[""] | SupportedLanguage = ""
    """Use only answers in this language; empty: all."""
