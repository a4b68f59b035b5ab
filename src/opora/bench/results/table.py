"""Table of a benchmark: means with intervals by row, question type and domain, and paired differences.

table = make_table(rows, [Entry("smollm2", "smollm2"), Entry("raft", "smollm2+train/raft", baseline="smollm2")])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from opora.bench.results.metrics import COLUMNS, GROUPED, Column
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


class JudgeVerdict(Record):
    """Verdict of a judge on one answer, or on a pair of answers."""

    reason: str
    value: int
    """Template `score`: 1 to 5; `grade`: 0 to 4; `pair`: number of the better answer, 1 or 2."""
    correct: bool | None = None
    """None for template `pair`."""


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


class Entry(NamedTuple):
    """Plan of a row of the table: the scored rows of one model and condition."""

    name: str
    spec: str
    model: str
    condition: ConditionValues = {}
    baseline: str = ""
    """Name of the entry to compare with; empty for none."""


class TableRow(Record):
    """Means and differences of one entry."""

    name: str
    spec: str
    model: str
    condition: ConditionValues = {}
    baseline: str = ""
    questions: int
    metrics: dict[str, Interval]
    differences: dict[str, Difference]
    """Metric -> paired difference from the row `baseline`; empty if there is none."""
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
    draws = (seed, resamples)
    compared = _compare(entries, own, draws)
    table_rows = tuple(
        TableRow(
            **entry._asdict(),
            questions=len(own[entry.name]),
            metrics=_means(own[entry.name], [column.metric for column in COLUMNS], draws),
            differences=compared[entry.name],
            by_question_type=_grouped(own[entry.name], "question_type", draws),
            by_domain=_grouped(own[entry.name], "domain", draws),
        )
        for entry in entries
    )
    questions = list({row.id: row for row in rows}.values())
    clusters = len(set(_clusters(questions)))
    return Table(rows=table_rows, questions=len(questions), clusters=clusters, resamples=resamples)


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
    entries: Sequence[Entry], own: Mapping[str, Sequence[ScoredRow]], draws: tuple[int, int]
) -> dict[str, dict[str, Difference]]:
    """Return entry -> metric -> difference, with corrected p-values."""
    by_entry: dict[str, dict[str, Difference]] = {entry.name: {} for entry in entries}
    compared = [entry for entry in entries if entry.baseline]
    for entry in compared:
        missing = {row.id for row in own[entry.baseline]} ^ {row.id for row in own[entry.name]}
        if missing:
            raise ValueError(f"{entry.name} and {entry.baseline} have different questions: {sorted(missing)[:3]}")
    for column in COLUMNS:
        values = {name: _values(rows, column.metric) for name, rows in own.items()}
        differences = [
            paired_difference(values[entry.name], values[entry.baseline], *draws, _clusters(own[entry.name]))
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


def _means(rows: Sequence[ScoredRow], metrics: Sequence[str], draws: tuple[int, int]) -> dict[str, Interval]:
    clusters = _clusters(rows)
    return {metric: bootstrap(_values(rows, metric), *draws, clusters) for metric in metrics}


def _grouped(rows: Sequence[ScoredRow], group: Group, draws: tuple[int, int]) -> dict[str, dict[str, Interval]]:
    """Return group -> metric -> interval; question types in their order, domains by name."""
    groups: dict[str, list[ScoredRow]] = {}
    for row in rows:
        groups.setdefault(getattr(row, group), []).append(row)
    types = [name for name in QUESTION_TYPES if name in groups]
    return {name: _means(groups[name], GROUPED, draws) for name in [*types, *sorted(groups.keys() - set(types))]}
