"""Tables of a PDF page, found by their ruled lines.

In: a pdfium page. Out: grids, each with the x of its columns, the y of its rows, and which cells are merged.

    [grid] = find_grids(page)
    grid.cell_at(x=120.0, y=480.0)          # (1, 0): second row, first column
"""

from __future__ import annotations

import ctypes
from bisect import bisect
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pypdfium2.raw as pdfium
from pypdfium2 import PdfPage

TOLERANCE = 2.0
"""Points within which two rules are the same or meet."""
MAX_RULES = 4000
"""Of a page; a drawing has more, and no table."""


class Rule(NamedTuple):
    """A straight line along an axis: at x (or y) `at`, from y (or x) `start` to `end`."""

    at: float
    start: float
    end: float


class Grid:
    """`columns` are the x of its vertical rules, ascending; `rows` the y of its horizontal ones, descending."""

    def __init__(self, horizontal: list[Rule], vertical: list[Rule]) -> None:
        self.columns = _cluster(rule.at for rule in vertical)
        self.rows = _cluster(rule.at for rule in horizontal)[::-1]
        self.width, self.height = len(self.columns) - 1, len(self.rows) - 1
        self._owners = self._merge(horizontal, vertical)

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """(row, column) of the cell that holds a point; of merged cells the upper left one; None outside."""
        if not (self.columns[0] <= x <= self.columns[-1] and self.rows[-1] <= y <= self.rows[0]):
            return None
        column = min(max(bisect(self.columns, x) - 1, 0), self.width - 1)
        row = min(max(bisect([-each for each in self.rows], -y) - 1, 0), self.height - 1)
        return self._owners[row][column]

    def _merge(self, horizontal: list[Rule], vertical: list[Rule]) -> list[list[tuple[int, int]]]:
        owners = [[(row, column) for column in range(self.width)] for row in range(self.height)]
        for row in range(self.height):
            middle = (self.rows[row] + self.rows[row + 1]) / 2
            for column in range(self.width):
                centre = (self.columns[column] + self.columns[column + 1]) / 2
                if column and not _is_ruled(vertical, self.columns[column], middle):
                    owners[row][column] = owners[row][column - 1]
                elif row and not _is_ruled(horizontal, self.rows[row], centre):
                    owners[row][column] = owners[row - 1][column]
        return owners


def find_grids(page: PdfPage) -> list[Grid]:
    """Grids of two rows and two columns or more."""
    horizontal: list[Rule] = []
    vertical: list[Rule] = []
    for x0, y0, x1, y1 in _segments(page):
        if abs(y0 - y1) < 1 and abs(x0 - x1) > TOLERANCE:
            horizontal.append(Rule((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
        elif abs(x0 - x1) < 1 and abs(y0 - y1) > TOLERANCE:
            vertical.append(Rule((x0 + x1) / 2, min(y0, y1), max(y0, y1)))
        if len(horizontal) + len(vertical) > MAX_RULES:
            return []
    grids = [Grid(h, v) for h, v in _connected(horizontal, vertical) if h and v]
    return [grid for grid in grids if grid.width >= 2 and grid.height >= 2]


def _segments(page: PdfPage) -> Iterator[tuple[float, float, float, float]]:
    """Straight pieces of all paths, in points of the page."""
    x, y = ctypes.c_float(), ctypes.c_float()
    matrix = pdfium.FS_MATRIX()
    for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=2):
        pdfium.FPDFPageObj_GetMatrix(item.raw, matrix)
        first = last = (0.0, 0.0)
        for number in range(min(pdfium.FPDFPath_CountSegments(item.raw), MAX_RULES)):
            segment = pdfium.FPDFPath_GetPathSegment(item.raw, number)
            kind = pdfium.FPDFPathSegment_GetType(segment)
            pdfium.FPDFPathSegment_GetPoint(segment, x, y)
            point = (
                matrix.a * x.value + matrix.c * y.value + matrix.e,
                matrix.b * x.value + matrix.d * y.value + matrix.f,
            )
            if kind == pdfium.FPDF_SEGMENT_MOVETO:
                first = point
            elif kind == pdfium.FPDF_SEGMENT_LINETO:
                yield *last, *point
            if pdfium.FPDFPathSegment_GetClose(segment):
                yield *point, *first
            last = point


def _connected(horizontal: list[Rule], vertical: list[Rule]) -> Iterator[tuple[list[Rule], list[Rule]]]:
    """Groups of rules that meet, directly or through others."""
    groups: list[tuple[list[Rule], list[Rule]]] = []
    for rule in horizontal:
        groups.append(([rule], []))
    for rule in vertical:
        touched = [group for group in groups if any(_meet(each, rule) for each in group[0])]
        merged: tuple[list[Rule], list[Rule]] = ([], [rule])
        for group in touched:
            merged[0].extend(group[0])
            merged[1].extend(group[1])
        groups = [group for group in groups if not any(group is each for each in touched)] + [merged]
    yield from groups


def _meet(horizontal: Rule, vertical: Rule) -> bool:
    return (
        horizontal.start - TOLERANCE <= vertical.at <= horizontal.end + TOLERANCE
        and vertical.start - TOLERANCE <= horizontal.at <= vertical.end + TOLERANCE
    )


def _is_ruled(rules: Iterable[Rule], at: float, across: float) -> bool:
    return any(abs(rule.at - at) <= 2 * TOLERANCE and rule.start <= across <= rule.end for rule in rules)


def _cluster(values: Iterable[float]) -> list[float]:
    """Distinct values, ascending; those within the tolerance are one."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > 2 * TOLERANCE:
            found.append(value)
    return found
