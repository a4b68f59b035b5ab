"""Scores of a benchmark: the headline of each row as a card, and the table of all metrics."""

from __future__ import annotations

from typing import NamedTuple, get_args

from opora.bench.results.i18n import Words
from opora.bench.results.markdown import MAX_ACROSS, note
from opora.bench.results.metrics import SUMMARY, Column, MetricGroup
from opora.bench.results.table import TableRow, shown_columns, verdict
from opora.report.results import BenchmarkResults
from opora.report.tables import base


class HeadlineCard(NamedTuple):
    """The headline metric of one row, and its difference from the row that it is compared with."""

    name: str
    cell: base.TableCell
    difference: base.TableCell | None
    baseline: str


def headline_cards(results: BenchmarkResults) -> list[HeadlineCard]:
    """Return one card per row; none for a table of many rows."""
    if len(results.table.rows) > MAX_ACROSS:
        return []
    column, names, words = results.headline, results.row_names, results.words
    cards = []
    for row in results.table.rows:
        difference = row.differences.get(column.metric)
        cell = base.difference_cell(difference, column, words) if difference and difference.mean is not None else None
        baseline = words("page.versus", name=names[row.baseline]) if row.baseline else ""
        cards.append(HeadlineCard(names[row.name], _score_cell(row, column, words), cell, baseline))
    return cards


def score_table(results: BenchmarkResults) -> base.HtmlTable:
    """Return the table of scores: one line per metric, or one line per row if there are many rows."""
    rows, words, names = results.table.rows, results.words, results.row_names
    columns = shown_columns(results.table)
    sections = []
    if len(rows) <= MAX_ACROSS:
        corner, head = (
            words("scores.score"),
            [(names[row.name], row.spec if row.spec != row.name else "") for row in rows],
        )
        for group in get_args(MetricGroup):
            lines = [
                base.TableLine(base.metric_label(column, words), [_score_cell(row, column, words) for row in rows])
                for column in columns
                if column.group == group
            ]
            sections += [base.TableSection(words(f"group.{group}"), lines)] if lines else []
    else:
        columns = [column for column in columns if column.metric in SUMMARY]
        corner, head = words("scores.row"), [(base.metric_label(column, words), "") for column in columns]
        cells = {row.name: [_score_cell(row, column, words) for column in columns] for row in rows}
        sections.append(base.TableSection("", [base.TableLine(names[name], line) for name, line in cells.items()]))
    caption = words("scores.caption", bench=results.name)
    below = f"{note(results.table, words)} {words('scores.arrows')}"
    return base.HtmlTable("scores", words("scores.title"), caption, corner, head, sections, below)


def _score_cell(row: TableRow, column: Column, words: Words) -> base.TableCell:
    """Return the mean of a metric with its interval, and the verdict of the comparison."""
    mark = verdict(column, row.differences.get(column.metric))
    return base.interval_cell(row.metrics[column.metric], column, words)._replace(verdict=mark)
