"""Plots of scores: all metrics, errors, differences, and the headline by question type and by domain."""

from __future__ import annotations

from opora.bench.results.markdown import label_with_arrow
from opora.bench.results.metrics import Column
from opora.bench.results.table import Group, group_labels, in_group, shown_columns
from opora.report.plots.base import SHARE_LIMITS, PlotSpec, axis_limits
from opora.report.plots.row_chart import RowChart, row_chart_plot
from opora.report.results import BenchmarkResults


def score_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the plot of all shares for which more is better."""
    return _metrics_plot(results, "scores", "up")


def error_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the plot of all shares for which less is better."""
    return _metrics_plot(results, "mistakes", "down")


def differences_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the plot of paired differences from the baselines."""
    compared = [row for row in results.table.rows if row.baseline]
    shares = [*_shares(results, "up"), *_shares(results, "down")]
    columns = [column for column in shares if any(row.differences[column.metric].count for row in compared)]
    labels = [label_with_arrow(column, results.words) for column in columns]
    series = {results.row_names[row.name]: [row.differences[column.metric] for column in columns] for row in compared}
    return row_chart_plot(results, "differences", RowChart(labels, series))


def type_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the plot of the headline metric by question type."""
    return _group_plot(results, "question_types", "question_type")


def domain_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the plot of the headline metric by domain."""
    return _group_plot(results, "domains", "domain")


def _metrics_plot(results: BenchmarkResults, name: str, better: str) -> PlotSpec | None:
    rows, columns = results.table.rows, _shares(results, better)
    series = {results.row_names[row.name]: [row.metrics[column.metric] for column in columns] for row in rows}
    return row_chart_plot(results, name, RowChart(list(map(results.words.label, columns)), series, SHARE_LIMITS))


def _group_plot(results: BenchmarkResults, name: str, group: Group) -> PlotSpec | None:
    rows, names, column = results.table.rows, results.row_names, results.headline
    labels = group_labels(results.table, group)
    if len(labels) < 2:
        return None
    series = {names[row.name]: [in_group(row, group, label, column) for label in labels] for row in rows}
    display_names = [results.words.named(group, label) for label in labels]
    return row_chart_plot(results, name, RowChart(display_names, series, axis_limits(column), bars=True))


def _shares(results: BenchmarkResults, better: str) -> list[Column]:
    """Return the metrics between 0 and 1 that have values and are better in this direction."""
    return [column for column in shown_columns(results.table) if column.is_share and column.better == better]
