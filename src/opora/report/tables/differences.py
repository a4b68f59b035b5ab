"""Paired differences of the rows of a benchmark from their baselines."""

from __future__ import annotations

from opora.bench.results.markdown import MAX_ACROSS
from opora.bench.results.table import shown_columns
from opora.report.results import BenchmarkResults
from opora.report.tables.base import HtmlTable, TableCell, TableLine, TableSection, difference_cell, metric_label


def differences_table(results: BenchmarkResults) -> HtmlTable | None:
    """Return the differences of all metrics, or those of the headline if the table has many rows."""
    if not any(row.baseline for row in results.table.rows):
        return None
    if len(results.table.rows) <= MAX_ACROSS:
        return _metrics_as_lines(results)
    return _rows_as_lines(results)


def _metrics_as_lines(results: BenchmarkResults) -> HtmlTable:
    words, names = results.words, results.row_names
    compared = [row for row in results.table.rows if row.baseline]
    lines = []
    for column in shown_columns(results.table):
        differences = [row.differences[column.metric] for row in compared]
        if any(difference.count for difference in differences):
            effects = [difference.detectable for difference in differences if difference.detectable is not None]
            cells = [difference_cell(difference, column, words, with_p=True) for difference in differences]
            cells.append(TableCell(words.number(max(effects, default=None), column.digits)))
            lines.append(TableLine(metric_label(column, words), cells))
    baselines = {names[row.baseline] for row in compared}
    corner = words("differences.from", name=baselines.pop()) if len(baselines) == 1 else words("differences.plain")
    head = [*(names[row.name] for row in compared), words("differences.detectable")]
    return _table(results, words("differences.title"), corner, head, lines)


def _rows_as_lines(results: BenchmarkResults) -> HtmlTable:
    column, words, names = results.headline, results.words, results.row_names
    lines = []
    for row in results.table.rows:
        difference = row.differences.get(column.metric)
        if row.baseline and difference:
            detectable = words.number(difference.detectable, column.digits)
            numbers = [words.p(difference.p), words.p(difference.adjusted), detectable]
            cells = [TableCell(names[row.baseline]), difference_cell(difference, column, words)]
            lines.append(TableLine(names[row.name], [*cells, *map(TableCell, numbers)]))
    keys = ("page.against", "differences.difference", "differences.p", "differences.adjusted", "differences.detectable")
    title = words("differences.of", metric=words.label(column))
    return _table(results, title, words("scores.row"), [words(key) for key in keys], lines)


def _table(results: BenchmarkResults, title: str, corner: str, labels: list[str], lines: list[TableLine]) -> HtmlTable:
    words, head = results.words, [(label, "") for label in labels]
    caption = words("differences.caption", bench=results.name)
    below = f"{words('differences.note')} {words('differences.size')}"
    return HtmlTable("differences", title, caption, corner, head, [TableSection("", lines)], below)
