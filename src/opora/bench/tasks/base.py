"""Contract of a benchmark task: settings and questions in, scored rows and the entries of a table out.

A task is one file with a subclass of `BenchTask`, and one row of `opora.recipe.registry`.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from opora.answer.settings import AskSettings
from opora.artifacts import Journal
from opora.bench.results.table import Entry, ScoredRow
from opora.errors import InputError, ModelError
from opora.metrics.bootstrap import RESAMPLES
from opora.models.registry import LoadModel
from opora.models.response_cache import CachedModel
from opora.models.settings import ModelSettings
from opora.records import Example, Split
from opora.retrieval.search.searcher import Index
from opora.validation import NonNegativeInt, PositiveInt, Settings

R = TypeVar("R", bound=ScoredRow)


@dataclass(frozen=True)
class TaskInputs:
    """Questions with their gold passages, the index to search, and access to models."""

    examples: Sequence[Example]
    index: Index
    completions: Journal
    """Cache of completions, shared by all benchmarks of a project."""
    load: LoadModel
    name: str
    """Name of the benchmark, shown with the progress."""

    def cached_model(self, row: str, spec: str, settings: ModelSettings) -> CachedModel:
        """Return the model of a row of the table; it is loaded only for prompts that are not in the cache."""
        return CachedModel(spec, settings, self.completions, f"bench {self.name} {row}", self.load)


class TaskResult(NamedTuple):
    """Scored rows, one per entry of the table and question, and those entries."""

    rows: Sequence[ScoredRow]
    entries: Sequence[Entry]
    counts: Mapping[str, int] = {}
    dropped: Mapping[str, int] = {}
    """Reason -> number of questions that were left out."""


class BenchTask(Settings):
    """One way of measuring models or retrievers on questions, with its settings."""

    method: str
    """Task of the benchmark, such as `rag` or `retrieval`."""
    questions: Path = Path("questions.jsonl")
    """Questions as JSON Lines, in the format of `Example` or of WebGLM-QA."""
    split: Split | Literal["all"] = "test"
    """Split to use; questions without a split are always used."""
    language: str = ""
    """Use only questions in this language (ISO 639-1); empty: all languages."""
    limit: PositiveInt | None = None
    """Maximum number of questions; a random sample is drawn if there are more."""
    baseline: str = ""
    """Row of the table that the other rows are compared with; empty: the first row."""
    seed: NonNegativeInt = 0
    """Seed of the sample, of random orders and distractors, and of the bootstrap."""
    resamples: PositiveInt = RESAMPLES
    """Bootstrap resamples. Questions about one document are resampled together."""

    @property
    def specs(self) -> Mapping[str, str]:
        """Name of a row -> spec of its model; empty if no model answers."""
        return {}

    @property
    def row_names(self) -> Sequence[str]:
        """Rows that can be the baseline; none if the task compares each model with itself."""
        return list(self.specs)

    @property
    def prompt_hashes(self) -> Mapping[str, str]:
        """Name -> SHA-256 of the prompts that only this task uses."""
        return {}

    @property
    def passages_per_prompt(self) -> Sequence[int]:
        """Approximate number of passages in the prompt of a question, one item per condition."""
        return ()

    def accepts(self, example: Example) -> bool:
        """Return True for a question that the task can use."""
        return True

    def measure(self, inputs: TaskInputs) -> TaskResult:
        """Answer and score all questions. Raises InputError, or ModelError that names the model."""
        raise NotImplementedError


class ModelTask(BenchTask):
    """A task whose questions are answered by models."""

    models: dict[str, str] = {"extractive": "extractive"}
    """Row of the table -> model spec."""
    ask: AskSettings = AskSettings()
    """How questions are answered; `ask.model` is ignored."""

    @property
    def specs(self) -> Mapping[str, str]:
        return self.models

    @property
    def passages_per_prompt(self) -> Sequence[int]:
        return [self.ask.top_k]

    def rows_of_models(self, measure: Callable[[str, str], Sequence[R]]) -> list[R]:
        """Return the rows of all models, where `measure(row, spec)` gives those of one model.

        Raises InputError or ModelError that names the model.
        """
        rows: list[R] = []
        for name, spec in self.models.items():
            try:
                rows += measure(name, spec)
            except (InputError, ModelError) as error:
                kind = ModelError if isinstance(error, ModelError) else InputError
                raise kind(f"bench row {name!r} ({spec}): {error}") from error
            gc.collect()  # the model may be part of a reference cycle, and the next one needs its memory
        return rows


def row_fields(example: Example) -> dict[str, Any]:
    """Return the fields of a scored row that come from its question."""
    fields = example.model_dump(include={"id", "question", "question_type", "domain", "language"})
    documents = (*example.documents, *(quote.document for quote in example.quotes))
    return {**fields, "cluster": next(iter(documents), "")}
