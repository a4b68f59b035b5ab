"""What a report shows of one benchmark: its table in words, and some questions with all answers side by side.

In: a table and its rows. Out: plain tuples that the templates of `report.py` only have to lay out.

    cells(table)[0].cells[0]        # Cell(mean='0.42', interval='0.31 – 0.54', difference='', verdict='')
    side_by_side(rows, count=20, seed=0)
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from opora.bench.columns import COLUMNS, Column
from opora.bench.format import ARROWS
from opora.bench.table import AnswerRow, Table, Verdict, headline, shown_columns, verdict
from opora.metrics.interval import Difference, Interval
from opora.records import Hit

SHOWN_SCORES = ("key_facts", "rouge_l_f1", "token_f1", "citation_precision", "citation_recall")
NO_BREAK = "\u00a0"
GROUPS = (("kind", "by_kind"), ("domain", "by_domain"))


class Cell(NamedTuple):
    """One number in words; `heat` is its place between 0 and 1 where cells are coloured by it."""

    mean: str
    interval: str = ""
    difference: str = ""
    verdict: Verdict = ""
    heat: float | None = None


class Line(NamedTuple):
    """A label, a cell a model, and how many questions stand behind it where that differs from line to line."""

    label: str
    cells: Sequence[Cell]
    questions: int = 0


class Group(NamedTuple):
    """Key-fact scores by `title`, a line a group, a cell a model."""

    title: str
    lines: Sequence[Line]


class Shown(NamedTuple):
    """One question: every model's answer, and the passages that the models were shown, each once."""

    row: AnswerRow
    answers: Sequence[Answered]
    passages: Sequence[ShownPassage]


class Answered(NamedTuple):
    row: AnswerRow
    scores: Sequence[tuple[str, str]]
    """Label and value of the scores that apply."""
    right: bool | None
    """Whether the key-fact score is 1; None where there is none."""


class ShownPassage(NamedTuple):
    hit: Hit
    is_gold: bool
    cited_by: Sequence[str]


def cells(table: Table) -> list[Line]:
    """A line a metric that has values, a cell a model."""
    return [
        Line(
            column.label + ARROWS[column.better].replace(" ", NO_BREAK),
            [_cell(column, row.metrics[column.metric], row.differences.get(column.metric)) for row in table.rows],
        )
        for column in shown_columns(table)
    ]


def groups(table: Table) -> list[Group]:
    """Key-fact scores by kind and by domain, where there is more than one."""
    found = []
    for title, attribute in GROUPS:
        by_row = [getattr(row, attribute) for row in table.rows]
        if len(by_row[0]) > 1:
            lines = [
                Line(
                    label or "none",
                    [_cell(headline(table), each[label][headline(table).metric], None) for each in by_row],
                    max(each.count for each in by_row[0][label].values()),
                )
                for label in by_row[0]
            ]
            found.append(Group(title, lines))
    return found


def side_by_side(rows: Sequence[AnswerRow], count: int, seed: int) -> list[Shown]:
    """At most `count` questions, drawn by the seed, the kinds in turn; in the order of `rows`."""
    by_id: dict[str, list[AnswerRow]] = defaultdict(list)
    for row in rows:
        by_id[row.id].append(row)
    drawn = _draw({each: answers[0].kind for each, answers in by_id.items()}, count, seed)
    return [_shown(answers) for each, answers in by_id.items() if each in drawn]


def _draw(kinds: dict[str, str], count: int, seed: int) -> set[str]:
    piles: dict[str, list[str]] = defaultdict(list)
    for each, kind in kinds.items():
        piles[kind].append(each)
    rng = random.Random(seed)
    for pile in piles.values():
        rng.shuffle(pile)
    drawn: set[str] = set()
    while len(drawn) < min(count, len(kinds)):
        for pile in piles.values():
            if pile and len(drawn) < count:
                drawn.add(pile.pop())
    return drawn


def _shown(answers: Sequence[AnswerRow]) -> Shown:
    hits = {hit.passage.id: hit for row in answers for hit in row.answer.hits}
    cited = {id_: [row.model for row in answers if _cites(row, id_)] for id_ in hits}
    passages = [ShownPassage(hit, id_ in answers[0].gold, cited[id_]) for id_, hit in hits.items()]
    return Shown(answers[0], [_answered(row) for row in answers], passages)


def _cites(row: AnswerRow, passage_id: str) -> bool:
    return any(citation.passage_id == passage_id for citation in row.answer.citations)


def _answered(row: AnswerRow) -> Answered:
    labels = {column.metric: column.label for column in COLUMNS}
    values = [(labels[metric], row.scores.get(metric)) for metric in SHOWN_SCORES]
    facts = row.scores.get("key_facts")
    scores = [(label, f"{value:.2f}") for label, value in values if value is not None]
    return Answered(row, scores, None if facts is None else facts == 1.0)


def _cell(column: Column, interval: Interval, difference: Difference | None) -> Cell:
    if interval.mean is None:
        return Cell("–")
    digits = column.digits
    return Cell(
        f"{interval.mean:.{digits}f}",
        "" if interval.low is None else f"{interval.low:.{digits}f} – {interval.high:.{digits}f}",
        _difference(difference, digits),
        verdict(column, difference),
        interval.mean,
    )


def _difference(difference: Difference | None, digits: int) -> str:
    if difference is None or difference.mean is None:
        return ""
    shown = f"{difference.mean:+.{digits}f}"
    if difference.low is None:
        return shown
    return f"{shown} [{difference.low:+.{digits}f}, {difference.high:+.{digits}f}]"
