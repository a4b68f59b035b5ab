"""Heat map and line chart: scores of several series over whole numbers, such as positions or counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from opora.bench.results.i18n import NONE, Words
from opora.bench.results.markdown import Grid
from opora.metrics.bootstrap import Interval
from opora.report.plots import base
from opora.report.results import BenchmarkResults
from opora.report.tables.base import shade_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_ALPHA = 0.5
"""Opacity of a cell with the highest score; text on it stays legible in light and in dark mode."""
DASHES = ("-", "--", ":", "-.")
NO_SCORE = Interval(mean=None, low=None, high=None, count=0)
ScoreSeries = Mapping[str, Mapping[int, Interval]]
"""Label of a series -> position or count -> score."""


def heat_map_plot(results: BenchmarkResults, name: str, caption: str, series: ScoreSeries) -> base.PlotSpec:
    """Plan a heat map of the headline metric with one line per series."""
    column, words = results.headline, results.words
    x_label, ticks = words(f"plots.{name}_axis"), _ticks(series)

    def draw(panels: Sequence[Axes]) -> None:
        [axes] = panels
        scores = [[points.get(tick, NO_SCORE) for tick in ticks] for points in series.values()]
        cells = [[(shade_of(score, column), words.number(score.mean)) for score in line] for line in scores]
        draw_heat_map(axes, [base.plain_text(label, 24) for label in series], list(map(str, ticks)), cells)
        axes.set_xlabel(x_label)
        base.style_axes(axes, words)

    alt, numbers = _in_words(series, x_label, words)
    return base.PlotSpec(name, caption, 0.75 + 0.42 * len(series), draw, alt, numbers)


def line_chart_plot(
    results: BenchmarkResults, name: str, series: ScoreSeries, styles: Sequence[tuple[int, int]], limits: base.Limits
) -> base.PlotSpec:
    """Plan a line chart. `styles`: numbers of the colour and the dashes of each line; `limits`: those of the y-axis."""
    words, ticks = results.words, _ticks(series)
    x_label = words(f"plots.{name}_axis")

    def draw(panels: Sequence[Axes]) -> None:
        [axes] = panels
        for number, (label, points) in enumerate(series.items()):
            # shift the lines a little, so that error bars at the same x do not overlap
            shift = 0.012 * (ticks[-1] - ticks[0]) * (number - (len(series) - 1) / 2)
            shown = {tick + shift: score for tick, score in sorted(points.items()) if score.mean is not None}
            color, dash = styles[number]
            lines = {"linestyle": DASHES[dash % len(DASHES)], "linewidth": 1.5, "elinewidth": 0.8}
            style = {**base.series_style(number, label), "color": base.series_color(color), **lines}
            base.draw_scores(axes, list(shown), list(shown.values()), "y", **style)
        axes.set_ylim(*limits)
        axes.set_xticks(ticks)
        axes.set_xlabel(x_label)
        base.style_axes(axes, words, grid="y")

    alt, numbers = _in_words(series, x_label, words)
    caption = words(f"plots.{name}", metric=words.label(results.headline))
    return base.PlotSpec(name, caption, 3.0, draw, alt, numbers)


def draw_heat_map(
    axes: Axes, rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[tuple[float | None, str]]]
) -> None:
    """Draw cells with a text on a shade from 0 to 1, the first row at the top; without a shade, a cell stays empty."""
    from matplotlib.patches import Rectangle

    color = base.series_color(0)
    for y, line in enumerate(cells):
        for x, (shade, text) in enumerate(line):
            if shade is None:
                continue
            alpha = MAX_ALPHA * shade
            axes.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=color, alpha=alpha, linewidth=0))
            axes.text(x, y, text, ha="center", va="center", fontsize=base.FONT_PT - 1, color=base.INK)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)


def _ticks(series: ScoreSeries) -> list[int]:
    return sorted({tick for points in series.values() for tick in points})


def _in_words(series: ScoreSeries, x_label: str, words: Words) -> tuple[str, Grid]:
    """Return the scores as sentences, 'hybrid: 1 – 0.66, 3 – 0.93.', and as a grid."""
    ticks, sentences, lines = _ticks(series), [], []
    for label, points in series.items():
        scores = {tick: points.get(tick, NO_SCORE) for tick in ticks}
        parts = ", ".join(f"{tick} {NONE} {words.number(score.mean)}" for tick, score in scores.items())
        sentences.append(words("plots.range", label=label, parts=parts))
        lines.append([label, *map(words.interval, scores.values())])
    return " ".join(sentences), Grid(x_label, list(map(str, ticks)), lines)
