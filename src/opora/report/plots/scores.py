"""Plots of scores: all metrics, errors, differences, and the headline by question type and by domain."""

from __future__ import annotations

from opora.bench.results.markdown import MAX_ACROSS
from opora.bench.results.metrics import COLUMNS, Column
from opora.bench.results.table import Group, group_labels, in_group
from opora.report.plots.base import SHARE_LIMITS, PlotSpec, axis_limits
from opora.report.plots.row_chart import RowChart, bar_chart, dot_chart
from opora.report.results import BenchmarkResults


def score_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the plot of all shares for which more is better."""
    return _metrics_plot(results, "scores", "up")


def error_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the plot of all shares for which less is better."""
    return _metrics_plot(results, "mistakes", "down")


def differences_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the plot of paired differences from the baselines."""
    words, names = results.words, results.row_names
    compared = [(number, row) for number, row in enumerate(results.table.rows) if row.against]
    columns = [
        column
        for column in (*_shares("up"), *_shares("down"))
        if any(row.differences[column.metric].count for _, row in compared)
    ]
    labels = [f"{words.label(column)} {'↑' if column.better == 'up' else '↓'}" for column in columns]
    series = {names[row.name]: [row.differences[column.metric] for column in columns] for _, row in compared}
    chart = RowChart(labels, series, [number for number, _ in compared], None)
    return dot_chart("differences", words("plots.differences"), chart, words) if _fits(results) else None


def type_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the plot of the headline metric by question type."""
    return _group_plot(results, "question_types", "question_type")


def domain_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the plot of the headline metric by domain."""
    return _group_plot(results, "domains", "domain")


def _metrics_plot(results: BenchmarkResults, name: str, better: str) -> PlotSpec | None:
    rows, words, names = results.table.rows, results.words, results.row_names
    columns = [column for column in _shares(better) if any(row.metrics[column.metric].count for row in rows)]
    series = {names[row.name]: [row.metrics[column.metric] for column in columns] for row in rows}
    chart = RowChart([words.label(column) for column in columns], series, range(len(series)), SHARE_LIMITS)
    return dot_chart(name, words(f"plots.{name}"), chart, words) if _fits(results) else None


def _group_plot(results: BenchmarkResults, name: str, group: Group) -> PlotSpec | None:
    words, names, column = results.words, results.row_names, results.headline
    labels = group_labels(results.table, group)
    if len(labels) < 2 or not _fits(results):
        return None
    series = {names[row.name]: [in_group(row, group, label, column) for label in labels] for row in results.table.rows}
    chart = RowChart([words.named(group, label) for label in labels], series, range(len(series)), axis_limits(column))
    return bar_chart(name, words(f"plots.{name}", metric=words.label(column)), chart, words)


def _fits(results: BenchmarkResults) -> bool:
    return len(results.table.rows) <= MAX_ACROSS


def _shares(better: str) -> list[Column]:
    """Return the metrics between 0 and 1 that are better in this direction."""
    return [column for column in COLUMNS if column.is_share and column.better == better]
