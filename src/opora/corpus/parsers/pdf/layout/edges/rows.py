"""Rows of lines at the top and at the bottom of a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from opora.corpus.parsers.pdf.layout.lines import Line

EDGE_ROWS = 4
"""Number of rows at the top and at the bottom of a page that may run."""
EDGE_SHARE = 0.22
"""Part of the page, at the top and at the bottom, that running lines stand in."""
MAX_RUNNING_CHARS = 120


class PageLines(NamedTuple):
    """Lines of a page, its height in points, tops and bottoms of its tables."""

    number: int
    height: float
    lines: list[Line]
    tables: list[tuple[float, float]] = []


def middle(line: Line) -> float:
    return (line.box[1] + line.box[3]) / 2


def edge_rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the outermost rows, one more than may run."""
    rows: list[list[Line]] = []
    for line in lines:
        if rows and abs(middle(line) - middle(rows[-1][0])) <= 0.5 * line.size:
            rows[-1].append(line)
        elif len(rows) > EDGE_ROWS:
            break
        else:
            rows.append([line])
    return rows
