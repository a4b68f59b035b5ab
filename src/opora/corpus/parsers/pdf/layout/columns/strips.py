"""White strips of a page, and those of them that are gutters between columns."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple, Protocol

GUTTER = 1.35
"""Width of a strip beside the usual gap between words of a row, at least, in `GUTTER_SHARE` of the rows."""
GUTTER_SHARE = 0.5
DOUBT_SHARES, DOUBT_ROWS = (0.3, 0.75), 6
"""Shares of rows that do not tell a gutter from a river, and the number of rows from which they raise a doubt."""


class Placed(Protocol):
    """Anything with a place on the page, in points from the top left corner, such as a table."""

    @property
    def x0(self) -> float: ...
    @property
    def y0(self) -> float: ...
    @property
    def x1(self) -> float: ...
    @property
    def y1(self) -> float: ...


class PlacedBox(Placed, Protocol):
    """Anything with a place on the page and a text: a word, or a table (whose text does not matter)."""

    @property
    def size(self) -> float: ...
    @property
    def text(self) -> str: ...


class Strip(NamedTuple):
    """A white rectangle between items of a page."""

    x0: float
    x1: float
    y0: float
    y1: float


def is_gutter(items: Sequence[PlacedBox], strip: Strip, size: float, doubts: list[float]) -> bool:
    """Return True unless a strip is a river: in most rows that go on across it, other gaps are about as wide.

    Justified text has equal gaps in a line, however wide. Columns whose lines stand at different heights share no row.
    The share of wide rows is added to `doubts` if it is neither high nor low.
    """
    middle = (strip.x0 + strip.x1) / 2
    inside = [item for item in items if strip.y0 <= (item.y0 + item.y1) / 2 <= strip.y1]
    inside.sort(key=lambda item: item.y0 + item.y1)
    rows: list[list[PlacedBox]] = []
    for item in inside:
        if rows and item.y0 + item.y1 - rows[-1][0].y0 - rows[-1][0].y1 <= 0.4 * size:
            rows[-1].append(item)
        else:
            rows.append([item])
    compared = wide = 0
    last, last_side = -math.inf, 0
    for row in rows:
        row.sort(key=lambda item: item.x0)
        gaps = [right.x0 - left.x1 for left, right in itertools.pairwise(row)]
        number = next((n for n, item in enumerate(row) if item.x1 > middle), len(row))
        side, height = -1 if number == len(row) else 0 if number else 1, row[0].y0 + row[0].y1
        if side == 0 and len(gaps) > 1:
            compared += 1
            # the median, as a row may cross other gutters
            wide += gaps[number - 1] > GUTTER * statistics.median(gaps[: number - 1] + gaps[number:])
        elif side * last_side < 0 and height - last < 1.6 * size:  # beside each other, but not in a row
            compared += 1
            wide += 1
        last, last_side = height, side
    if compared >= DOUBT_ROWS and DOUBT_SHARES[0] <= wide / compared <= DOUBT_SHARES[1]:
        doubts.append(wide / compared)
    return wide >= GUTTER_SHARE * compared
