"""Plots of a table, each drawn for paper, for a light and for a dark page.

In: a `Table`. Out: figures by name, as PNG for a folder and as SVG for a page.

    for plot in draw_plots(table):
        (folder / f"{plot.name}.png").write_bytes(plot.png)
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from opora.bench.columns import COLUMNS, Column
from opora.bench.table import Table, TableRow, headline
from opora.metrics.interval import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 4.2
"""Narrow enough that letters of 9 points can still be read when a phone shrinks the plot."""
LETTERS_PT = 9
BAND = 0.8
"""Share of a line's height that the marks of all models take together."""
MARKERS = "osD^vPX*"


class Theme(NamedTuple):
    """Colours of one page; a model has the same place in `models` everywhere."""

    ink: str
    faint: str
    paper: str
    models: tuple[str, ...]


# Okabe and Ito 2008, told apart by colour-blind readers; lighter on a dark page
LIGHT = Theme("#1f2328", "#c9ced6", "#ffffff", ("#0072b2", "#d55e00", "#00805d", "#b0568c", "#a87400", "#3b6fd4"))
DARK = Theme("#e6e8eb", "#4a515c", "#161a20", ("#56b4e9", "#ff9355", "#35d0a0", "#eda6d0", "#f2c14e", "#a9b8ff"))


class Plot(NamedTuple):
    """One plot: `name` for files, `caption` for readers, the bytes of its pictures."""

    name: str
    caption: str
    png: bytes
    light: bytes
    dark: bytes


class Lines(NamedTuple):
    """What a plot of dots shows: a line a label, on it an interval a model."""

    labels: Sequence[str]
    series: Mapping[str, Sequence[Interval | None]]
    colors: Sequence[int]
    """The place of each model of `series` among the colours."""
    is_difference: bool = False


Draw = Callable[[Theme], "Figure"]


def draw_plots(table: Table) -> list[Plot]:
    """The plots that a table has data for."""
    planned: list[tuple[str, str, Draw | None]] = [
        ("scores", "Scores by model, with 95 % intervals; more is better.", _scores(table, "up")),
        ("mistakes", "Refusals where none was due, and none where one was; less is better.", _scores(table, "down")),
        ("differences", "Paired difference, with 95 % intervals.", _differences(table)),
        ("kinds", f"{headline(table).label} by kind of question.", _groups(table, "by_kind")),
        ("domains", f"{headline(table).label} by domain.", _groups(table, "by_domain")),
        ("cost", f"{headline(table).label} against seconds an answer; up and to the left is better.", _cost(table)),
    ]
    return [draw_plot(name, caption, draw) for name, caption, draw in planned if draw]


def draw_plot(name: str, caption: str, draw: Draw) -> Plot:
    """What `draw` draws, for paper and for both pages."""
    return Plot(name, caption, _bytes(draw, LIGHT, "png"), _bytes(draw, LIGHT, "svg"), _bytes(draw, DARK, "svg"))


def _scores(table: Table, better: str) -> Draw | None:
    columns = [column for column in _shares(better) if any(row.metrics[column.metric].count for row in table.rows)]
    return _dots(
        Lines(
            [column.label for column in columns],
            {row.name: [row.metrics[column.metric] for column in columns] for row in table.rows},
            range(len(table.rows)),
        )
    )


def _differences(table: Table) -> Draw | None:
    columns = [*_shares("up"), *_shares("down")]
    compared = [(number, row) for number, row in enumerate(table.rows) if row.against]
    columns = [column for column in columns if any(row.differences[column.metric].count for _, row in compared)]
    return _dots(
        Lines(
            [f"{column.label} {'↑' if column.better == 'up' else '↓'}" for column in columns],
            {row.name: [row.differences[column.metric] for column in columns] for _, row in compared},
            [number for number, _ in compared],
            is_difference=True,
        )
    )


def _groups(table: Table, attribute: str) -> Draw | None:
    def groups(row: TableRow) -> dict[str, dict[str, Interval]]:
        return row.by_kind if attribute == "by_kind" else row.by_domain

    labels = list(groups(table.rows[0]))
    if len(labels) < 2:
        return None
    series = {row.name: [groups(row)[label][headline(table).metric] for label in labels] for row in table.rows}
    return _dots(Lines([label or "none" for label in labels], series, range(len(table.rows))))


