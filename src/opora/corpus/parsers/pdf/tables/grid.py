"""Grids that the rulings of a page form: cells from the crossings of their edges (pdfplumber's table code)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from opora.corpus.parsers.pdf.drawings import Ruling

SNAP = 3.0
"""Edges that differ by less, in points, are one; so are ends of edges that nearly touch."""
MAX_EDGES = 400
"""A page with more edges in one direction is a drawing; all pairs of edges are compared."""
MAX_CELLS = 4000
MIN_OVERHANG = 8.0
"""Distance by which parallel edges reach beyond the last one across them where a border is left out."""

Edge = dict[str, Any]
Bounds = tuple[float, float, float, float]


class CellSpan(NamedTuple):
    """A cell of a grid: from row and column, up to and without row and column."""

    row0: int
    column0: int
    row1: int
    column1: int


class RulingGrid(NamedTuple):
    """Borders of rows and columns, one more than there are of each, and the cells between them."""

    xs: list[float]
    ys: list[float]
    cells: list[CellSpan]


def find_grids(rulings: Sequence[Ruling], max_cell: float) -> list[RulingGrid]:
    """Return the grids of a page, from top to bottom. Cells larger than `max_cell` (square points) are left out."""
    if len(rulings) < 4:
        return []
    from pdfplumber.table import cells_to_tables, edges_to_intersections, intersections_to_cells, merge_edges

    edges = merge_edges([_edge(ruling) for ruling in rulings], SNAP, SNAP, SNAP, SNAP)
    if min(_count(edges, "h"), _count(edges, "v")) == 0 or max(_count(edges, "h"), _count(edges, "v")) > MAX_EDGES:
        return []
    edges = [*edges, *_left_out_borders(edges)]
    crossings = edges_to_intersections(edges, SNAP, SNAP)
    if not 4 <= len(crossings) <= MAX_CELLS:
        return []
    cells = [
        cell for cell in intersections_to_cells(crossings) if (cell[2] - cell[0]) * (cell[3] - cell[1]) <= max_cell
    ]
    grids = [_grid(group) for group in cells_to_tables(cells)] if cells else []
    return sorted(grids, key=lambda grid: grid.ys[0])


def _count(edges: Iterable[Edge], orientation: str) -> int:
    return sum(edge["orientation"] == orientation for edge in edges)


def _edge(ruling: Ruling) -> Edge:
    return {
        "x0": ruling.x0, "x1": ruling.x1, "top": ruling.y0, "bottom": ruling.y1,
        "width": ruling.x1 - ruling.x0, "height": ruling.y1 - ruling.y0,
        "orientation": "h" if ruling.y0 == ruling.y1 else "v", "object_type": "line",
    }  # fmt: skip


def _left_out_borders(edges: Sequence[Edge]) -> list[Edge]:
    """Return the outer borders that tables leave out: where several parallel edges end together beyond the rest."""
    added = []
    for connected in _connected(edges):
        across = [edge for edge in connected if edge["orientation"] == "h"]
        down = [edge for edge in connected if edge["orientation"] == "v"]
        if not across or not down:
            continue
        left, right = min(edge["x0"] for edge in across), max(edge["x1"] for edge in across)
        top, bottom = min(edge["top"] for edge in connected), max(edge["bottom"] for edge in connected)
        if _end_at(across, "x0", left) and min(edge["x0"] for edge in down) > left + MIN_OVERHANG:
            added.append(_edge(Ruling(left, top, left, bottom)))
        if _end_at(across, "x1", right) and max(edge["x0"] for edge in down) < right - MIN_OVERHANG:
            added.append(_edge(Ruling(right, top, right, bottom)))
        if _end_at(down, "top", top) and min(edge["top"] for edge in across) > top + MIN_OVERHANG:
            added.append(_edge(Ruling(left, top, right, top)))
        if _end_at(down, "bottom", bottom) and max(edge["top"] for edge in across) < bottom - MIN_OVERHANG:
            added.append(_edge(Ruling(left, bottom, right, bottom)))
    return added


def _end_at(edges: Sequence[Edge], side: str, place: float) -> bool:
    return len([edge for edge in edges if abs(edge[side] - place) <= SNAP]) >= 2


def _connected(edges: Sequence[Edge]) -> list[list[Edge]]:
    """Return the groups of edges that cross or touch each other."""
    parents = list(range(len(edges)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    down = [(index, edge) for index, edge in enumerate(edges) if edge["orientation"] == "v"]
    for index, edge in enumerate(edges):
        if edge["orientation"] == "h":
            x0, x1, y = edge["x0"] - SNAP, edge["x1"] + SNAP, edge["top"]
            for other, line in down:
                if x0 <= line["x0"] <= x1 and line["top"] - SNAP <= y <= line["bottom"] + SNAP:
                    parents[root(other)] = root(index)
    groups: dict[int, list[Edge]] = {}
    for index, edge in enumerate(edges):
        groups.setdefault(root(index), []).append(edge)
    return list(groups.values())


def _grid(cells: Sequence[Bounds]) -> RulingGrid:
    xs = _borders([side for cell in cells for side in (cell[0], cell[2])])
    ys = _borders([side for cell in cells for side in (cell[1], cell[3])])
    spans = [
        CellSpan(_nearest(ys, top), _nearest(xs, x0), _nearest(ys, bottom), _nearest(xs, x1))
        for x0, top, x1, bottom in cells
    ]
    spans = [span for span in spans if span.row1 > span.row0 and span.column1 > span.column0]
    return RulingGrid(xs, ys, sorted(spans))


def _borders(sides: Iterable[float]) -> list[float]:
    borders: list[float] = []
    for side in sorted(set(sides)):
        if not borders or side - borders[-1] > SNAP:
            borders.append(side)
    return borders


def _nearest(borders: Sequence[float], side: float) -> int:
    return min(range(len(borders)), key=lambda index: abs(borders[index] - side))
