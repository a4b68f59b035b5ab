"""Scores of a benchmark: the headline of each row as a card, and the table of all metrics."""

from __future__ import annotations

from typing import NamedTuple, get_args

from opora.bench.results.markdown import MAX_ACROSS, note
from opora.bench.results.metrics import SUMMARY, Column, MetricGroup
from opora.bench.results.table import shown_columns
from opora.report.results import BenchmarkResults
from opora.report.tables.base import (
    HtmlTable,
    TableCell,
    TableLine,
    TableSection,
    difference_cell,
    metric_label,
    score_cell,
)


class HeadlineCard(NamedTuple):
    """The headline metric of one row, and its difference from the row that it is compared with."""

    name: str
    cell: TableCell
    difference: TableCell | None
    baseline: str


def headline_cards(results: BenchmarkResults) -> list[HeadlineCard]:
    """Return one card per row; none for a table of many rows."""
    if len(results.table.rows) > MAX_ACROSS:
        return []
    column, names, words = results.headline, results.row_names, results.words
    cards = []
    for row in results.table.rows:
        difference = row.differences.get(column.metric)
        is_compared = difference is not None and difference.mean is not None
        cell = difference_cell(difference, column, words) if difference and is_compared else None
        baseline = words("page.versus", name=names[row.against]) if row.against else ""
        cards.append(HeadlineCard(names[row.name], score_cell(row, column, words), cell, baseline))
    return cards


def score_table(results: BenchmarkResults) -> HtmlTable:
    """Return the table of scores: one line per metric, or one line per row if there are many rows."""
    if len(results.table.rows) <= MAX_ACROSS:
        return _metrics_as_lines(results)
    return _rows_as_lines(results)


def _metrics_as_lines(results: BenchmarkResults) -> HtmlTable:
    table, words, names = results.table, results.words, results.row_names
    head = [(names[row.name], row.spec if row.spec != row.name else "") for row in table.rows]
    sections = []
    for group in get_args(MetricGroup):
        columns = [column for column in shown_columns(table) if column.group == group]
        lines = [_metric_line(results, column) for column in columns]
        if lines:
            sections.append(TableSection(words(f"group.{group}"), lines))
    return _table(results, words("scores.score"), head, sections)


def _metric_line(results: BenchmarkResults, column: Column) -> TableLine:
    cells = [score_cell(row, column, results.words) for row in results.table.rows]
    return TableLine(metric_label(column, results.words), cells)


def _rows_as_lines(results: BenchmarkResults) -> HtmlTable:
    table, words, names = results.table, results.words, results.row_names
    columns = [column for column in shown_columns(table) if column.metric in SUMMARY]
    head = [(metric_label(column, words), "") for column in columns]
    lines = [TableLine(names[row.name], [score_cell(row, column, words) for column in columns]) for row in table.rows]
    return _table(results, words("scores.row"), head, [TableSection("", lines)])


def _table(
    results: BenchmarkResults, corner: str, head: list[tuple[str, str]], sections: list[TableSection]
) -> HtmlTable:
    words = results.words
    caption = words("scores.caption", bench=results.name)
    below = f"{note(results.table, words)} {words('scores.arrows')}"
    return HtmlTable("scores", words("scores.title"), caption, corner, head, sections, below)
