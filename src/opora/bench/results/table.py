"""The table: means with intervals, by row, kind and domain, and paired differences from what a row is compared with.

In: scored rows, one an entry of the table and question. Out: a `Table`, which `format.py` puts into words.

    table = make_table(rows, [Entry("smollm2", "smollm2"), Entry("raft", "smollm2+train/raft", against="smollm2")])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Self

from opora.bench.judge.parse import JudgeVerdict
from opora.bench.results.metrics import COLUMNS, GROUPED, Column
from opora.metrics.bootstrap import RESAMPLES, Difference, Interval, bootstrap, holm, paired_difference
from opora.records import KINDS, Answer, Behavior, QuestionKind
from opora.validation import Record

Verdict = Literal["better", "worse", ""]
Group = Literal["kind", "domain"]
Values = dict[str, int | str]


class ScoredRow(Record):
    """One question under one entry of the table. `scores`: metric -> value, None where it does not apply; `cluster`:
    the document that the question is about, whose questions are drawn together."""

    model: str
    condition: Values = {}
    id: str
    question: str
    kind: QuestionKind
    domain: str
    language: str
    cluster: str = ""
    scores: dict[str, float | None]

    def without_seconds(self) -> Self:
        """The same row, in every run the same."""
        return self.model_copy(update={"scores": {k: v for k, v in self.scores.items() if k != "seconds"}})


class AnswerRow(ScoredRow):
    """One question answered by one model. `gold`: ids of the passages that hold the evidence; `quotes`: its words."""

    reference: str
    behavior: Behavior
    gold: tuple[str, ...]
    quotes: tuple[str, ...] = ()
    answer: Answer
    verdict: JudgeVerdict | None = None
    """Of a judge, where one gave it."""

    def without_seconds(self) -> Self:
        row = super().without_seconds()
        return row.model_copy(update={"answer": self.answer.model_copy(update={"seconds": 0.0})})


class Entry(NamedTuple):
    """A row of the table to be. `model` and `condition` tell which scored rows are its own; `against` names the entry
    that it is compared with."""

    name: str
    spec: str
    model: str
    condition: Values = {}
    against: str = ""


class TableRow(Record):
    """One entry. `differences`: metric -> paired difference from the row `against`; none where there is no such."""

    name: str
    spec: str
    model: str
    condition: Values = {}
    against: str = ""
    questions: int
    metrics: dict[str, Interval]
    differences: dict[str, Difference]
    by_kind: dict[str, dict[str, Interval]]
    by_domain: dict[str, dict[str, Interval]]


class Table(Record):
    rows: tuple[TableRow, ...]
    questions: int
    clusters: int
    resamples: int
    notes: tuple[str, ...] = ()
    """What stands below the table besides what its numbers mean."""

    def row(self, name: str) -> TableRow:
        return next(row for row in self.rows if row.name == name)


def entries_of(models: Mapping[str, str], baseline: str) -> list[Entry]:
    """An entry a model, each compared with the baseline; an empty baseline means the first."""
    first = baseline or next(iter(models))
    return [Entry(name, spec, name, {}, "" if name == first else first) for name, spec in models.items()]


def make_table(rows: Sequence[ScoredRow], entries: Sequence[Entry], seed: int = 0, resamples: int = RESAMPLES) -> Table:
    """Holm's correction is over all compared entries, metric by metric. Raises ValueError if an entry lacks questions
    that the one it is compared with has."""
    own = {entry.name: _own(rows, entry) for entry in entries}
    compared = _compare(entries, own, seed, resamples)
    made = tuple(
        TableRow(
            **entry._asdict(),
            questions=len(own[entry.name]),
            metrics=_means(own[entry.name], [column.metric for column in COLUMNS], seed, resamples),
            differences=compared[entry.name],
            by_kind=_grouped(own[entry.name], "kind", seed, resamples),
            by_domain=_grouped(own[entry.name], "domain", seed, resamples),
        )
        for entry in entries
    )
    asked = {row.id: row for row in rows}.values()
    return Table(rows=made, questions=len(asked), clusters=len(set(_clusters(list(asked)))), resamples=resamples)


def verdict(column: Column, difference: Difference | None) -> Verdict:
    """Whether a difference goes beyond noise, and which way."""
    if difference is None or not difference.beyond_noise or not column.better or difference.mean is None:
        return ""
    return "better" if (difference.mean > 0) == (column.better == "up") else "worse"


def shown_columns(table: Table) -> list[Column]:
    """The columns that at least one row has a value for."""
    return [column for column in COLUMNS if any(row.metrics[column.metric].count for row in table.rows)]


def headline(table: Table) -> Column:
    """The column that tells most, for plots and groups: the first that has values."""
    return next((column for column in shown_columns(table) if column.metric in GROUPED), COLUMNS[0])


def group_labels(table: Table, group: Group) -> list[str]:
    """The kinds or domains of a table's questions; not every row need have all."""
    return list(dict.fromkeys(label for row in table.rows for label in _groups(row, group)))


def in_group(row: TableRow, group: Group, label: str, column: Column) -> Interval:
    """A row's score of one kind or domain; without a mean where the row has no question of it."""
    return _groups(row, group).get(label, {}).get(column.metric) or Interval(mean=None, low=None, high=None, count=0)


def _groups(row: TableRow, group: Group) -> dict[str, dict[str, Interval]]:
    return row.by_kind if group == "kind" else row.by_domain


def _compare(
    entries: Sequence[Entry], own: Mapping[str, Sequence[ScoredRow]], seed: int, resamples: int
) -> dict[str, dict[str, Difference]]:
    """Entry -> metric -> difference, corrected."""
    found: dict[str, dict[str, Difference]] = {entry.name: {} for entry in entries}
    compared = [entry for entry in entries if entry.against]
    for entry in compared:
        missing = {row.id for row in own[entry.against]} ^ {row.id for row in own[entry.name]}
        if missing:
            raise ValueError(f"{entry.name} and {entry.against} answered other questions: {sorted(missing)[:3]}")
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
            found[entry.name][column.metric] = difference
    return found


def _own(rows: Sequence[ScoredRow], entry: Entry) -> list[ScoredRow]:
    mine = (row for row in rows if row.model == entry.model and row.condition == entry.condition)
    return sorted(mine, key=lambda row: row.id)


def _values(rows: Sequence[ScoredRow], metric: str) -> list[float | None]:
    return [row.scores.get(metric) for row in rows]


def _clusters(rows: Sequence[ScoredRow]) -> list[str]:
    """A question about no known document stands alone."""
    return [row.cluster or f"question {row.id}" for row in rows]


def _means(rows: Sequence[ScoredRow], metrics: Sequence[str], seed: int, resamples: int) -> dict[str, Interval]:
    clusters = _clusters(rows)
    return {metric: bootstrap(_values(rows, metric), seed, resamples, clusters) for metric in metrics}


def _grouped(rows: Sequence[ScoredRow], attribute: str, seed: int, resamples: int) -> dict[str, dict[str, Interval]]:
    """Group -> metric -> interval, the kinds in their order, domains by name."""
    groups: dict[str, list[ScoredRow]] = {}
    for row in rows:
        groups.setdefault(getattr(row, attribute), []).append(row)
    order = sorted(groups, key=lambda name: (KINDS.index(name) if name in KINDS else len(KINDS), name))
    return {name: _means(groups[name], GROUPED, seed, resamples) for name in order}
