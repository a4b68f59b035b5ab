"""The plots of a table: bars, dots with intervals, cost against quality.

In: a `Table` and the words of a language. Out: what `plots.py` draws. Those of what a benchmark varies are made in
`sweeps.py`.

    plots = [draw_plot(each) for each in charts(table, words_in("en"))]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from opora.bench.results.i18n import Words
from opora.bench.results.labels import row_names
from opora.bench.results.markdown import MOST_ACROSS
from opora.bench.results.metrics import COLUMNS, Column
from opora.bench.results.table import Group, Table, group_labels, headline, in_group
from opora.metrics.bootstrap import Interval
from opora.report.plots.draw import (
    HATCHES,
    INK,
    MARKERS,
    Drawn,
    add_legend,
    arms,
    color,
    count_by_ten,
    limits_of,
    new_figure,
    plain,
    style_axes,
    write_numbers,
)
from opora.report.plots.sweeps import sweeps

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAND = 0.8
"""Share of a line's height that the marks of all rows take together."""


class Lines(NamedTuple):
    """A line a label, on it an interval a series."""

    labels: Sequence[str]
    series: Mapping[str, Sequence[Interval]]
    colors: Sequence[int]
    """The place of each series among the colours."""
    limits: tuple[float, float] | None


def charts(table: Table, words: Words) -> list[Drawn]:
    """The plots that a table has data for."""
    metric = words.label(headline(table))
    planned: list[Drawn | None] = [*sweeps(table, words)]
    if len(table.rows) <= MOST_ACROSS:
        planned += [
            _dots("scores", words("plots.scores"), _scores(table, words, "up"), words),
            _dots("mistakes", words("plots.mistakes"), _scores(table, words, "down"), words),
            _dots("differences", words("plots.differences"), _differences(table, words), words),
            _bars("kinds", words("plots.kinds", metric=metric), _groups(table, words, "kind"), words),
            _bars("domains", words("plots.domains", metric=metric), _groups(table, words, "domain"), words),
        ]
    planned += [
        _cost(table, words, "seconds", ("seconds",), words("plots.second_axis")),
        _cost(table, words, "tokens", ("prompt_tokens", "answer_tokens"), words("plots.token_axis")),
    ]
    return [each for each in planned if each]


def _scores(table: Table, words: Words, better: str) -> Lines | None:
    columns = [column for column in _shares(better) if any(row.metrics[column.metric].count for row in table.rows)]
    names = row_names(table, words)
    series = {names[row.name]: [row.metrics[column.metric] for column in columns] for row in table.rows}
    return Lines([words.label(each) for each in columns], series, range(len(series)), (-0.03, 1.03))


def _differences(table: Table, words: Words) -> Lines | None:
    columns = [*_shares("up"), *_shares("down")]
    compared = [(number, row) for number, row in enumerate(table.rows) if row.against]
    columns = [column for column in columns if any(row.differences[column.metric].count for _, row in compared)]
    labels = [f"{words.label(column)} {'↑' if column.better == 'up' else '↓'}" for column in columns]
    names = row_names(table, words)
    series = {names[row.name]: [row.differences[column.metric] for column in columns] for _, row in compared}
    return Lines(labels, series, [number for number, _ in compared], None)


def _groups(table: Table, words: Words, group: Group) -> Lines | None:
    labels, column, names = group_labels(table, group), headline(table), row_names(table, words)
    if len(labels) < 2:
        return None
    series = {names[row.name]: [in_group(row, group, label, column) for label in labels] for row in table.rows}
    return Lines([words.named(group, each) for each in labels], series, range(len(series)), limits_of(column))


def _dots(name: str, caption: str, lines: Lines | None, words: Words) -> Drawn | None:
    """Dots with intervals: the series side by side on each line."""

    def mark(axes: Axes, number: int, label: str, places: Sequence[float], known: Sequence[Interval]) -> None:
        axes.errorbar(
            [each.mean or 0.0 for each in known], places, xerr=arms(known), fmt=MARKERS[number % len(MARKERS)],
            color=color(number), label=label,
        )  # fmt: skip

    return _lines(name, caption, lines, words, mark)


