"""How the plots of a report are drawn: for paper as PNG, for the page as SVG that takes the page's colours.

In: a function that draws a figure. Out: its pictures, with what they show in words and numbers.

    plot = draw_plot(Drawn("kinds", "Key facts by kind.", draw))
    (folder / f"{plot.name}.png").write_bytes(plot.png)
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from opora.bench.results.i18n import Words, capital
from opora.bench.results.markdown import Grid
from opora.bench.results.metrics import Column, scale_of
from opora.metrics.bootstrap import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 4.2
"""Narrow enough that letters of 9 points can still be read when a phone shrinks the plot."""
LETTERS_PT = 9
MARKERS = "osD^vPX*"
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "ooo")
"""So that bars are told apart in print too."""
INK, FAINT, PAPER = "#1f2328", "#c9ced6", "#ffffff"
# Okabe and Ito 2008, told apart by colour-blind readers; the page has lighter ones for dark
COLORS = ("#0072b2", "#d55e00", "#00805d", "#b0568c", "#a87400", "#3b6fd4")
VARIABLES = {INK: "--ink", FAINT: "--grid", PAPER: "--paper"} | {
    color: f"--series-{number}" for number, color in enumerate(COLORS, 1)
}
"""Colour -> the variable of the page's style sheet that stands in its place."""

Draw = Callable[[], "Figure"]


class Drawn(NamedTuple):
    """A plot to be drawn. `caption` is for readers; `alt` says in words what it shows, for those who do not see it;
    `numbers` are given beside it where no table has them."""

    name: str
    caption: str
    draw: Draw
    alt: str = ""
    numbers: Grid | None = None


class Plot(NamedTuple):
    """A plot with its pictures: bytes of the PNG, and the SVG as an element of a page."""

    name: str
    caption: str
    alt: str
    numbers: Grid | None
    png: bytes
    svg: str


def draw_plot(drawn: Drawn) -> Plot:
    """The same figure gives the same pictures."""
    caption = capital(drawn.caption)
    alt = f"{caption} {drawn.alt}".strip()
    png, svg = _pictures(drawn)
    return Plot(drawn.name, caption, alt, drawn.numbers, png, _element(svg))


def new_figure(height: float, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of `height` inches with axes below one another, over the same x."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained", facecolor=PAPER)
    axes = figure.subplots(rows, sharex=True, squeeze=False, subplot_kw={"facecolor": "none"})
    return figure, list(axes[:, 0])


def style_axes(axes: Axes, grid: str) -> None:
    """Letters, a faint grid and a line at the bottom."""
    if grid:
        axes.grid(axis=grid, color=FAINT, linewidth=0.6)  # type: ignore[arg-type]
        axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=LETTERS_PT, length=0)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(INK)
        label.set_fontsize(LETTERS_PT)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(FAINT)


def add_legend(axes: Axes, entries: int) -> None:
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.legend(loc="outside upper left", ncols=min(entries, 2), frameon=False, fontsize=LETTERS_PT, labelcolor=INK)


def write_numbers(axes: Axes, words: Words, axis: str) -> None:
    """Ticks of an axis as the language writes numbers."""
    from matplotlib.ticker import FuncFormatter

    written = FuncFormatter(lambda value, _: f"{value:g}".replace(".", words.number(0.0, 1)[1]).replace("-", "−"))
    for name in axis:
        (axes.xaxis if name == "x" else axes.yaxis).set_major_formatter(written)


def count_by_ten(axes: Axes, words: Words) -> None:
    """A logarithmic x with numbers that are read at a glance, however little it spans."""
    from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0), numticks=9))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    write_numbers(axes, words, "x")


def arms(intervals: Sequence[Interval]) -> list[list[float]]:
    """Lengths of the arms below and above each mean."""
    means = [each.mean or 0.0 for each in intervals]
    lows = [mean if each.low is None else each.low for mean, each in zip(means, intervals, strict=True)]
    highs = [mean if each.high is None else each.high for mean, each in zip(means, intervals, strict=True)]
    return [
        [max(0.0, mean - low) for mean, low in zip(means, lows, strict=True)],
        [max(0.0, high - mean) for mean, high in zip(means, highs, strict=True)],
    ]


def limits_of(column: Column) -> tuple[float, float]:
    """Of an axis, which begins at zero: bars are read by their length."""
    high = scale_of(column)[1]
    return -0.03 * high, 1.03 * high


def color(number: int) -> str:
    return COLORS[number % len(COLORS)]


def plain(text: str, most: int = 28) -> str:
    """A text that matplotlib does not take for mathematics, nor for a label to hide."""
    shown = text if len(text) <= most else text[: most - 1] + "…"
    return shown.replace("$", r"\$").removeprefix("_")


def _pictures(drawn: Drawn) -> tuple[bytes, str]:
    """PNG and SVG of one figure."""
    import matplotlib

    style: Any = {
        "svg.hashsalt": drawn.name, "svg.fonttype": "none", "lines.markersize": 5, "errorbar.capsize": 2,
        "hatch.linewidth": 0.6,
    }  # fmt: skip
    png, svg = io.BytesIO(), io.StringIO()
    with matplotlib.rc_context(style):
        figure = drawn.draw()
        figure.savefig(png, format="png", dpi=160)
        figure.set_layout_engine("none")  # laid out already
        figure.savefig(svg, format="svg", metadata={"Date": None})
    return png.getvalue(), svg.getvalue()


def _element(svg: str) -> str:
    """An SVG file as an element of a page: no prologue, no names to clash with those of other plots, the page's colours
    and letters. What it shows is said by the element around it."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r' xmlns(:xlink)?="[^"]*"', "", element).replace("xlink:href", "href")
    element = re.sub(r'<g id="[^"]*">', "<g>", element)
    element = re.sub(r"<!--.*?-->", "", element, flags=re.DOTALL)
    element = re.sub(r"font: (?:\w+ )*?([\d.]+px) [^;\"]*", r"font-size: \1", element)
    for hexadecimal, variable in VARIABLES.items():
        element = element.replace(hexadecimal, f"var({variable})")
    return element.replace("<svg ", '<svg aria-hidden="true" ', 1)
