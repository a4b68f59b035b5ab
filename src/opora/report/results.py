"""Input of every table and plot of a report: the results of one benchmark, and the texts of a language.

report_words("ru")("training.title")      # 'Обучение'
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

import yaml

from opora.bench.results.i18n import Words, flatten_texts, read_texts, row_names
from opora.bench.results.metrics import Column
from opora.bench.results.table import Table, headline
from opora.records import Behavior
from opora.report.settings import TEXTS
from opora.text.resources import language_text


class RefusalCell(NamedTuple):
    """Questions that a model answered or refused: their count, and their share of those that expect a behavior."""

    questions: int
    share: float | None
    mark: str
    """A check mark if the behavior is the expected one."""

    def in_words(self, words: Words) -> str:
        """Return `0.83 (10) ✓`."""
        return f"{words.number(self.share)} ({self.questions}){self.mark}"


class RefusalMatrix:
    """Counts of answers and refusals, by model and expected behavior.

    Rows with a condition are not counted: a benchmark of conditions asks each question many times.
    """

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, bool]] = Counter()

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one row of `answers.jsonl`."""
        if "answer" in row and not row.get("condition"):
            self._counts[row["model"], row["behavior"], bool(row["answer"]["refused"])] += 1

    @property
    def models(self) -> list[str]:
        """Names of the models, in the order in which they were added."""
        return list(dict.fromkeys(model for model, _, _ in self._counts))

    @property
    def behaviors(self) -> list[Behavior]:
        """Behaviors that at least one question expects."""
        expected = {behavior for _, behavior, _ in self._counts}
        return [behavior for behavior in get_args(Behavior) if behavior in expected]

    def cells(self, model: str, expected: str) -> list[RefusalCell]:
        """Return the answers and the refusals of a model where `expected` is the right behavior."""
        counts = {refused: self._counts[model, expected, refused] for refused in (False, True)}
        total = sum(counts.values())
        return [
            RefusalCell(count, count / total if total else None, " ✓" if (expected == "refuse") == refused else "")
            for refused, count in counts.items()
        ]


class BenchmarkResults(NamedTuple):
    """Results of one benchmark, with the texts of the report's language."""

    name: str
    table: Table
    refusals: RefusalMatrix
    words: Words

    @property
    def headline(self) -> Column:
        """The most telling metric that the table has."""
        return headline(self.table)

    @property
    def row_names(self) -> dict[str, str]:
        """Name of a row of the table -> its name in the report's language."""
        return row_names(self.table, self.words)


@functools.cache
def report_words(language: str) -> Words:
    """Return the texts of the page and of the benchmark's tables; a key that a language lacks has its English text."""
    return Words(language, read_report_texts("en") | read_report_texts(language))


def read_report_texts(language: str) -> dict[str, str]:
    """Return dotted key -> text of a language, without its English defaults."""
    return read_texts(language) | dict(flatten_texts(yaml.safe_load(language_text(language, TEXTS))))
