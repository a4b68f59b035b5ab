"""The headline metric by question type and by domain."""

from __future__ import annotations

from opora.bench.results.i18n import capital
from opora.bench.results.markdown import MAX_ACROSS
from opora.bench.results.table import Group, TableRow, group_labels, in_group
from opora.report.results import BenchmarkResults
from opora.report.tables.base import HtmlTable, TableCell, TableLine, TableSection, interval_cell, shade_of

MAX_ROWS = 60
"""A table with more rows is left out: nobody reads a hundred rows by question type."""


def type_table(results: BenchmarkResults) -> HtmlTable | None:
    """Return the headline metric by question type; None if there is one type only."""
    return _group_table(results, "question_type")


def domain_table(results: BenchmarkResults) -> HtmlTable | None:
    """Return the headline metric by domain; None if there is one domain only."""
    return _group_table(results, "domain")


def _group_table(results: BenchmarkResults, group: Group) -> HtmlTable | None:
    rows, words, names, column = results.table.rows, results.words, results.row_names, results.headline
    labels = group_labels(results.table, group)
    if len(rows) > MAX_ROWS or len(labels) < 2:
        return None

    def cell(row: TableRow, label: str) -> TableCell:
        interval = in_group(row, group, label, column)
        return interval_cell(interval, column, words)._replace(shade=shade_of(interval, column))

    counts = {label: max(in_group(row, group, label, column).count for row in rows) for label in labels}
    details = {label: f"{words('scores.questions')}: {counts[label]}" for label in labels}
    group_names = {label: words.named(group, label) for label in labels}
    if len(rows) <= MAX_ACROSS:
        head = [(names[row.name], "") for row in rows]
        lines = [TableLine(group_names[label], [cell(row, label) for row in rows], details[label]) for label in labels]
        corner = words(f"by.{group}_short")
    else:
        head = [(group_names[label], details[label]) for label in labels]
        lines = [TableLine(names[row.name], [cell(row, label) for label in labels]) for row in rows]
        corner = words("scores.row")
    metric = words.label(column)
    title = words(f"by.{group}", metric=capital(metric))
    caption = capital(words(f"by.caption_{group}", metric=metric, bench=results.name))
    return HtmlTable(group, title, caption, corner, head, [TableSection("", lines)])
