"""Horizontal chart: one band per label, in each band one dot or bar with its interval per series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from opora.bench.results.markdown import MAX_ACROSS
from opora.metrics.bootstrap import Interval
from opora.report.plots import base
from opora.report.results import BenchmarkResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAND = 0.8
"""Share of the height of a band that the marks of all series occupy together."""
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "ooo")
"""Patterns of bars, so that they differ in black and white too."""


class RowChart(NamedTuple):
    """Data of a chart: `series` has one interval per label for rows of the table, by their display names.

    Without `limits` the chart is centred on a line at zero. In a chart of `bars` a score of zero has only its interval.
    """

    labels: Sequence[str]
    series: Mapping[str, Sequence[Interval]]
    limits: base.Limits | None = None
    bars: bool = False


def row_chart_plot(results: BenchmarkResults, name: str, chart: RowChart) -> base.PlotSpec | None:
    """Plan a chart; None without data and for a table of many rows."""
    words, count = results.words, len(chart.series)
    if not chart.labels or not chart.series or len(results.table.rows) > MAX_ACROSS:
        return None
    numbers = {row_name: number for number, row_name in enumerate(results.row_names.values())}
    thickness = BAND / count

    def draw(panels: Sequence[Axes]) -> None:
        [axes] = panels
        for rank, (label, intervals) in enumerate(chart.series.items()):
            points = [(band, interval) for band, interval in enumerate(intervals) if interval.mean is not None]
            heights = [band - BAND / 2 + (rank + 0.5) * thickness for band, _ in points]
            scores = [interval for _, interval in points]
            number = numbers[label]
            style = base.series_style(number, label)
            if chart.bars:
                bar = {"color": style["color"], "label": style["label"], "hatch": HATCHES[number % len(HATCHES)]}
                means = [score.mean or 0.0 for score in scores]
                axes.barh(heights, means, height=thickness, alpha=0.75, edgecolor=base.INK, linewidth=0.4, **bar)
                style = {"fmt": "none", "ecolor": base.INK, "elinewidth": 1.0, "capsize": min(2.0, 20 * thickness)}
            base.draw_scores(axes, heights, scores, "x", **style)
        axes.set_yticks(range(len(chart.labels)), [base.plain_text(label) for label in chart.labels])
        axes.set_ylim(len(chart.labels) - 0.4, -0.6)
        if chart.limits:
            axes.set_xlim(*chart.limits)
        else:
            axes.axvline(0, color=base.INK, linewidth=1)
        base.style_axes(axes, words, grid="x")

    height = 0.9 + len(chart.labels) * (0.12 + 0.105 * count)
    caption = words(f"plots.{name}", metric=words.label(results.headline))
    return base.PlotSpec(name, caption, height, draw, words("plots.see"))
