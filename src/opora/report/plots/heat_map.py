"""Heat map: scores in rows and columns, each cell shaded by its value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from opora.bench.results.i18n import NONE
from opora.bench.results.markdown import Grid
from opora.metrics.bootstrap import Interval
from opora.report.plots.base import FONT_PT, INK, PlotSpec, describe, new_figure, plain_text, series_color, style_axes
from opora.report.results import BenchmarkResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_ALPHA = 0.5
"""Opacity of a cell with the highest score; text on it stays legible in light and in dark mode."""


class HeatMap(NamedTuple):
    """Data of a heat map; a missing score is None."""

    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[Interval | None]]
    x_label: str


def heat_map_plot(name: str, caption: str, heat_map: HeatMap, results: BenchmarkResults) -> PlotSpec:
    """Plan a heat map of the headline metric."""
    column, words = results.headline, results.words
    low, high = column.scale

    def draw() -> Figure:
        figure, [axes] = new_figure(0.75 + 0.42 * len(heat_map.rows))
        for y, line in enumerate(heat_map.cells):
            for x, score in enumerate(line):
                if score is None or score.mean is None:
                    continue
                share = min(1.0, max(0.0, (score.mean - low) / (high - low)))
                draw_cell(axes, x, y, share, words.number(score.mean, column.digits))
        label_cells(axes, heat_map.columns, [plain_text(row, 24) for row in heat_map.rows])
        axes.set_xlabel(heat_map.x_label)
        style_axes(axes, "")
        return figure

    lines, means = [], []
    for label, cells in zip(heat_map.rows, heat_map.cells, strict=True):
        lines.append([label, *(NONE if cell is None else words.interval(cell, column.digits) for cell in cells)])
        means.append([NONE if cell is None else words.number(cell.mean, column.digits) for cell in cells])
    alt = describe(heat_map.rows, heat_map.columns, means, words)
    return PlotSpec(name, caption, draw, alt, Grid(heat_map.x_label, heat_map.columns, lines))


def draw_cell(axes: Axes, x: int, y: int, share: float, text: str) -> None:
    """Draw one cell, shaded by `share` (0 to 1), with `text` on it."""
    from matplotlib.patches import Rectangle

    shade = MAX_ALPHA * share
    axes.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=series_color(0), alpha=shade, linewidth=0))
    axes.text(x, y, text, ha="center", va="center", fontsize=FONT_PT - 1, color=INK)


def label_cells(axes: Axes, columns: Sequence[str], rows: Sequence[str]) -> None:
    """Label rows and columns, the first row at the top."""
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
