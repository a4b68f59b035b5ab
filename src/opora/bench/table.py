"""The table: means with intervals, by model, kind and domain, and paired differences from the baseline.

In: rows, one a model and question. Out: a `Table`; as Markdown for a terminal or a README.

    print(format_table(make_table(rows, ["smollm2", "raft"], "smollm2", seed=0, resamples=2000)))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from opora.metrics.interval import Interval, bootstrap, paired_difference
from opora.records import Answer, Behavior, QuestionKind, Record


class AnswerRow(Record):
    """One question answered by one model. `scores`: metric -> value, None where it does not apply."""

    model: str
    id: str
    question: str
    reference: str
    behavior: Behavior
    kind: QuestionKind
    domain: str
    language: str
    answer: Answer
    scores: dict[str, float | None]


class TableRow(Record):
    """One model. `differences`: metric -> paired difference from the baseline; none for the baseline itself."""

    name: str
    spec: str
    metrics: dict[str, Interval]
    differences: dict[str, Interval]
    by_kind: dict[str, dict[str, Interval]]
    by_domain: dict[str, dict[str, Interval]]


class Table(Record):
    rows: tuple[TableRow, ...]
    baseline: str
    questions: int
    resamples: int


class Column(NamedTuple):
    metric: str
    label: str
    digits: int
    better: str
    """`up`, `down`, or nothing where neither is better."""


COLUMNS = (
    Column("key_facts", "key facts", 2, "up"),
    Column("rouge_l_precision", "ROUGE-L P", 2, "up"),
    Column("rouge_l_recall", "ROUGE-L R", 2, "up"),
    Column("rouge_l_f1", "ROUGE-L F1", 2, "up"),
    Column("token_f1", "token F1", 2, "up"),
    Column("refusal", "refusals", 2, ""),
    Column("irrelevant_refusal", "irrelevant refusals", 2, "down"),
    Column("missed_refusal", "missed refusals", 2, "down"),
    Column("citation_precision", "citation precision", 2, "up"),
    Column("citation_recall", "citation recall", 2, "up"),
    Column("retrieval_recall", "evidence retrieved", 2, "up"),
    Column("seconds", "seconds", 2, "down"),
    Column("answer_tokens", "tokens", 0, ""),
)
GROUPED = ("key_facts", "rouge_l_f1", "refusal", "citation_recall")
"""Metrics that are also given by kind and by domain."""


def make_table(rows: Sequence[AnswerRow], specs: Mapping[str, str], baseline: str, seed: int, resamples: int) -> Table:
    """`rows`: every model answers the same questions. Raises ValueError if one does not."""
    ids = sorted({row.id for row in rows})
    by_model = {name: {row.id: row for row in rows if row.model == name} for name in specs}
    for name, answered in by_model.items():
        if sorted(answered) != ids:
            raise ValueError(f"{name} answered {len(answered)} of {len(ids)} questions")
    base = [by_model[baseline][each] for each in ids]
    made = []
    for name, spec in specs.items():
        own = [by_model[name][each] for each in ids]
        metrics = {column.metric: _interval(own, column.metric, seed, resamples) for column in COLUMNS}
        differences = {} if name == baseline else {
            column.metric: paired_difference(
                [row.scores.get(column.metric) for row in own], [row.scores.get(column.metric) for row in base],
                seed, resamples,
            )
            for column in COLUMNS
        }  # fmt: skip
        made.append(
            TableRow(
                name=name,
                spec=spec,
                metrics=metrics,
                differences=differences,
                by_kind=_grouped(own, [row.kind for row in own], seed, resamples),
                by_domain=_grouped(own, [row.domain for row in own], seed, resamples),
            )
        )
    return Table(rows=tuple(made), baseline=baseline, questions=len(ids), resamples=resamples)


def format_table(table: Table) -> str:
    """Markdown: a row a model, a metric with its 95 % interval a cell; below it key facts by kind and by domain."""
    parts = [_main_table(table)]
    for title, attribute in (("kind", "by_kind"), ("domain", "by_domain")):
        groups = list(getattr(table.rows[0], attribute))
        if len(groups) > 1:
            parts.append(_group_table(table, title, attribute, groups))
    return "\n\n".join(parts) + "\n"


def format_interval(interval: Interval, digits: int, signed: bool = False) -> str:
    """`0.42 [0.31, 0.54]`, or a dash where there is no value."""
    if interval.mean is None:
        return "–"
    sign = "+" if signed else ""
    mean = f"{interval.mean:{sign}.{digits}f}"
    if interval.low is None or interval.high is None:
        return mean
    return f"{mean} [{interval.low:{sign}.{digits}f}, {interval.high:{sign}.{digits}f}]"


def _main_table(table: Table) -> str:
    columns = [column for column in COLUMNS if any(row.metrics[column.metric].mean is not None for row in table.rows)]
    compared = len(table.rows) > 1
    head = ["model", *(column.label for column in columns)]
    if compared:
        head.insert(2, "Δ key facts")
    lines = []
    for row in table.rows:
        cells = [row.name, *(format_interval(row.metrics[column.metric], column.digits) for column in columns)]
        if compared:
            difference = row.differences.get("key_facts")
            shown = format_interval(difference, 2, signed=True) if difference else "baseline"
            cells.insert(2, f"**{shown}**" if difference and difference.excludes_zero else shown)
        lines.append(cells)
    return _markdown([head, *lines])


def _group_table(table: Table, title: str, attribute: str, groups: Sequence[str]) -> str:
    count = {group: getattr(table.rows[0], attribute)[group]["refusal"].count for group in groups}
    head = [f"key facts by {title}", "questions", *(row.name for row in table.rows)]
    lines = [
        [
            group,
            str(count[group]),
            *(format_interval(getattr(row, attribute)[group]["key_facts"], 2) for row in table.rows),
        ]
        for group in groups
    ]
    return _markdown([head, *lines])


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def _interval(rows: Sequence[AnswerRow], metric: str, seed: int, resamples: int) -> Interval:
    return bootstrap([row.scores.get(metric) for row in rows], seed, resamples)


def _grouped(
    rows: Sequence[AnswerRow], groups: Sequence[str], seed: int, resamples: int
) -> dict[str, dict[str, Interval]]:
    """Group -> metric -> interval, the groups in the order in which they first come."""
    return {
        group: {
            metric: _interval(
                [row for row, of in zip(rows, groups, strict=True) if of == group], metric, seed, resamples
            )
            for metric in GROUPED
        }
        for group in dict.fromkeys(groups)
    }
