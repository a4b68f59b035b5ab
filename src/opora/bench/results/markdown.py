"""Tables as text: for a terminal, a README, a thesis.

print(format_table(table, words_in("ru")))
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from opora.bench.results.i18n import Words, row_names, words_in
from opora.bench.results.metrics import SUMMARY, Better, Column
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

ARROWS: dict[Better, str] = {"up": " ↑", "down": " ↓", "": ""}
MARKS: dict[Verdict, str] = {"better": " ▲", "worse": " ▼", "": ""}
MAX_ACROSS = 6
"""Maximum rows of a table that is shown with one column per row; a longer one has one line per row."""


class Grid(NamedTuple):
    """Text in rows and columns; the first column names the rows."""

    title: str
    """Head of the first column."""
    head: Sequence[str]
    lines: Sequence[Sequence[str]]
    note: str = ""
    """Text below the grid."""
    name: str = ""
    """Identifies the grid among those of its table."""


def grids(table: Table, words: Words | None = None, columns: Sequence[str] = SUMMARY) -> list[Grid]:
    """Return the summary of the metrics `columns`, one line per row. If the rows fit side by side, also the other
    metrics, the differences, and the headline metric by question type and by domain."""
    words = words or words_in("en")
    parts = [_summary(table, words, columns)]
    if len(table.rows) <= MAX_ACROSS:
        parts.append(_other_metrics(table, words, columns))
        if any(row.baseline for row in table.rows):
            parts.append(_differences(table, words))
        groups: tuple[Group, ...] = ("question_type", "domain")
        parts += [_grouped(table, words, group) for group in groups if len(group_labels(table, group)) > 1]
    return [part for part in parts if part.lines]


def format_table(table: Table, words: Words | None = None) -> str:
    """Return Markdown that is readable in a terminal."""
    return "\n\n".join(map(markdown, grids(table, words))) + "\n"


def markdown(grid: Grid) -> str:
    """Return a grid as Markdown."""
    cells = [[_cell(text) for text in row] for row in ((grid.title, *grid.head), *grid.lines)]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(cells[0]))]
    lines = [f"| {' | '.join(text.ljust(width) for text, width in zip(row, widths, strict=True))} |" for row in cells]
    rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    return "\n".join([lines[0], rule, *lines[1:]]) + (f"\n\n{_note(grid.note)}" if grid.note else "")


def note(table: Table, words: Words) -> str:
    """Return the explanation of the numbers and marks of a table."""
    text = words("scores.note", questions=table.questions, documents=table.clusters)
    text = " ".join([text, *_notes(table, words)])
    baselines = {row.baseline for row in table.rows if row.baseline}
    if not baselines:
        return text
    baseline = row_names(table, words)[baselines.pop()] if len(baselines) == 1 else words("scores.own")
    return f"{text} {words('scores.marks', what=baseline)}"


def _notes(table: Table, words: Words) -> Sequence[str]:
    """Return the notes of a table. They are English; in other languages, one on the missing verdicts replaces them."""
    if not table.notes or words.language == "en":
        return table.notes
    column = headline(table)
    missing = sum(row.metrics[column.metric].missing for row in table.rows)
    return [words("scores.missing", missing=missing, all=sum(row.questions for row in table.rows))]


def label_with_arrow(column: Column, words: Words) -> str:
    """Return the label of a metric, and an arrow in the direction in which it improves."""
    return words.label(column) + ARROWS[column.better]


def _summary(table: Table, words: Words, metrics: Sequence[str]) -> Grid:
    names = row_names(table, words)
    columns = [column for column in shown_columns(table) if column.metric in metrics]
    lines = [
        [names[row.name], str(row.questions), *(_marked(row, column, words) for column in columns)]
        for row in table.rows
    ]
    head = [words("scores.questions"), *(label_with_arrow(column, words) for column in columns)]
    return Grid("", head, lines, note(table, words), name="summary")


def _other_metrics(table: Table, words: Words, summary: Sequence[str]) -> Grid:
    columns = [column for column in shown_columns(table) if column.metric not in summary]
    lines = [
        [label_with_arrow(column, words), *(_marked(row, column, words) for row in table.rows)] for column in columns
    ]
    return Grid("", list(row_names(table, words).values()), lines, name="other")


def _differences(table: Table, words: Words) -> Grid:
    """Return the differences of all metrics, with the largest minimum detectable effect over the rows."""
    names = row_names(table, words)
    compared = [row for row in table.rows if row.baseline]
    lines = []
    for column in shown_columns(table):
        differences = [row.differences[column.metric] for row in compared]
        cells = [words.interval(item, column.digits, True) + MARKS[verdict(column, item)] for item in differences]
        effects = [item.detectable for item in differences if item.detectable is not None]
        lines.append([label_with_arrow(column, words), *cells, words.number(max(effects, default=None), column.digits)])
    baselines = {row.baseline for row in compared}
    title = (
        words("differences.from", name=names[baselines.pop()]) if len(baselines) == 1 else words("differences.plain")
    )
    head = [*(names[row.name] for row in compared), words("differences.detectable")]
    return Grid(title, head, lines, words("differences.size"), name="differences")


def _grouped(table: Table, words: Words, group: Group) -> Grid:
    column = headline(table)
    lines = []
    for label in group_labels(table, group):
        intervals = [in_group(row, group, label, column) for row in table.rows]
        count = max(interval.count for interval in intervals)
        cells = (words.interval(interval, column.digits) for interval in intervals)
        lines.append([words.named(group, label), str(count), *cells])
    head = [words("scores.questions"), *row_names(table, words).values()]
    return Grid(words(f"by.{group}", metric=words.label(column)), head, lines, name=group)


def _marked(row: TableRow, column: Column, words: Words) -> str:
    mark = MARKS[verdict(column, row.differences.get(column.metric))]
    return words.interval(row.metrics[column.metric], column.digits) + mark


def _note(text: str) -> str:
    """Return a line without HTML; a less-than sign before a blank stays."""
    return re.sub(r"<(?=\S)", r"\\<", text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|").replace("<", r"\<")
