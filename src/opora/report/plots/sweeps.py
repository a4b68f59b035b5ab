"""The plots of what a benchmark varies: the place of the gold passage, how many passages in which order, distractors,
and how deep a retriever is read.

    [drawn] = sweeps(table, words)      # of a benchmark of the method distractors
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from opora.bench.results.i18n import NONE, Words
from opora.bench.results.markdown import Grid
from opora.bench.results.metrics import RECALL_AT, scale_of
from opora.bench.results.table import Table, TableRow, headline
from opora.metrics.bootstrap import Interval
from opora.report.plots.draw import (
    INK,
    LETTERS_PT,
    MARKERS,
    Drawn,
    add_legend,
    arms,
    color,
    limits_of,
    new_figure,
    plain,
    style_axes,
    write_numbers,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DEEPEST = 0.5
"""How much of a series' colour a cell of the value 1 has: letters over it stay legible, dark or light."""
DASHES = ("-", "--", ":", "-.")


class Heat(NamedTuple):
    """Shares in rows and columns; None where there is none."""

    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[Interval | None]]
    x_label: str


class Curve(NamedTuple):
    """A line over numbers; `color` and `dash` tell it from others."""

    label: str
    color: int
    dash: int
    points: Mapping[int, Interval]


def sweeps(table: Table, words: Words) -> list[Drawn]:
    """The plots that the conditions of a table have data for."""
    return [
        *_slots(table, words),
        *_orders(table, words),
        *_distractors(table, words),
        *_recall(table, words),
    ]


def _slots(table: Table, words: Words) -> list[Drawn]:
    """Model by place of the gold passage."""
    rows = [row for row in table.rows if "slot" in row.condition]
    if not rows:
        return []
    slots = sorted({int(row.condition["slot"]) for row in rows})
    models = list(dict.fromkeys(row.model for row in rows))
    found = {(row.model, int(row.condition["slot"])): _score(table, row) for row in rows}
    cells = [[found.get((model, slot)) for slot in slots] for model in models]
    heat = Heat(models, [str(slot) for slot in slots], cells, words("plots.slot"))
    metric = words.label(headline(table))
    caption = words("plots.slots", metric=metric, passages=rows[0].condition["passages"])
    return [_heat("slots", caption, heat, table, words)]


def _orders(table: Table, words: Words) -> list[Drawn]:
    """Model and order by how many passages."""
    rows = [row for row in table.rows if "order" in row.condition]
    if not rows:
        return []
    counts = sorted({int(row.condition["passages"]) for row in rows})
    lines = list(dict.fromkeys((row.model, str(row.condition["order"])) for row in rows))
    found = {(row.model, row.condition["order"], row.condition["passages"]): _score(table, row) for row in rows}
    several = len({model for model, _ in lines}) > 1
    labels = [f"{model}, {words.named('order', o)}" if several else words.named("order", o) for model, o in lines]
    cells = [[found.get((model, order, count)) for count in counts] for model, order in lines]
    heat = Heat(labels, [str(count) for count in counts], cells, words("plots.passages"))
    return [_heat("orders", words("plots.orders", metric=words.label(headline(table))), heat, table, words)]


def _distractors(table: Table, words: Words) -> list[Drawn]:
    """A line a model and kind of distractor; all of a model begin where there is none."""
    rows = [row for row in table.rows if "distractors" in row.condition]
    models = list(dict.fromkeys(row.model for row in rows))
    kinds = list(dict.fromkeys(str(row.condition["distractors"]) for row in rows if row.condition["count"]))
    curves = []
    for number, model in enumerate(models):
        own = [row for row in rows if row.model == model]
        for dash, kind in enumerate(kinds):
            fitting = [row for row in own if row.condition["distractors"] == kind or not row.condition["count"]]
            label = ", ".join([*([model] if len(models) > 1 else []), words.named("distractor", kind)])
            points = {int(row.condition["count"]): _score(table, row) for row in fitting}
            # one model: its kinds in colours; several: a colour a model, its kinds in dashes
            curves.append(Curve(label, number if len(models) > 1 else dash, dash, points))
    caption = words("plots.distractors", metric=words.label(headline(table)))
    limits = limits_of(headline(table))
    return [_curves("distractors", caption, curves, words("plots.count"), limits, words)] if curves else []


