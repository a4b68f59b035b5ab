"""Contract and common style of all plots; `render.py` turns a `PlotSpec` into PNG and SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from opora.bench.results.i18n import Words
from opora.bench.results.markdown import Grid
from opora.bench.results.metrics import Column
from opora.metrics.bootstrap import Interval
from opora.report.results import BenchmarkResults
from opora.text.language_pack import language_pack

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_IN = 4.2
"""Width in inches; narrow enough that text of 9 points stays legible when a phone shrinks the plot."""
FONT_PT = 9
MARKERS = "osD^vPX*"
INK, FAINT, PAPER = "#1f2328", "#c9ced6", "#ffffff"
# Okabe and Ito 2008, distinct for colour-blind readers; the page replaces them by lighter ones in dark mode
COLORS = ("#0072b2", "#d55e00", "#00805d", "#b0568c", "#a87400", "#3b6fd4")
Limits = tuple[float, float]
"""Ends of an axis."""
SHARE_LIMITS: Limits = (-0.03, 1.03)


class PlotSpec(NamedTuple):
    """A plot to be rendered: `draw` fills `panels` axes below one another, in a figure `height` inches high.

    `alt` describes the content for readers who cannot see it; `numbers` are its values, where no table has them.
    """

    name: str
    caption: str
    height: float
    draw: Callable[[Sequence[Axes]], None]
    alt: str = ""
    numbers: Grid | None = None
    panels: int = 1


PlotKind = Callable[[BenchmarkResults], PlotSpec | None]
"""Plans one plot of a benchmark, or None where the benchmark has no data for it."""


def draw_scores(axes: Axes, places: Sequence[float], scores: Sequence[Interval], along: str, **style: Any) -> None:
    """Draw means with their intervals `along` the x- or y-axis, at `places` on the other axis."""
    means = [score.mean or 0.0 for score in scores]
    pairs = list(zip(means, scores, strict=True))
    below = [0.0 if score.low is None else max(0.0, mean - score.low) for mean, score in pairs]
    above = [0.0 if score.high is None else max(0.0, score.high - mean) for mean, score in pairs]
    x, y = (means, places) if along == "x" else (places, means)
    style[f"{along}err"] = [below, above]
    axes.errorbar(x, y, **style)


def style_axes(axes: Axes, words: Words, grid: str = "") -> None:
    """Set fonts, a line at the bottom and a legend above. Each axis in `grid` (x, y or xy) gets a faint grid, and ticks
    with the decimal separator of the language."""
    from matplotlib.ticker import FuncFormatter

    mark = language_pack(words.language).decimal_mark
    for name in grid:
        axis = axes.xaxis if name == "x" else axes.yaxis
        axis.grid(color=FAINT, linewidth=0.6)
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace(".", mark).replace("-", "−")))
        axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=FONT_PT, length=0)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(INK)
        label.set_fontsize(FONT_PT)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(FAINT)
    figure = axes.get_figure(root=True)
    if figure and axes.get_legend_handles_labels()[0]:
        figure.legend(loc="outside upper left", ncols=2, frameon=False, fontsize=FONT_PT, labelcolor=INK)


def axis_limits(column: Column) -> Limits:
    """Return the limits of an axis for a metric. It starts at zero, because bars are read by their length."""
    high = column.scale[1]
    return -0.03 * high, 1.03 * high


def series_color(number: int) -> str:
    """Return the colour of a series; colours repeat after the last."""
    return COLORS[number % len(COLORS)]


def series_style(number: int, label: str) -> dict[str, Any]:
    """Return colour, marker and label of a series."""
    return {"color": series_color(number), "fmt": MARKERS[number % len(MARKERS)], "label": plain_text(label)}


def plain_text(text: str, max_chars: int = 28) -> str:
    """Return a label that matplotlib neither reads as mathematics nor hides, cut to `max_chars`."""
    label = text if len(text) <= max_chars else text[: max_chars - 1] + "…"
    return label.replace("$", r"\$").removeprefix("_")
