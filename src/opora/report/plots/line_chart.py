"""Line chart: scores with intervals over whole numbers, such as the number of passages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from opora.bench.results.i18n import Words
from opora.bench.results.markdown import Grid
from opora.metrics.bootstrap import Interval
from opora.report.plots import base

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DASHES = ("-", "--", ":", "-.")


class ChartLine(NamedTuple):
    """One line of a chart; `color` and `dash` are numbers of its style, `points` maps x to a score."""

    label: str
    color: int
    dash: int
    points: Mapping[int, Interval]


class LineChart(NamedTuple):
    """Data of a line chart, with the limits of its y-axis."""

    lines: Sequence[ChartLine]
    x_label: str
    limits: tuple[float, float]


def line_chart_plot(name: str, caption: str, chart: LineChart, words: Words) -> base.PlotSpec:
    """Plan a line chart."""
    ticks = sorted({x for line in chart.lines for x in line.points})

    def draw() -> Figure:
        figure, [axes] = base.new_figure(3.0)
        for number, line in enumerate(chart.lines):
            points = {x: score for x, score in sorted(line.points.items()) if score.mean is not None}
            # shift the lines a little, so that error bars at the same x do not overlap
            shift = 0.012 * (ticks[-1] - ticks[0]) * (number - (len(chart.lines) - 1) / 2)
            axes.errorbar(
                [x + shift for x in points], [score.mean or 0.0 for score in points.values()],
                yerr=base.error_bars(list(points.values())), color=base.series_color(line.color),
                fmt=base.MARKERS[number % len(base.MARKERS)], linestyle=DASHES[line.dash % len(DASHES)], linewidth=1.5,
                elinewidth=0.8, label=base.plain_text(line.label),
            )  # fmt: skip
        axes.set_ylim(*chart.limits)
        axes.set_xticks(ticks)
        axes.set_xlabel(chart.x_label)
        base.format_ticks(axes, words, "y")
        base.style_axes(axes, "y")
        base.add_legend(axes, len(chart.lines))
        return figure

    heads = [str(x) for x in ticks]
    values = [[line.label, *(words.interval(line.points[x]) for x in ticks)] for line in chart.lines]
    means = [[words.number(line.points[x].mean) for x in ticks] for line in chart.lines]
    alt = base.describe([line.label for line in chart.lines], heads, means, words)
    return base.PlotSpec(name, caption, draw, alt, Grid(chart.x_label, heads, values))
