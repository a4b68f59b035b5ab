"""The table: means with intervals, by model, kind and domain, and paired differences from the baseline.

In: rows, one a model and question. Out: a `Table`; as Markdown for a terminal or a README.

    print(format_table(make_table(rows, ["smollm2", "raft"], "smollm2", seed=0, resamples=2000)))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from opora.metrics.interval import Interval, bootstrap, paired_difference
from opora.records import Answer, Behavior, QuestionKind, Record

Better = Literal["up", "down", ""]
"""Which way a metric is better; neither way for some."""
Verdict = Literal["better", "worse", ""]
ARROWS: dict[Better, str] = {"up": " ↑", "down": " ↓", "": ""}
MARKS: dict[Verdict, str] = {"better": " ▲", "worse": " ▼", "": ""}


class AnswerRow(Record):
    """One question answered by one model. `scores`: metric -> value, None where it does not apply; `gold`: ids of the
    passages that hold the evidence."""

    model: str
    id: str
    question: str
    reference: str
    behavior: Behavior
    kind: QuestionKind
    domain: str
    language: str
    gold: tuple[str, ...]
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
    """One metric as readers meet it."""

    metric: str
    label: str
    meaning: str
    better: Better = ""
    digits: int = 2
    is_share: bool = True
    """Between 0 and 1."""


COLUMNS = (
    Column("key_facts", "key facts", "Share of answers that hold every key fact and no forbidden one.", "up"),
    Column("key_fact_share", "key facts held", "Share of a question's key facts that an answer holds.", "up"),
    Column("judge_score", "judge's score", "Mean score from 1 to 5 by the judge.", "up", is_share=False),
    Column("judge_correct", "judged correct", "Share of answers that the judge calls correct.", "up"),
    Column("judge_grade", "judge's grade", "Mean grade from 0 to 4 by the judge.", "up", is_share=False),
    Column("rouge_l_precision", "ROUGE-L P", "Longest common subsequence over the words of the answer.", "up"),
    Column("rouge_l_recall", "ROUGE-L R", "Longest common subsequence over the words of the reference.", "up"),
    Column("rouge_l_f1", "ROUGE-L F1", "Harmonic mean of the two.", "up"),
    Column("token_f1", "token F1", "Words that answer and reference share, in any order.", "up"),
    Column("refusal", "refusals", "Share of all questions that are refused."),
    Column("irrelevant_refusal", "irrelevant refusals", "Refused though the passages hold the evidence.", "down"),
    Column("missed_refusal", "missed refusals", "Answered though the documents do not say.", "down"),
    Column("citation_precision", "citation precision", "Share of the cited passages that hold evidence.", "up"),
    Column("citation_recall", "citation recall", "Share of the evidence that the cited passages hold.", "up"),
    Column("retrieval_recall", "evidence retrieved", "Share of the evidence that the passages found hold.", "up"),
    Column("seconds", "seconds", "Wall time of retrieval and generation, an answer.", "down", is_share=False),
    Column("answer_tokens", "answer tokens", "Tokens written, an answer.", digits=0, is_share=False),
    Column("prompt_tokens", "prompt tokens", "Tokens read, an answer.", digits=0, is_share=False),
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
        made.append(
            TableRow(
                name=name,
                spec=spec,
                metrics={column.metric: bootstrap(_values(own, column.metric), seed, resamples) for column in COLUMNS},
                differences=_differences(own, base, seed, resamples) if name != baseline else {},
                by_kind=_grouped(own, [row.kind for row in own], seed, resamples),
                by_domain=_grouped(own, [row.domain for row in own], seed, resamples),
            )
        )
    return Table(rows=tuple(made), baseline=baseline, questions=len(ids), resamples=resamples)


def verdict(column: Column, difference: Interval | None) -> Verdict:
    """Whether a difference from the baseline goes beyond its interval, and which way."""
    if difference is None or not difference.excludes_zero or not column.better or difference.mean is None:
        return ""
    return "better" if (difference.mean > 0) == (column.better == "up") else "worse"


def shown_columns(table: Table) -> list[Column]:
    """The columns that at least one model has a value for."""
    return [column for column in COLUMNS if any(row.metrics[column.metric].count for row in table.rows)]


def format_table(table: Table) -> str:
    """Markdown that reads well in a terminal: metrics by model, differences from the baseline, key facts by group."""
    parts = [_main_table(table)]
    if len(table.rows) > 1:
        parts.append(_difference_table(table))
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
    lines = [
        [
            column.label + ARROWS[column.better],
            *(
                format_interval(row.metrics[column.metric], column.digits)
                + MARKS[verdict(column, row.differences.get(column.metric))]
                for row in table.rows
            ),
        ]
        for column in shown_columns(table)
    ]
    note = f"Mean of {table.questions} questions with its 95 % interval (bootstrap over questions)."
    if len(table.rows) > 1:
        note += f" ▲ better, ▼ worse than {_cell(table.baseline)} beyond the interval of the paired difference."
    return _markdown([["", *(row.name for row in table.rows)], *lines]) + f"\n\n{note}"


def _difference_table(table: Table) -> str:
    compared = [row for row in table.rows if row.name != table.baseline]
    lines = [
        [
            column.label + ARROWS[column.better],
            *(format_interval(row.differences[column.metric], column.digits, signed=True) for row in compared),
        ]
        for column in shown_columns(table)
    ]
    return _markdown([[f"difference from {table.baseline}", *(row.name for row in compared)], *lines])


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
    cells = [[_cell(text) for text in row] for row in rows]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(cells[0]))]
    lines = [f"| {' | '.join(text.ljust(width) for text, width in zip(row, widths, strict=True))} |" for row in cells]
    rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|").replace("<", r"\<")


def _values(rows: Sequence[AnswerRow], metric: str) -> list[float | None]:
    return [row.scores.get(metric) for row in rows]


def _differences(own: Sequence[AnswerRow], base: Sequence[AnswerRow], seed: int, resamples: int) -> dict[str, Interval]:
    return {
        column.metric: paired_difference(_values(own, column.metric), _values(base, column.metric), seed, resamples)
        for column in COLUMNS
    }


def _grouped(
    rows: Sequence[AnswerRow], groups: Sequence[str], seed: int, resamples: int
) -> dict[str, dict[str, Interval]]:
    """Group -> metric -> interval, the groups in the order in which they first come."""
    members = {group: [row for row, of in zip(rows, groups, strict=True) if of == group] for group in groups}
    return {
        group: {metric: bootstrap(_values(inside, metric), seed, resamples) for metric in GROUPED}
        for group, inside in members.items()
    }