def _recall(table: Table, words: Words) -> list[Drawn]:
    """Recall at k of each retriever."""
    if not any(row.metrics[f"recall_{k}"].count for row in table.rows for k in RECALL_AT):
        return []
    curves = [
        Curve(row.name, number, number, {k: row.metrics[f"recall_{k}"] for k in RECALL_AT})
        for number, row in enumerate(table.rows)
    ]
    return [_curves("recall", words("plots.recall"), curves, words("plots.k"), (-0.03, 1.03), words)]


def _score(table: Table, row: TableRow) -> Interval:
    return row.metrics[headline(table).metric]


def _heat(name: str, caption: str, heat: Heat, table: Table, words: Words) -> Drawn:
    column = headline(table)
    low, high = scale_of(column)

    def draw() -> Figure:
        figure, [axes] = new_figure(0.75 + 0.42 * len(heat.rows))
        for y, line in enumerate(heat.cells):
            for x, each in enumerate(line):
                if each is None or each.mean is None:
                    continue
                deep = DEEPEST * min(1.0, max(0.0, (each.mean - low) / (high - low)))
                draw_cell(axes, x, y, deep, words.number(each.mean, column.digits))
        finish_cells(axes, heat.columns, [plain(each, 24) for each in heat.rows])
        axes.set_xlabel(heat.x_label)
        style_axes(axes, "")
        return figure

    lines = [
        [label, *(NONE if each is None else words.interval(each, column.digits) for each in line)]
        for label, line in zip(heat.rows, heat.cells, strict=True)
    ]
    means = [[NONE if each is None else words.number(each.mean, column.digits) for each in line] for line in heat.cells]
    alt = _said(list(heat.rows), [heat.columns] * len(heat.rows), means, words)
    return Drawn(name, caption, draw, alt, Grid(heat.x_label, heat.columns, lines))


def draw_cell(axes: Axes, x: int, y: int, deep: float, text: str) -> None:
    """One cell of a heat map, coloured as deep as its value, which is written on it."""
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=color(0), alpha=deep, linewidth=0))
    axes.text(x, y, text, ha="center", va="center", fontsize=LETTERS_PT - 1, color=INK)


def finish_cells(axes: Axes, columns: Sequence[str], rows: Sequence[str]) -> None:
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)


def _curves(
    name: str, caption: str, curves: Sequence[Curve], x_label: str, limits: tuple[float, float], words: Words
) -> Drawn:
    places = sorted({place for curve in curves for place in curve.points})

    def draw() -> Figure:
        figure, [axes] = new_figure(3.0)
        for number, curve in enumerate(curves):
            known = {x: each for x, each in sorted(curve.points.items()) if each.mean is not None}
            # beside one another, so that arms at the same place are told apart
            beside = 0.012 * (places[-1] - places[0]) * (number - (len(curves) - 1) / 2)
            axes.errorbar(
                [x + beside for x in known], [each.mean or 0.0 for each in known.values()],
                yerr=arms(list(known.values())), color=color(curve.color), fmt=MARKERS[number % len(MARKERS)],
                linestyle=DASHES[curve.dash % len(DASHES)], linewidth=1.5, elinewidth=0.8, label=plain(curve.label),
            )  # fmt: skip
        axes.set_ylim(*limits)
        axes.set_xticks(places)
        axes.set_xlabel(x_label)
        write_numbers(axes, words, "y")
        style_axes(axes, "y")
        add_legend(axes, len(curves))
        return figure

    labels = [curve.label for curve in curves]
    lines = [[curve.label, *(words.interval(curve.points[x]) for x in places)] for curve in curves]
    means = [[words.number(curve.points[x].mean) for x in places] for curve in curves]
    heads = [str(place) for place in places]
    alt = _said(labels, [heads] * len(labels), means, words)
    return Drawn(name, caption, draw, alt, Grid(x_label, heads, lines))


def _said(labels: Sequence[str], heads: Sequence[Sequence[str]], values: Sequence[Sequence[str]], words: Words) -> str:
    """The numbers as sentences: 'hybrid: 1 – 0.66, 3 – 0.93.'"""
    told = []
    for label, head, line in zip(labels, heads, values, strict=True):
        parts = ", ".join(f"{name} {NONE} {value}" for name, value in zip(head, line, strict=True))
        told.append(words("plots.range", label=label, parts=parts))
    return " ".join(told)
