"""Settings of benchmarks and reports."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from opora.answer.settings import AskSettings
from opora.records import NonNegativeInt, PositiveInt, Settings, Split


class RagBenchSettings(Settings):
    """Retrieve, answer and score each question with each model."""

    method: Literal["rag"] = "rag"
    questions: Path = Path("questions.jsonl")
    """JSON Lines of `Example`, or in the schema of WebGLM-QA."""
    models: dict[str, str] = {"extractive": "extractive"}
    """Name of a row of the table -> model spec."""
    baseline: str = ""
    """The row that the others are compared with; empty: the first."""
    split: Split | Literal["all"] = "test"
    """Which questions, where they carry a split."""
    language: str = ""
    """Only questions in this language (ISO 639-1); empty: all."""
    limit: PositiveInt | None = None
    """At most so many questions, drawn by the seed."""
    ask: AskSettings = AskSettings()
    """How they are answered; its `model` is not used here."""
    seed: NonNegativeInt = 0
    resamples: PositiveInt = 2000
    """Of the bootstrap over questions."""


class ReportSettings(Settings):
    """The page that shows benchmarks."""

    title: str = "opora"
    answers: PositiveInt = 20
    """Questions whose answers are shown side by side."""
    seed: NonNegativeInt = 0
