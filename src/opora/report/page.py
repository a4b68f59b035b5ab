"""What a report shows of one benchmark as tables of a page.

In: a table, and the words of a language. Out: plain tuples that `report.html.jinja` only has to lay out.

    sheets(table, "ru", words)[0].sections[0].lines[0].cells[0]        # Cell(text='0.42', small='[0.31, 0.54]', ...)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from opora.bench.results.i18n import NONE, Words, capital
from opora.bench.results.labels import row_names
from opora.bench.results.markdown import MOST_ACROSS, label_of, note
from opora.bench.results.metrics import SUMMARY, Column, scale_of
from opora.bench.results.table import (
    Group,
    Table,
    TableRow,
    Verdict,
    group_labels,
    headline,
    in_group,
    shown_columns,
    verdict,
)
from opora.metrics.bootstrap import Difference
from opora.report.plots.refusal_matrix import Refusals

MOST_IN_SIGHT = 18
MOST_LINES = 60
"""A table by kind of more rows than these would tell nobody anything."""
GROUPS = {
    "refusals": ("refusal", "irrelevant_refusal", "missed_refusal"),
    "sources": (
        "citation_precision", "citation_recall", "retrieval_recall", "recall_1", "recall_3", "recall_5", "recall_10",
        "mrr", "ndcg",
    ),
    "cost": ("seconds", "answer_tokens", "answer_words", "prompt_tokens"),
}  # fmt: skip
"""Metrics under headings of their own; the others tell of quality."""


class Cell(NamedTuple):
    """One number in words; `heat` is its place between 0 and 1 where cells are coloured by it."""

    text: str
    small: str = ""
    verdict: Verdict = ""
    heat: float | None = None


class Line(NamedTuple):
    label: str
    cells: Sequence[Cell]
    small: str = ""


class Section(NamedTuple):
    """Lines under a heading; an empty one is not shown."""

    heading: str
    lines: Sequence[Line]


class Sheet(NamedTuple):
    """One table of the page. `head`: label and small print of each column but the first, which `corner` names."""

    name: str
    title: str
    caption: str
    corner: str
    head: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    note: str = ""

    @property
    def is_tall(self) -> bool:
        """Whether it scrolls in a box of its own, below its head."""
        return len(self.sections) == 1 and len(self.sections[0].lines) > MOST_IN_SIGHT


class Card(NamedTuple):
    """The headline of one row."""

    name: str
    cell: Cell
    difference: Cell | None
    against: str


def sheets(table: Table, bench: str, words: Words, matrix: Refusals | None = None) -> list[Sheet]:
    """The tables of a benchmark that there is something in."""
    across = len(table.rows) <= MOST_ACROSS
    found = [_scores_across(table, bench, words) if across else _scores_down(table, bench, words)]
    if any(row.against for row in table.rows):
        found.append(_differences_across(table, bench, words) if across else _differences_down(table, bench, words))
    grouped: tuple[Group, ...] = ("kind", "domain") if len(table.rows) <= MOST_LINES else ()
    found += [_grouped(table, bench, words, group) for group in grouped if len(group_labels(table, group)) > 1]
    if matrix and matrix.models:
        found.append(_refusals(matrix, bench, words))
    return found


def cards(table: Table, words: Words) -> list[Card]:
    """The headline of each row, where the rows are few."""
    if len(table.rows) > MOST_ACROSS:
        return []
    column, names = headline(table), row_names(table, words)
    return [
        Card(
            names[row.name],
            _cell(row, column, words),
            _difference_cell(row, column, words),
            words("page.versus", name=names[row.against]) if row.against else "",
        )
        for row in table.rows
    ]


def _scores_across(table: Table, bench: str, words: Words) -> Sheet:
    """A line a metric, a column a row of the table."""
    names = row_names(table, words)
    head = [(names[row.name], row.spec if row.spec != row.name else "") for row in table.rows]
    columns = shown_columns(table)
    sections = []
    for group in ("quality", *GROUPS):
        own = [each for each in columns if _group_of(each) == group]
        lines = [
            Line(_unbroken(label_of(each, words)), [_cell(row, each, words) for row in table.rows]) for each in own
        ]
        if lines:
            sections.append(Section(words(f"group.{group}"), lines))
    caption = words("scores.caption", bench=bench)
    below = f"{note(table, words)} {words('scores.arrows')}"
    return Sheet("scores", words("scores.title"), caption, words("scores.score"), head, sections, below)


def _scores_down(table: Table, bench: str, words: Words) -> Sheet:
    """A line a row of the table, a column a metric of the summary."""
    names = row_names(table, words)
    columns = [each for each in shown_columns(table) if each.metric in SUMMARY]
    head = [(_unbroken(label_of(each, words)), "") for each in columns]
    lines = [Line(names[row.name], [_cell(row, each, words) for each in columns]) for row in table.rows]
    caption = words("scores.caption", bench=bench)
    below = f"{note(table, words)} {words('scores.arrows')}"
    return Sheet("scores", words("scores.title"), caption, words("scores.row"), head, [Section("", lines)], below)


def _differences_across(table: Table, bench: str, words: Words) -> Sheet:
    names = row_names(table, words)
    compared = [row for row in table.rows if row.against]
    lines = []
    for column in shown_columns(table):
        found = [row.differences[column.metric] for row in compared]
        if not any(each.count for each in found):
            continue
        least = max((each.detectable for each in found if each.detectable is not None), default=None)
        cells = [_difference(each, column, words, with_p=True) for each in found]
        lines.append(Line(_unbroken(label_of(column, words)), [*cells, Cell(words.number(least, column.digits))]))
    against = {row.against for row in compared}
    from_ = words("differences.from", name=names[against.pop()]) if len(against) == 1 else words("differences.plain")
    head = [*((names[row.name], "") for row in compared), (words("differences.detectable"), "")]
    caption = words("differences.caption", bench=bench)
    title, below = words("differences.title"), f"{words('differences.note')} {words('differences.size')}"
    return Sheet("differences", title, caption, from_, head, [Section("", lines)], below)


def _differences_down(table: Table, bench: str, words: Words) -> Sheet:
    """Of the headline: a line a compared row."""
    column, names = headline(table), row_names(table, words)
    lines = []
    for row in table.rows:
        found = row.differences.get(column.metric)
        if not row.against or found is None:
            continue
        numbers = [words.p(found.p), words.p(found.adjusted), words.number(found.detectable, column.digits)]
        cells = [_difference(found, column, words), *map(Cell, numbers)]
        lines.append(Line(names[row.name], [Cell(names[row.against]), *cells]))
    keys = ("page.against", "differences.difference", "differences.p", "differences.adjusted", "differences.detectable")
    head = [(words(key), "") for key in keys]
    caption = words("differences.caption", bench=bench)
    title = words("differences.of", metric=words.label(column))
    below = f"{words('differences.note')} {words('differences.size')}"
    return Sheet("differences", title, caption, words("scores.row"), head, [Section("", lines)], below)


def _grouped(table: Table, bench: str, words: Words, group: Group) -> Sheet:
    """The headline by group; whichever is less stands across."""
    column, names, labels = headline(table), row_names(table, words), group_labels(table, group)
    low, high = scale_of(column)

    def cell(row: TableRow, label: str) -> Cell:
        each = in_group(row, group, label, column)
        heat = None if each.mean is None else min(1.0, max(0.0, (each.mean - low) / (high - low)))
        return Cell(_minus(words.number(each.mean, column.digits)), _minus(words.span(each, column.digits)), "", heat)

    counts = {label: max(in_group(row, group, label, column).count for row in table.rows) for label in labels}
    small = {label: f"{words('scores.questions')}: {counts[label]}" for label in labels}
    named = {label: words.named(group, label) for label in labels}
    if len(table.rows) <= MOST_ACROSS:
        head = [(names[row.name], "") for row in table.rows]
        lines = [Line(named[label], [cell(row, label) for row in table.rows], small[label]) for label in labels]
        corner = words(f"by.{group}_short")
    else:
        head = [(named[label], small[label]) for label in labels]
        lines = [Line(names[row.name], [cell(row, label) for label in labels]) for row in table.rows]
        corner = words("scores.row")
    metric = words.label(column)
    title = words(f"by.{group}", metric=capital(metric))
    caption = words(f"by.caption_{group}", metric=metric, bench=bench)
    return Sheet(group, title, capital(caption), corner, head, [Section("", lines)])


def _refusals(matrix: Refusals, bench: str, words: Words) -> Sheet:
    sections = []
    for model in matrix.models:
        lines = []
        for due in matrix.behaviors:
            cells = [
                Cell(
                    words.number(matrix.share(model, due, refused)) + (" ✓" if (due == "refuse") == refused else ""),
                    str(matrix.count(model, due, refused)),
                    "",
                    matrix.share(model, due, refused),
                )
                for refused in (False, True)
            ]
            lines.append(Line(words(f"matrix.{due}"), cells))
        sections.append(Section(model, lines))
    head = [(words("matrix.answered"), ""), (words("matrix.refused"), "")]
    caption = words("matrix.caption", bench=bench)
    title, below = words("matrix.title"), words("matrix.note")
    return Sheet("refusals", title, caption, words("matrix.expected"), head, sections, below)


def _cell(row: TableRow, column: Column, words: Words) -> Cell:
    each = row.metrics[column.metric]
    mean, span = words.number(each.mean, column.digits), words.span(each, column.digits)
    return Cell(_minus(mean), _minus(span), verdict(column, row.differences.get(column.metric)))


def _difference_cell(row: TableRow, column: Column, words: Words) -> Cell | None:
    found = row.differences.get(column.metric)
    return _difference(found, column, words) if found and found.mean is not None else None


def _difference(found: Difference, column: Column, words: Words, with_p: bool = False) -> Cell:
    if found.mean is None:
        return Cell(NONE)
    small = words.span(found, column.digits, signed=True)
    p = found.p if found.adjusted is None else found.adjusted
    if with_p and p is not None:
        shown = words.p(p)
        small += f", p {shown}" if shown.startswith("<") else f", p = {shown}"
    return Cell(_minus(words.number(found.mean, column.digits, True)), _minus(small), verdict(column, found))


def _group_of(column: Column) -> str:
    return next((name for name, metrics in GROUPS.items() if column.metric in metrics), "quality")


def _unbroken(label: str) -> str:
    """The arrow stays beside the last word."""
    return label.replace(" ↑", "\u00a0↑").replace(" ↓", "\u00a0↓")


def _minus(text: str) -> str:
    return text.replace("-", "−")
