"""Input of every table and plot of a report: the results of one benchmark.

In: a table of scores, and the rows of `answers.jsonl`. Out: the table, its refusal counts and the texts of a language.

    refusals = RefusalMatrix()
    for row in rows:
        refusals.add(row)
    refusals.share("raft", "refuse", refused=True)        # 0.75
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

from opora.bench.results.i18n import Words
from opora.bench.results.labels import row_names
from opora.bench.results.metrics import Column
from opora.bench.results.table import Table, headline
from opora.records import Behavior

BEHAVIORS: tuple[Behavior, ...] = get_args(Behavior)


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
        return [behavior for behavior in BEHAVIORS if behavior in expected]

    def count(self, model: str, expected: str, refused: bool) -> int:
        """Return the number of questions that expect a behavior and that `model` answered or refused."""
        return self._counts[model, expected, refused]

    def share(self, model: str, expected: str, refused: bool) -> float | None:
        """Return `count` over all questions that expect this behavior; None without any."""
        questions = self.count(model, expected, True) + self.count(model, expected, False)
        return self.count(model, expected, refused) / questions if questions else None


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
