"""Plots of quality against cost: the headline metric against seconds and against tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opora.bench.results.markdown import MAX_ACROSS
from opora.report.plots import base
from opora.report.results import BenchmarkResults

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def seconds_plot(results: BenchmarkResults) -> base.PlotSpec | None:
    """Plan the plot of the headline metric against seconds per answer."""
    return _cost_plot(results, "seconds", ("seconds",), results.words("plots.second_axis"))


def tokens_plot(results: BenchmarkResults) -> base.PlotSpec | None:
    """Plan the plot of the headline metric against tokens per answer, read and generated."""
    return _cost_plot(results, "tokens", ("prompt_tokens", "answer_tokens"), results.words("plots.token_axis"))


def _cost_plot(results: BenchmarkResults, name: str, metrics: Sequence[str], x_label: str) -> base.PlotSpec | None:
    """Plan a scatter plot in which all rows of one model share a colour. `metrics` are added up to the cost."""
    table, words, column, names = results.table, results.words, results.headline, results.row_names
    costs = [sum(row.metrics[metric].mean or 0.0 for metric in metrics) for row in table.rows]
    scored = ((row, cost, row.metrics[column.metric]) for row, cost in zip(table.rows, costs, strict=True))
    points = [(row, cost, score) for row, cost, score in scored if cost > 0 and score.mean is not None]
    models = list(dict.fromkeys(row.model for row in table.rows))
    if not points:
        return None
    lowest, highest = min(cost for _, cost, _ in points), max(cost for _, cost, _ in points)

    def draw() -> Figure:
        figure, [axes] = base.new_figure(3.0)
        for number, model in enumerate(models):
            own = [(cost, score) for row, cost, score in points if row.model == model]
            if not own:
                continue
            axes.errorbar(
                [cost for cost, _ in own], [score.mean or 0.0 for _, score in own],
                yerr=base.error_bars([score for _, score in own]), fmt=base.MARKERS[number % len(base.MARKERS)],
                color=base.series_color(number), label=base.plain_text(model),
            )  # fmt: skip
        base.set_log_scale(axes, words)
        axes.set_xlim(lowest / 1.6, highest * 1.6)
        axes.set_ylim(*base.axis_limits(column))
        axes.set_xlabel(x_label)
        axes.set_ylabel(base.plain_text(words.label(column)))
        base.format_ticks(axes, words, "y")
        base.style_axes(axes, "both")
        base.add_legend(axes, len(models))
        return figure

    label = words.label(column)
    values = (
        f"{names[row.name]}: {words.number(cost)}, {label} {words.interval(score)}" for row, cost, score in points
    )
    alt = "; ".join(values) if len(points) <= MAX_ACROSS else words("plots.see")
    return base.PlotSpec(f"cost-{name}", words(f"plots.{name}", metric=label), draw, alt)
