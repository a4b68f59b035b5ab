"""Plots of the conditions that a benchmark varies: position of the gold passage, number and order of passages,
distractors, and the number of passages that a retriever returns."""

from __future__ import annotations

from opora.bench.results.metrics import RECALL_AT
from opora.bench.results.table import TableRow
from opora.metrics.bootstrap import Interval
from opora.report.plots.base import SHARE_LIMITS, PlotSpec, axis_limits
from opora.report.plots.heat_map import HeatMap, heat_map_plot
from opora.report.plots.line_chart import ChartLine, LineChart, line_chart_plot
from opora.report.results import BenchmarkResults


def gold_position_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the heat map of models by position of the gold passage."""
    rows, words = _rows_with(results, "slot"), results.words
    if not rows:
        return None
    slots = sorted({int(row.condition["slot"]) for row in rows})
    models = list(dict.fromkeys(row.model for row in rows))
    scores = {(row.model, int(row.condition["slot"])): _score(results, row) for row in rows}
    cells = [[scores.get((model, slot)) for slot in slots] for model in models]
    heat_map = HeatMap(models, [str(slot) for slot in slots], cells, words("plots.slot"))
    metric = words.label(results.headline)
    caption = words("plots.slots", metric=metric, passages=rows[0].condition["passages"])
    return heat_map_plot("slots", caption, heat_map, results)


def passage_order_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the heat map of models and passage orders by number of passages."""
    rows, words = _rows_with(results, "order"), results.words
    if not rows:
        return None
    counts = sorted({int(row.condition["passages"]) for row in rows})
    pairs = list(dict.fromkeys((row.model, str(row.condition["order"])) for row in rows))
    scores = {(row.model, row.condition["order"], row.condition["passages"]): _score(results, row) for row in rows}
    order_names = {order: words.named("order", order) for _, order in pairs}
    several_models = len({model for model, _ in pairs}) > 1
    labels = [f"{model}, {order_names[order]}" if several_models else order_names[order] for model, order in pairs]
    cells = [[scores.get((model, order, count)) for count in counts] for model, order in pairs]
    heat_map = HeatMap(labels, [str(count) for count in counts], cells, words("plots.passages"))
    return heat_map_plot("orders", words("plots.orders", metric=words.label(results.headline)), heat_map, results)


def distractor_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the lines of each model and kind of distractor by number of distractors."""
    rows, words = _rows_with(results, "distractors"), results.words
    models = list(dict.fromkeys(row.model for row in rows))
    kinds = list(dict.fromkeys(str(row.condition["distractors"]) for row in rows if row.condition["count"]))
    lines = []
    for model_number, model in enumerate(models):
        for kind_number, kind in enumerate(kinds):
            # the row without distractors is the first point of every kind
            own = [
                row
                for row in rows
                if row.model == model and (row.condition["distractors"] == kind or not row.condition["count"])
            ]
            label = ", ".join([*([model] if len(models) > 1 else []), words.named("distractor", kind)])
            points = {int(row.condition["count"]): _score(results, row) for row in own}
            # one model: one colour per kind; several models: one colour per model, one dash per kind
            color = model_number if len(models) > 1 else kind_number
            lines.append(ChartLine(label, color, kind_number, points))
    if not lines:
        return None
    caption = words("plots.distractors", metric=words.label(results.headline))
    chart = LineChart(lines, words("plots.count"), axis_limits(results.headline))
    return line_chart_plot("distractors", caption, chart, words)


def recall_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the lines of recall at k of each retriever."""
    rows, words = results.table.rows, results.words
    if not any(row.metrics[f"recall_{k}"].count for row in rows for k in RECALL_AT):
        return None
    lines = [
        ChartLine(row.name, number, number, {k: row.metrics[f"recall_{k}"] for k in RECALL_AT})
        for number, row in enumerate(rows)
    ]
    return line_chart_plot("recall", words("plots.recall"), LineChart(lines, words("plots.k"), SHARE_LIMITS), words)


def _rows_with(results: BenchmarkResults, condition: str) -> list[TableRow]:
    return [row for row in results.table.rows if condition in row.condition]


def _score(results: BenchmarkResults, row: TableRow) -> Interval:
    return row.metrics[results.headline.metric]
