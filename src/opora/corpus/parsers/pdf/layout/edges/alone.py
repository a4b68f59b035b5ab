"""Small lines that stand alone between the texts of two pages: they run though no other page repeats them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from opora.corpus.parsers.pdf.layout.edges.rows import (
    EDGE_ROWS,
    EDGE_SHARE,
    MAX_RUNNING_CHARS,
    PageLines,
    edge_rows,
    middle,
)
from opora.corpus.parsers.pdf.layout.lines import Line
from opora.corpus.parsers.pdf.layout.marks import is_caption

SMALL_SIZE = 0.95
"""Size of a line that stands alone, in sizes of most lines, at most."""
ALONE_GAP = 2.0
"""Distance of a line that stands alone from the next line or table, in sizes of most lines, at least."""

_NOTE_MARK = re.compile(r"(?:\d{1,3}\)?|[*†‡§]{1,3})\s+(?=[^\W\d_])")


def find_lines_alone(pages: Sequence[PageLines], body: float, running: set[int]) -> tuple[set[int], set[int]]:
    """Return the small lines between the bodies of two pages that stand alone, and need no other page to show it.

    First those of a row that ends or begins with the number of its page, then the others.
    """
    numbered: set[int] = set()
    alone: set[int] = set()
    for page in pages:
        for sign in (1, -1):
            if page.number == pages[0 if sign > 0 else -1].number:
                continue  # nothing goes on here
            for row in _rows_alone(page, body, sign, running):
                row.sort(key=lambda line: line.x0)
                ends = (row[0].text.split()[0], row[-1].text.split()[-1])
                (numbered if str(page.number) in ends else alone).update(map(id, row))
    return numbered, alone


def _rows_alone(page: PageLines, body: float, sign: int, running: set[int]) -> list[list[Line]]:
    """Return the outermost rows of small lines at the top (`sign` 1) or the bottom (-1), with a gap behind them."""

    def depth(y: float) -> float:
        return y if sign > 0 else page.height - y

    lines = [line for line in page.lines if not line.apart and line.text.strip()]
    rows = edge_rows(sorted(lines, key=lambda line: depth(middle(line))))
    inner = [depth(y) for table in page.tables for y in table]
    found: list[list[Line]] = []
    pending: list[list[Line]] = []
    for row, behind in zip(rows[:EDGE_ROWS], [*rows[1:], []], strict=False):
        place, size = depth(middle(row[0])), max(line.size for line in row)
        is_small = size <= SMALL_SIZE * body or all(id(line) in running for line in row)
        if not is_small or place > EDGE_SHARE * page.height / 2 or any(_is_part_of_text(line, sign) for line in row):
            break
        if any(y < place for y in inner):
            break  # a table stands before the row
        pending.append(row)
        nearest = min([*(depth(middle(line)) for line in behind[:1]), *inner], default=math.inf)
        if nearest - place > ALONE_GAP * body:
            found += pending
            pending = []
    return [row for row in found if not any(id(line) in running for line in row)]


def _is_part_of_text(line: Line, sign: int) -> bool:
    """Return True for footnotes, captions and long text: small lines at an edge that do not run."""
    is_note = sign < 0 and (bool(line.mark) or bool(_NOTE_MARK.match(line.text)))
    return is_note or is_caption(line.text) or len(line.text) > MAX_RUNNING_CHARS
