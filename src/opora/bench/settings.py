"""Settings of benchmarks and reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from opora.answer.settings import AskSettings
from opora.bench.judge.settings import JudgeBenchSettings
from opora.metrics.bootstrap import RESAMPLES
from opora.records import Split
from opora.retrieval.settings import Retriever
from opora.validation import NonNegativeInt, PositiveInt, Settings

Order = Literal["default", "reverse", "random"]
DistractorKind = Literal["random", "hard"]


class BenchSettings(Settings):
    """Which questions a benchmark asks, and how its numbers are made."""

    questions: Path = Path("questions.jsonl")
    """JSON Lines of `Example`, or in the schema of WebGLM-QA."""
    split: Split | Literal["all"] = "test"
    """Which questions, where they carry a split."""
    language: str = ""
    """Only questions in this language (ISO 639-1); empty: all."""
    limit: PositiveInt | None = None
    """At most so many questions, drawn by the seed."""
    baseline: str = ""
    """The row that the others are compared with; empty: the first."""
    seed: NonNegativeInt = 0
    resamples: PositiveInt = RESAMPLES
    """Of the bootstrap over questions, those on one document together."""


class AnswerBenchSettings(BenchSettings):
    """Which models answer, and how."""

    models: dict[str, str] = {"extractive": "extractive"}
    """Name of a row of the table -> model spec."""
    ask: AskSettings = AskSettings()
    """How they are answered; its `model` is not used here."""


class RagBenchSettings(AnswerBenchSettings):
    """Retrieve, answer and score each question with each model."""

    method: Literal["rag"] = "rag"


class PositionBenchSettings(AnswerBenchSettings):
    """The same questions over more or fewer passages, in several orders, and with the gold one in every place."""

    method: Literal["position"]
    passages: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (5, 10, 20)
    """How many of the passages found are shown."""
    orders: Annotated[tuple[Order, ...], Field(min_length=1)] = ("default", "reverse", "random")
    """`default`: best first."""
    sweep: NonNegativeInt = 10
    """So many passages, the gold one in each place in turn, the others the best that answer nothing; 0: none. Only
    questions with one gold passage."""


class DistractorsBenchSettings(AnswerBenchSettings):
    """The gold passages among passages that do not hold the answer. Only questions with gold passages."""

    method: Literal["distractors"]
    kinds: tuple[DistractorKind, ...] = ("random", "hard")
    """`hard`: what the index finds for the question; `random`: from all passages of the language."""
    counts: tuple[NonNegativeInt, ...] = (0, 1, 2, 4, 8)
    """How many there are; none at all is what the others are compared with, and always measured."""


class RetrieverBenchSettings(BenchSettings):
    """Which passages each retriever finds for the questions that have gold ones."""

    method: Literal["retriever"]
    retrievers: tuple[Retriever, ...] = ("hybrid", "words", "meaning")
    """`words`: BM25 over terms; `meaning`: vectors; `hybrid`: both, as `opora ask` searches."""


class ClosedBenchSettings(AnswerBenchSettings):
    """Questions with options: a model has to choose exactly the right ones."""

    method: Literal["closed"]
    by: Literal["auto", "logprobs", "letters"] = "auto"
    """How a choice is read: from the log-probabilities of the letters, or from the letters that the model writes;
    `auto`: the first where the model tells them."""


AnyBenchSettings = Annotated[
    RagBenchSettings
    | PositionBenchSettings
    | DistractorsBenchSettings
    | RetrieverBenchSettings
    | ClosedBenchSettings
    | JudgeBenchSettings,
    Field(discriminator="method"),
]
"""Settings of one benchmark, told apart by their method."""
