"""Evidence that lines with several pieces are a table, and not a list, a table of contents, or prose in columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

from opora.corpus.parsers.pdf.tables.aligned.columns import Columns, find_columns, is_aligned, overlaps
from opora.corpus.parsers.pdf.tables.aligned.lines import SplitLine
from opora.corpus.parsers.pdf.tables.aligned.rows import is_figure

MIN_ROWS, MIN_WORD_ROWS = 3, 5
"""Minimum number of rows of a table with figures, and of one with words only."""
MIN_MARKED_ROWS, MIN_MARKED_WORD_ROWS = 1, 2
"""The same below a header that is bold or ruled."""
MIN_FIGURES = 0.6
"""Minimum share of figures in a column of figures."""
MAX_WORD_CELL = 40
"""Median length of the cells of a table with words only, in characters, at most."""
MAX_MARKED_CELL = 120
"""The same below a header that is bold or ruled."""
FULL_LINE, PROSE_CHARS = 0.8, 25
"""Lines that fill more of their column, and have more characters, are prose."""
JUSTIFIED, MANY_LINES = 0.9, 8
"""So many lines that fill more of their column are prose, whatever is around them."""
_BULLET = re.compile(r"\d{1,3}[.)]|[a-zа-я][.)]|[•▪●◦‣·–—-]")
_LEADER = re.compile(r"(?:\.\s?){3,}|…")
_MARK = re.compile(r"[(\[]?(?:\d{1,3}(?:\.\d{1,3})*|[a-zа-я])[.)\]]*|[•▪●◦‣·–—-]")

Rows = Sequence[Sequence[str]]


def is_table(rows: Rows, lines: Sequence[SplitLine], columns: Columns, *, is_marked: bool, is_ruled: bool) -> bool:
    """Return True if rows below a header are those of a table.

    `is_marked`: there is a header that is bold or ruled; `is_ruled`: there are rulings above and below.
    """
    multiple = [cells for cells in rows if sum(map(bool, cells)) > 1]
    is_sure = is_marked and (is_ruled or len(columns) > 2)
    least = MIN_MARKED_ROWS if is_sure else MIN_ROWS
    if len(multiple) < least or len(multiple) < 0.6 * len(rows) or _is_list(multiple) or _is_contents(multiple):
        return False
    if any(_are_figures([cells[at] for cells in multiple], least) for at in range(1, len(columns))):
        last = [cells[-1] for cells in multiple]
        return len(columns) > 2 or is_sure or not (_ascends(last) and all(cell.isdecimal() for cell in last if cell))
    if len(columns) < 3 and not is_sure:
        return False
    return _are_words(multiple, lines, columns, is_sure=is_sure)


def _are_words(rows: Rows, lines: Sequence[SplitLine], columns: Columns, *, is_sure: bool) -> bool:
    """Return True if rows of words have short cells in columns that are aligned."""
    if len(rows) < (MIN_MARKED_WORD_ROWS if is_sure else MIN_WORD_ROWS):
        return False
    full = sum(all(cells) for cells in rows)
    lengths = [len(cell) for cells in rows for cell in cells if cell]
    prose = [column for column in columns if is_prose(lines, column, FULL_LINE)]
    if full < 0.7 * len(rows) or median(lengths) > (MAX_MARKED_CELL if is_sure else MAX_WORD_CELL):
        return False
    return (is_sure or len(prose) < 2) and all(is_aligned(lines, columns, at) for at in range(len(columns)))


def _is_list(rows: Rows) -> bool:
    return len(rows[0]) == 2 and all(_MARK.fullmatch(cells[0]) for cells in rows if cells[0])


def _is_contents(rows: Rows) -> bool:
    has_leaders = any(_LEADER.search(cell) for cells in rows for cell in cells[:-1])
    return has_leaders and _ascends([cells[-1] for cells in rows])


def _are_figures(cells: Sequence[str], least: int) -> bool:
    filled = [cell for cell in cells if cell]
    numbers = sum(is_figure(cell) and not _BULLET.fullmatch(cell) for cell in filled)
    return len(filled) >= least and numbers >= MIN_FIGURES * len(filled)


def _ascends(cells: Sequence[str]) -> bool:
    numbers = [int(cell) for cell in cells if cell.isdecimal()]
    return len(numbers) >= 0.6 * len(cells) and numbers == sorted(numbers)


def prose_columns(lines: Sequence[SplitLine], around: Sequence[SplitLine]) -> Columns:
    """Return the columns of prose beside a table: full lines that go on above or below it, or many of them."""
    return [
        column
        for column in find_columns(lines)
        if is_prose(lines, column, FULL_LINE)
        and (
            (len(lines) >= MANY_LINES and is_prose(lines, column, JUSTIFIED))
            or any(abs(line.segments[0].x0 - column[0]) < 2 and overlaps(line.segments[0], [column]) for line in around)
        )
    ]


def is_prose(lines: Sequence[SplitLine], column: tuple[float, float], full: float) -> bool:
    """Return True if most lines of a column are long and take a share `full` of its width."""
    inside = [segment for line in lines for segment in line.segments if overlaps(segment, [column])]
    if not inside:
        return False
    widths = [segment.x1 - segment.x0 for segment in inside]
    return median(widths) > full * (column[1] - column[0]) and median(len(s.chars) for s in inside) > PROSE_CHARS
