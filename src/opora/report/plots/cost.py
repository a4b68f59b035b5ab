"""Plots of quality against cost: the headline metric against seconds and against tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opora.bench.results.markdown import MAX_ACROSS
from opora.report.plots import base
from opora.report.results import BenchmarkResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def seconds_plot(results: BenchmarkResults) -> base.PlotSpec | None:
    """Plan the plot of the headline metric against seconds per answer."""
    return _cost_plot(results, "seconds", "seconds")


def tokens_plot(results: BenchmarkResults) -> base.PlotSpec | None:
    """Plan the plot of the headline metric against tokens per answer, read and generated."""
    return _cost_plot(results, "tokens", "prompt_tokens", "answer_tokens")


def _cost_plot(results: BenchmarkResults, name: str, *metrics: str) -> base.PlotSpec | None:
    """Plan a scatter plot in which all rows of one model share a colour. `metrics` are added up to the cost."""
    rows, words, column, names = results.table.rows, results.words, results.headline, results.row_names
    label, x_label = words.label(column), words(f"plots.{name}_axis")
    costs = {row.name: sum(row.metrics[metric].mean or 0.0 for metric in metrics) for row in rows}
    shown = [row for row in rows if costs[row.name] > 0 and row.metrics[column.metric].mean is not None]
    if not shown:
        return None

    def draw(panels: Sequence[Axes]) -> None:
        from matplotlib.ticker import LogLocator, NullLocator

        [axes] = panels
        for number, model in enumerate(dict.fromkeys(row.model for row in rows)):
            own = [row for row in shown if row.model == model]
            if own:
                scores = [row.metrics[column.metric] for row in own]
                style = base.series_style(number, model)
                base.draw_scores(axes, [costs[row.name] for row in own], scores, "y", **style)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0), numticks=9))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(min(costs[row.name] for row in shown) / 1.6, max(costs[row.name] for row in shown) * 1.6)
        axes.set_ylim(*base.axis_limits(column))
        axes.set_xlabel(x_label)
        axes.set_ylabel(base.plain_text(label))
        base.style_axes(axes, words, grid="xy")

    values = (
        f"{names[row.name]}: {words.number(costs[row.name])}, {label} {words.interval(row.metrics[column.metric])}"
        for row in shown
    )
    alt = "; ".join(values) if len(shown) <= MAX_ACROSS else words("plots.see")
    return base.PlotSpec(f"cost-{name}", words(f"plots.{name}", metric=label), 3.0, draw, alt)