def _cost(table: Table) -> Draw | None:
    points = [(row, row.metrics["seconds"], row.metrics[headline(table).metric]) for row in table.rows]
    points = [each for each in points if each[1].mean is not None and each[2].mean is not None]

    def draw(theme: Theme) -> Figure:
        figure, [axes] = new_figure(theme, 3.0)
        for number, (row, seconds, score) in enumerate(points):
            axes.errorbar(
                [max(seconds.mean or 0.0, 1e-3)],
                [score.mean or 0.0],
                yerr=_arms([score]),
                fmt=MARKERS[number % len(MARKERS)],
                color=_color(theme, number),
                label=_plain(row.name),
            )
        axes.set_xscale("log")
        axes.set_ylim(-0.03, 1.03)
        axes.margins(x=0.25)
        axes.set_xlabel("seconds an answer (log)")
        axes.set_ylabel("key-fact score")
        _finish(axes, theme, len(points), grid="both")
        return figure

    return draw if points else None


def _dots(lines: Lines) -> Draw | None:
    """Dots with intervals: a line a label, the models side by side on it."""
    if not lines.labels or not lines.series:
        return None

    def draw(theme: Theme) -> Figure:
        count = len(lines.series)
        figure, [axes] = new_figure(theme, 0.9 + len(lines.labels) * (0.12 + 0.105 * count))
        step = BAND / count
        for place, (number, (name, intervals)) in enumerate(zip(lines.colors, lines.series.items(), strict=True)):
            known = [(line, each) for line, each in enumerate(intervals) if each and each.mean is not None]
            axes.errorbar(
                [each.mean or 0.0 for _, each in known],
                [line - BAND / 2 + (place + 0.5) * step for line, _ in known],
                xerr=_arms([each for _, each in known]),
                fmt=MARKERS[number % len(MARKERS)],
                color=_color(theme, number),
                label=_plain(name),
            )
        axes.set_yticks(range(len(lines.labels)), [_plain(label) for label in lines.labels])
        axes.set_ylim(len(lines.labels) - 0.4, -0.6)
        if lines.is_difference:
            axes.axvline(0, color=theme.ink, linewidth=1)
        else:
            axes.set_xlim(-0.03, 1.03)
        _finish(axes, theme, count, grid="x")
        return figure

    return draw


def new_figure(theme: Theme, height: float, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of `height` inches with axes below one another, over the same x."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained", facecolor=theme.paper)
    axes = figure.subplots(rows, sharex=True, squeeze=False, subplot_kw={"facecolor": "none"})
    return figure, list(axes[:, 0])


def style_axes(axes: Axes, theme: Theme, grid: str) -> None:
    """Letters, a faint grid and a line at the bottom, in the colours of the theme."""
    axes.grid(axis=grid, color=theme.faint, linewidth=0.6)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.tick_params(colors=theme.ink, labelsize=LETTERS_PT, length=0)
    axes.xaxis.label.set_color(theme.ink)
    axes.yaxis.label.set_color(theme.ink)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(theme.faint)


def _finish(axes: Axes, theme: Theme, models: int, grid: str) -> None:
    style_axes(axes, theme, grid)
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.legend(
        loc="outside upper left", ncols=min(models, 2), frameon=False, fontsize=LETTERS_PT, labelcolor=theme.ink
    )


def _arms(intervals: Sequence[Interval]) -> list[list[float]]:
    """Lengths of the arms to the left and to the right of each mean."""
    means = [each.mean or 0.0 for each in intervals]
    lows = [mean if each.low is None else each.low for mean, each in zip(means, intervals, strict=True)]
    highs = [mean if each.high is None else each.high for mean, each in zip(means, intervals, strict=True)]
    return [
        [max(0.0, mean - low) for mean, low in zip(means, lows, strict=True)],
        [max(0.0, high - mean) for mean, high in zip(means, highs, strict=True)],
    ]


def _shares(better: str) -> list[Column]:
    """Columns that are shares from 0 to 1 and can be better or worse in one direction."""
    return [column for column in COLUMNS if column.is_share and column.better == better]


def _color(theme: Theme, number: int) -> str:
    return theme.models[number % len(theme.models)]


def _plain(text: str) -> str:
    """A text that matplotlib does not take for mathematics, nor for a label to hide."""
    shown = text if len(text) <= 28 else text[:27] + "…"
    return shown.replace("$", r"\$").removeprefix("_")


def _bytes(draw: Draw, theme: Theme, form: str) -> bytes:
    """The picture; the same table gives the same bytes."""
    import matplotlib

    buffer = io.BytesIO()
    style: Any = {"svg.hashsalt": "opora", "svg.fonttype": "path", "lines.markersize": 5, "errorbar.capsize": 2}
    with matplotlib.rc_context(style):
        draw(theme).savefig(buffer, format=form, dpi=160, metadata={"Date": None} if form == "svg" else None)
    return buffer.getvalue()
