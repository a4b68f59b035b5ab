"""Horizontal chart: one band per label, in each band one mark with its interval per series.

dot_chart("scores", "Scores by row.", RowChart(["accuracy"], {"base": [interval]}, [0], (0, 1)), words)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from opora.bench.results.i18n import Words
from opora.metrics.bootstrap import Interval
from opora.report.plots import base

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAND = 0.8
"""Share of the height of a band that the marks of all series occupy together."""
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "ooo")
"""Patterns of bars, so that they differ in black and white too."""

DrawSeries = Callable[["Axes", int, str, "Sequence[float]", "Sequence[Interval]"], None]
"""Draws one series: axes, number of its colour, label, heights of the marks, intervals."""


class RowChart(NamedTuple):
    """Data of a chart. `series` has one interval per label; `colors` has the number of the colour of each series;
    without `limits` the chart is centred on a line at zero."""

    labels: Sequence[str]
    series: Mapping[str, Sequence[Interval]]
    colors: Sequence[int]
    limits: tuple[float, float] | None


def dot_chart(name: str, caption: str, chart: RowChart, words: Words) -> base.PlotSpec | None:
    """Return a chart of dots with intervals; None without data."""

    def draw_series(
        axes: Axes, number: int, label: str, heights: Sequence[float], intervals: Sequence[Interval]
    ) -> None:
        axes.errorbar(
            _means(intervals), heights, xerr=base.error_bars(intervals), fmt=base.MARKERS[number % len(base.MARKERS)],
            color=base.series_color(number), label=label,
        )  # fmt: skip

    return _row_chart(name, caption, chart, words, draw_series)


def bar_chart(name: str, caption: str, chart: RowChart, words: Words) -> base.PlotSpec | None:
    """Return a chart of bars with intervals; None without data. A score of zero has no bar, only its interval."""
    thickness = BAND / max(1, len(chart.series))

    def draw_series(
        axes: Axes, number: int, label: str, heights: Sequence[float], intervals: Sequence[Interval]
    ) -> None:
        axes.barh(
            heights, _means(intervals), height=thickness, color=base.series_color(number), alpha=0.75,
            hatch=HATCHES[number % len(HATCHES)], edgecolor=base.INK, linewidth=0.4, label=label,
        )  # fmt: skip
        axes.errorbar(
            _means(intervals), heights, xerr=base.error_bars(intervals), fmt="none", ecolor=base.INK, elinewidth=1.0,
            capsize=min(2.0, 20 * thickness),
        )  # fmt: skip

    return _row_chart(name, caption, chart, words, draw_series)


def _row_chart(name: str, caption: str, chart: RowChart, words: Words, draw_series: DrawSeries) -> base.PlotSpec | None:
    if not chart.labels or not chart.series:
        return None

    def draw() -> Figure:
        count = len(chart.series)
        figure, [axes] = base.new_figure(0.9 + len(chart.labels) * (0.12 + 0.105 * count))
        step = BAND / count
        for rank, (number, (label, intervals)) in enumerate(zip(chart.colors, chart.series.items(), strict=True)):
            points = [(band, interval) for band, interval in enumerate(intervals) if interval.mean is not None]
            heights = [band - BAND / 2 + (rank + 0.5) * step for band, _ in points]
            draw_series(axes, number, base.plain_text(label), heights, [interval for _, interval in points])
        axes.set_yticks(range(len(chart.labels)), [base.plain_text(label) for label in chart.labels])
        axes.set_ylim(len(chart.labels) - 0.4, -0.6)
        if chart.limits:
            axes.set_xlim(*chart.limits)
        else:
            axes.axvline(0, color=base.INK, linewidth=1)
        base.format_ticks(axes, words, "x")
        base.style_axes(axes, "x")
        base.add_legend(axes, count)
        return figure

    return base.PlotSpec(name, caption, draw, words("plots.see"))


def _means(intervals: Sequence[Interval]) -> list[float]:
    return [interval.mean or 0.0 for interval in intervals]