def _bars(name: str, caption: str, lines: Lines | None, words: Words) -> Drawn | None:
    """Bars with intervals. A score of zero has no bar, but its line and interval."""
    thickness = BAND / len(lines.series) if lines else 0.0

    def mark(axes: Axes, number: int, label: str, places: Sequence[float], known: Sequence[Interval]) -> None:
        axes.barh(
            places, [each.mean or 0.0 for each in known], height=thickness, color=color(number), alpha=0.75,
            hatch=HATCHES[number % len(HATCHES)], edgecolor=INK, linewidth=0.4, label=label,
        )  # fmt: skip
        axes.errorbar(
            [each.mean or 0.0 for each in known], places, xerr=arms(known), fmt="none", ecolor=INK, elinewidth=1.0,
            capsize=min(2.0, 20 * thickness),
        )  # fmt: skip

    return _lines(name, caption, lines, words, mark)


Mark = Callable[["Axes", int, str, "Sequence[float]", "Sequence[Interval]"], None]


def _lines(name: str, caption: str, lines: Lines | None, words: Words, mark: Mark) -> Drawn | None:
    """A plot of lines, whose series are put on it by `mark`."""
    if not lines or not lines.labels or not lines.series:
        return None
    shown = lines

    def draw() -> Figure:
        count = len(shown.series)
        figure, [axes] = new_figure(0.9 + len(shown.labels) * (0.12 + 0.105 * count))
        step = BAND / count
        for place, (number, (label, intervals)) in enumerate(zip(shown.colors, shown.series.items(), strict=True)):
            known = [(line, each) for line, each in enumerate(intervals) if each.mean is not None]
            places = [line - BAND / 2 + (place + 0.5) * step for line, _ in known]
            mark(axes, number, plain(label), places, [each for _, each in known])
        axes.set_yticks(range(len(shown.labels)), [plain(label) for label in shown.labels])
        axes.set_ylim(len(shown.labels) - 0.4, -0.6)
        if shown.limits:
            axes.set_xlim(*shown.limits)
        else:
            axes.axvline(0, color=INK, linewidth=1)
        write_numbers(axes, words, "x")
        style_axes(axes, "x")
        add_legend(axes, count)
        return figure

    return Drawn(name, caption, draw, words("plots.see"))


def _cost(table: Table, words: Words, name: str, metrics: Sequence[str], axis: str) -> Drawn | None:
    """The headline against what an answer costs; rows of one model have its colour."""
    column = headline(table)
    found = [
        (row, sum(row.metrics[each].mean or 0.0 for each in metrics), row.metrics[column.metric]) for row in table.rows
    ]
    points = [(row, cost, score) for row, cost, score in found if cost > 0 and score.mean is not None]
    models = list(dict.fromkeys(row.model for row in table.rows))
    if not points:
        return None
    least, most = min(cost for _, cost, _ in points), max(cost for _, cost, _ in points)

    def draw() -> Figure:
        figure, [axes] = new_figure(3.0)
        for number, model in enumerate(models):
            own = [(cost, score) for row, cost, score in points if row.model == model]
            if not own:
                continue
            axes.errorbar(
                [cost for cost, _ in own], [score.mean or 0.0 for _, score in own], yerr=arms([s for _, s in own]),
                fmt=MARKERS[number % len(MARKERS)], color=color(number), label=plain(model),
            )  # fmt: skip
        count_by_ten(axes, words)
        axes.set_xlim(least / 1.6, most * 1.6)
        axes.set_ylim(*limits_of(column))
        axes.set_xlabel(axis)
        axes.set_ylabel(plain(words.label(column)))
        write_numbers(axes, words, "y")
        style_axes(axes, "both")
        add_legend(axes, len(models))
        return figure

    label = words.label(column)
    names = row_names(table, words)
    said = (f"{names[row.name]}: {words.number(cost)}, {label} {words.interval(score)}" for row, cost, score in points)
    caption = words(f"plots.{name}", metric=label)
    alt = "; ".join(said) if len(points) <= MOST_ACROSS else words("plots.see")
    return Drawn(f"cost-{name}", caption, draw, alt)


def _shares(better: str) -> list[Column]:
    """Columns that are shares from 0 to 1 and can be better or worse in one direction."""
    return [column for column in COLUMNS if column.is_share and column.better == better]
