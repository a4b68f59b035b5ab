"""Contract and common style of all plots.

In: results of a benchmark. Out: a `PlotSpec`: the function that draws the figure, and its caption and numbers.
`render.py` turns it into PNG and SVG.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from opora.bench.results.i18n import NONE, Words
from opora.bench.results.markdown import Grid
from opora.bench.results.metrics import Column
from opora.metrics.bootstrap import Interval
from opora.report.results import BenchmarkResults
from opora.text.language_pack import language_pack

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 4.2
"""Width in inches; narrow enough that text of 9 points stays legible when a phone shrinks the plot."""
FONT_PT = 9
MARKERS = "osD^vPX*"
INK, FAINT, PAPER = "#1f2328", "#c9ced6", "#ffffff"
# Okabe and Ito 2008, distinct for colour-blind readers; the page replaces them by lighter ones in dark mode
COLORS = ("#0072b2", "#d55e00", "#00805d", "#b0568c", "#a87400", "#3b6fd4")
SHARE_LIMITS = (-0.03, 1.03)


class PlotSpec(NamedTuple):
    """A plot to be rendered.

    `alt` describes the content for readers who cannot see it; `numbers` are its values, where no table has them.
    """

    name: str
    caption: str
    draw: Callable[[], Figure]
    alt: str = ""
    numbers: Grid | None = None


PlotKind = Callable[[BenchmarkResults], PlotSpec | None]
"""Plans one plot of a benchmark, or None where the benchmark has no data for it."""


def new_figure(height: float, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """Return a figure `height` inches high, with `rows` axes below one another that share the x-axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained", facecolor=PAPER)
    axes = figure.subplots(rows, sharex=True, squeeze=False, subplot_kw={"facecolor": "none"})
    return figure, list(axes[:, 0])


def style_axes(axes: Axes, grid: str) -> None:
    """Set fonts, a faint grid along `grid` (x, y, both or empty) and a line at the bottom."""
    if grid:
        axes.grid(axis=grid, color=FAINT, linewidth=0.6)  # type: ignore[arg-type]
        axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=FONT_PT, length=0)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(INK)
        label.set_fontsize(FONT_PT)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(FAINT)


def add_legend(axes: Axes, entries: int) -> None:
    """Put a legend above the axes."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.legend(loc="outside upper left", ncols=min(entries, 2), frameon=False, fontsize=FONT_PT, labelcolor=INK)


def format_ticks(axes: Axes, words: Words, axis: str) -> None:
    """Write the ticks of `axis` (x or y) with the decimal separator of the language."""
    from matplotlib.ticker import FuncFormatter

    mark = language_pack(words.language).decimal_mark
    formatter = FuncFormatter(lambda value, _: f"{value:g}".replace(".", mark).replace("-", "−"))
    (axes.xaxis if axis == "x" else axes.yaxis).set_major_formatter(formatter)


def set_log_scale(axes: Axes, words: Words) -> None:
    """Make the x-axis logarithmic, with ticks at 1, 2 and 5 of each decade."""
    from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0), numticks=9))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    format_ticks(axes, words, "x")


def error_bars(intervals: Sequence[Interval]) -> list[list[float]]:
    """Return the lengths of the error bars below and above each mean, as matplotlib expects them."""
    means = [interval.mean or 0.0 for interval in intervals]
    lows = [mean if interval.low is None else interval.low for mean, interval in zip(means, intervals, strict=True)]
    highs = [mean if interval.high is None else interval.high for mean, interval in zip(means, intervals, strict=True)]
    return [
        [max(0.0, mean - low) for mean, low in zip(means, lows, strict=True)],
        [max(0.0, high - mean) for mean, high in zip(means, highs, strict=True)],
    ]


def axis_limits(column: Column) -> tuple[float, float]:
    """Return the limits of an axis for a metric. It starts at zero, because bars are read by their length."""
    high = column.scale[1]
    return -0.03 * high, 1.03 * high


def series_color(number: int) -> str:
    """Return the colour of a series; colours repeat after the last."""
    return COLORS[number % len(COLORS)]


def plain_text(text: str, max_chars: int = 28) -> str:
    """Return a label that matplotlib neither reads as mathematics nor hides, cut to `max_chars`."""
    label = text if len(text) <= max_chars else text[: max_chars - 1] + "…"
    return label.replace("$", r"\$").removeprefix("_")


def describe(labels: Sequence[str], heads: Sequence[str], lines: Sequence[Sequence[str]], words: Words) -> str:
    """Return the numbers of a plot as sentences: 'hybrid: 1 – 0.66, 3 – 0.93.'"""
    sentences = []
    for label, line in zip(labels, lines, strict=True):
        parts = ", ".join(f"{head} {NONE} {value}" for head, value in zip(heads, line, strict=True))
        sentences.append(words("plots.range", label=label, parts=parts))
    return " ".join(sentences)
