"""Table of a benchmark: means with intervals by row, question type and domain, and paired differences.

In: scored rows, one per entry of the table and question. Out: a `Table`, which `markdown.py` and `latex.py` format.

    table = make_table(rows, [Entry("smollm2", "smollm2"), Entry("raft", "smollm2+train/raft", against="smollm2")])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Self

from opora.bench.results.metrics import COLUMNS, GROUPED, Column
from opora.bench.results.verdict import JudgeVerdict
from opora.metrics.bootstrap import RESAMPLES, Difference, Interval, bootstrap, holm, paired_difference
from opora.records import QUESTION_TYPES, Answer, Behavior, QuestionType
from opora.validation import Record

Verdict = Literal["better", "worse", ""]
Group = Literal["question_type", "domain"]
ConditionValues = dict[str, int | str]
"""Name -> value of each thing that a condition varies."""


class ScoredRow(Record):
    """Scores of one question under one entry of the table."""

    model: str
    condition: ConditionValues = {}
    id: str
    question: str
    question_type: QuestionType
    domain: str
    language: str
    cluster: str = ""
    """Document that the question is about; the bootstrap resamples its questions together."""
    scores: dict[str, float | None]
    """Metric -> value; None where the metric does not apply."""

    def without_seconds(self) -> Self:
        """Return the row without its timing, so that it is the same in every run."""
        scores = {metric: value for metric, value in self.scores.items() if metric != "seconds"}
        return self.model_copy(update={"scores": scores})


class AnswerRow(ScoredRow):
    """One question answered by one model."""

    reference: str
    behavior: Behavior
    gold: tuple[str, ...]
    """Ids of the passages that hold the evidence."""
    quotes: tuple[str, ...] = ()
    """Evidence, verbatim."""
    answer: Answer
    verdict: JudgeVerdict | None = None
    """Verdict of a judge, if there is one."""

    def without_seconds(self) -> Self:
        row = super().without_seconds()
        return row.model_copy(update={"answer": self.answer.model_copy(update={"seconds": 0.0})})


class Entry(NamedTuple):
    """Plan of a row of the table: the scored rows of one model and condition."""

    name: str
    spec: str
    model: str
    condition: ConditionValues = {}
    against: str = ""
    """Name of the entry that it is compared with; empty for none."""


class TableRow(Record):
    """Means and differences of one entry."""

    name: str
    spec: str
    model: str
    condition: ConditionValues = {}
    against: str = ""
    questions: int
    metrics: dict[str, Interval]
    differences: dict[str, Difference]
    """Metric -> paired difference from the row `against`; empty if there is none."""
    by_question_type: dict[str, dict[str, Interval]]
    by_domain: dict[str, dict[str, Interval]]


class Table(Record):
    """Results of a benchmark."""

    rows: tuple[TableRow, ...]
    questions: int
    clusters: int
    """Documents that the questions are about."""
    resamples: int
    notes: tuple[str, ...] = ()
    """Additional notes below the table, in English."""

    def row(self, name: str) -> TableRow:
        return next(row for row in self.rows if row.name == name)


def entries_of(models: Mapping[str, str], baseline: str) -> list[Entry]:
    """Return one entry per model, each compared with the baseline, or with the first model if it is empty."""
    first = baseline or next(iter(models))
    return [Entry(name, spec, name, {}, "" if name == first else first) for name, spec in models.items()]


def make_table(rows: Sequence[ScoredRow], entries: Sequence[Entry], seed: int = 0, resamples: int = RESAMPLES) -> Table:
    """Compute means and differences. The p-values of a metric are Holm-corrected over all compared entries.

    Raises ValueError if two compared entries have different questions.
    """
    own = {entry.name: _own(rows, entry) for entry in entries}
    compared = _compare(entries, own, seed, resamples)
    table_rows = tuple(
        TableRow(
            **entry._asdict(),
            questions=len(own[entry.name]),
            metrics=_means(own[entry.name], [column.metric for column in COLUMNS], seed, resamples),
            differences=compared[entry.name],
            by_question_type=_grouped(own[entry.name], "question_type", seed, resamples),
            by_domain=_grouped(own[entry.name], "domain", seed, resamples),
        )
        for entry in entries
    )
    questions = list({row.id: row for row in rows}.values())
    return Table(
        rows=table_rows, questions=len(questions), clusters=len(set(_clusters(questions))), resamples=resamples
    )


def verdict(column: Column, difference: Difference | None) -> Verdict:
    """Return the direction of a significant difference; empty if it is not significant."""
    if difference is None or not difference.is_significant or not column.better or difference.mean is None:
        return ""
    return "better" if (difference.mean > 0) == (column.better == "up") else "worse"


def shown_columns(table: Table) -> list[Column]:
    """Return the columns in which at least one row has a value."""
    return [column for column in COLUMNS if any(row.metrics[column.metric].count for row in table.rows)]


def headline(table: Table) -> Column:
    """Return the main metric, for plots and groups: the first one by group that has values."""
    return next((column for column in shown_columns(table) if column.metric in GROUPED), COLUMNS[0])


def group_labels(table: Table, group: Group) -> list[str]:
    """Return the question types or domains of a table; a row may lack some."""
    return list(dict.fromkeys(label for row in table.rows for label in _groups(row, group)))


def in_group(row: TableRow, group: Group, label: str, column: Column) -> Interval:
    """Return the score of a row on one question type or domain; without a mean if it has no such question."""
    return _groups(row, group).get(label, {}).get(column.metric) or Interval(mean=None, low=None, high=None, count=0)


def _groups(row: TableRow, group: Group) -> dict[str, dict[str, Interval]]:
    return row.by_question_type if group == "question_type" else row.by_domain


def _compare(
    entries: Sequence[Entry], own: Mapping[str, Sequence[ScoredRow]], seed: int, resamples: int
) -> dict[str, dict[str, Difference]]:
    """Return entry -> metric -> difference, with corrected p-values."""
    by_entry: dict[str, dict[str, Difference]] = {entry.name: {} for entry in entries}
    compared = [entry for entry in entries if entry.against]
    for entry in compared:
        missing = {row.id for row in own[entry.against]} ^ {row.id for row in own[entry.name]}
        if missing:
            raise ValueError(f"{entry.name} and {entry.against} have different questions: {sorted(missing)[:3]}")
    for column in COLUMNS:
        differences = [
            paired_difference(
                _values(own[entry.name], column.metric),
                _values(own[entry.against], column.metric),
                seed,
                resamples,
                _clusters(own[entry.name]),
            )
            for entry in compared
        ]
        for entry, difference in zip(compared, holm(differences), strict=True):
            by_entry[entry.name][column.metric] = difference
    return by_entry


def _own(rows: Sequence[ScoredRow], entry: Entry) -> list[ScoredRow]:
    mine = (row for row in rows if row.model == entry.model and row.condition == entry.condition)
    return sorted(mine, key=lambda row: row.id)


def _values(rows: Sequence[ScoredRow], metric: str) -> list[float | None]:
    return [row.scores.get(metric) for row in rows]


def _clusters(rows: Sequence[ScoredRow]) -> list[str]:
    """Return the cluster of each row; a question without a document is a cluster of its own."""
    return [row.cluster or f"question {row.id}" for row in rows]


def _means(rows: Sequence[ScoredRow], metrics: Sequence[str], seed: int, resamples: int) -> dict[str, Interval]:
    clusters = _clusters(rows)
    return {metric: bootstrap(_values(rows, metric), seed, resamples, clusters) for metric in metrics}


def _grouped(rows: Sequence[ScoredRow], attribute: str, seed: int, resamples: int) -> dict[str, dict[str, Interval]]:
    """Return group -> metric -> interval; question types in their order, domains by name."""
    groups: dict[str, list[ScoredRow]] = {}
    for row in rows:
        groups.setdefault(getattr(row, attribute), []).append(row)
    order = sorted(
        groups, key=lambda name: (QUESTION_TYPES.index(name) if name in QUESTION_TYPES else len(QUESTION_TYPES), name)
    )
    return {name: _means(groups[name], GROUPED, seed, resamples) for name in order}
