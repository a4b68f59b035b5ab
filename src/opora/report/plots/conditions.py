"""Plots of the conditions that a benchmark varies: position of the gold passage, number and order of passages,
distractors, and the number of passages that a retriever returns."""

from __future__ import annotations

from opora.bench.results.metrics import RECALL_AT
from opora.bench.results.table import TableRow
from opora.metrics.bootstrap import Interval
from opora.report.plots.base import SHARE_LIMITS, PlotSpec, axis_limits
from opora.report.plots.score_charts import heat_map_plot, line_chart_plot
from opora.report.results import BenchmarkResults


def gold_position_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the heat map of models by position of the gold passage."""
    rows, words = _rows_with(results, "gold_position"), results.words
    series: dict[str, dict[int, Interval]] = {}
    for row in rows:
        series.setdefault(row.model, {})[int(row.condition["gold_position"])] = row.metrics[results.headline.metric]
    if not series:
        return None
    passages = rows[0].condition["passages"]
    caption = words("plots.slots", metric=words.label(results.headline), passages=passages)
    return heat_map_plot(results, "slots", caption, series)


def passage_order_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the heat map of models and passage orders by number of passages."""
    rows, words = _rows_with(results, "order"), results.words
    several_models = len({row.model for row in rows}) > 1
    series: dict[str, dict[int, Interval]] = {}
    for row in rows:
        order = words.named("order", str(row.condition["order"]))
        label = f"{row.model}, {order}" if several_models else order
        series.setdefault(label, {})[int(row.condition["passages"])] = row.metrics[results.headline.metric]
    caption = words("plots.orders", metric=words.label(results.headline))
    return heat_map_plot(results, "orders", caption, series) if series else None


def distractor_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the lines of each model and kind of distractor by number of distractors."""
    rows, words = _rows_with(results, "distractors"), results.words
    models = list(dict.fromkeys(row.model for row in rows))
    kinds = list(dict.fromkeys(str(row.condition["distractors"]) for row in rows if row.condition["count"]))
    series, styles = {}, []
    for model_number, model in enumerate(models):
        for kind_number, kind in enumerate(kinds):
            kind_name = words.named("distractor", kind)
            # the row without distractors is the first point of every kind
            series[f"{model}, {kind_name}" if len(models) > 1 else kind_name] = {
                int(row.condition["count"]): row.metrics[results.headline.metric]
                for row in rows
                if row.model == model and (row.condition["distractors"] == kind or not row.condition["count"])
            }
            # one model: one colour per kind; several models: one colour per model, one dash per kind
            styles.append((model_number if len(models) > 1 else kind_number, kind_number))
    limits = axis_limits(results.headline)
    return line_chart_plot(results, "distractors", series, styles, limits) if series else None


def recall_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the lines of recall at k of each retriever."""
    rows = results.table.rows
    series = {row.name: {k: row.metrics[f"recall_{k}"] for k in RECALL_AT} for row in rows}
    if not any(score.count for scores in series.values() for score in scores.values()):
        return None
    styles = [(number, number) for number in range(len(rows))]
    return line_chart_plot(results, "recall", series, styles, SHARE_LIMITS)


def _rows_with(results: BenchmarkResults, condition: str) -> list[TableRow]:
    return [row for row in results.table.rows if condition in row.condition]
