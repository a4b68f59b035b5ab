"""Tables with rulings: the text of each cell of a grid, merged cells repeated, bands of several rows split."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from opora.corpus.parsers.pdf.chars import Char
from opora.corpus.parsers.pdf.page import PdfPage
from opora.corpus.parsers.pdf.tables.cells import CellLine, cell_chars, cell_lines, chars_inside, join_cell_lines
from opora.corpus.parsers.pdf.tables.grid import CellSpan, RulingGrid, find_grids
from opora.corpus.parsers.pdf.tables.table import PdfTable, RowBox, make_table

MAX_CELL_SHARE = 0.5
"""A cell that takes more of its page is a frame around text."""
MIN_FILLED = 0.2
"""Minimum share of cells with text; diagrams have fewer."""
MIN_SHARED_ROWS = 0.25
"""Minimum share of rows with several filled cells; others are frames and backgrounds of prose."""
SAME_BASE = 2.5
"""Base lines of one row of text differ by less, in points."""
MIN_AT_BASE = 0.6
"""Minimum share of the filled cells of a band that have a line in each of its rows of text."""
MIN_ROW_ENDS = 0.75
"""Minimum share of the lines of a band that end for another reason than the width of their cell."""
CELL_PADDING = 6.0
"""Width of a cell that its text does not use, in points."""
SAME_WIDTH = 1.0
"""Widths of the columns of a table and its rest differ by less, in points."""
MAX_HEADER_ROWS = 4
MAX_BELOW = 100
"""Number of characters below a header at the end of a page, at most: those of a running line."""
_NUMBER = re.compile(r"[-+−–—$€£₽]?[\d\s.,:%/()*x×·⋅-]*\d[\d\s.,:%/()*$€£₽-]*|[-–—xXхХ…*.]+")
_CONTINUES = re.compile(r"[^\W\d_A-ZА-ЯЁ]|[,;)]")

Lines = Mapping[CellSpan, Sequence[CellLine]]


def find_ruled_tables(page: PdfPage, before: Sequence[PdfTable] = ()) -> list[PdfTable]:
    """Return the tables of a page whose cells are bounded by rulings, from top to bottom.

    `before` are the tables of the page before: a single row with the same columns as one is its rest.
    """
    tables: list[PdfTable] = []
    single: list[tuple[RulingGrid, Lines, float]] = []
    for grid in find_grids(page.rulings, MAX_CELL_SHARE * page.width * page.height):
        if not (chars := chars_inside(grid, page.chars)):
            continue
        lines = {span: cell_lines(inside) for span, inside in cell_chars(grid, chars).items()}
        grid = grid._replace(cells=sorted(lines))
        right = max(grid.xs[-1], *(char.x1 for char in chars))
        if _is_table(grid, lines):
            tables.append(_read(page.number, grid, lines, right))
        elif len(grid.ys) == 2 and len(grid.xs) > 2:
            if all(lines.values()) and _is_header(page, grid, chars):
                tables.append(_read(page.number, grid, lines, right))
            else:
                single.append((grid, lines, right))
    rests = [_read(page.number, *row) for row in single if _has_columns(row[0], [*before, *tables])]
    return [*tables, *(replace(table, is_rest=True) for table in rests)]


def _is_header(page: PdfPage, grid: RulingGrid, chars: Sequence[Char]) -> bool:
    """Return True if a single row is bold, or stands at the end of its page: the header of a table on the next one."""
    below = sum(char.y0 > grid.ys[-1] for char in page.chars)
    return all(char.bold for char in chars if not char.text.isspace()) or (len(grid.xs) > 3 and below <= MAX_BELOW)


def _has_columns(grid: RulingGrid, tables: Sequence[PdfTable]) -> bool:
    """Return True if a table has columns of the same widths as a grid."""
    widths = [right - left for left, right in itertools.pairwise(grid.xs)]
    return any(
        len(widths) == len(table.columns) - 1
        and all(
            abs(b - a - width) < SAME_WIDTH
            for (a, b), width in zip(itertools.pairwise(table.columns), widths, strict=True)
        )
        for table in tables
    )


def _read(page: int, grid: RulingGrid, lines: Lines, right: float) -> PdfTable:
    """Return the table in a grid whose text reaches to `right`."""
    rows: list[list[str]] = []
    boxes: list[RowBox] = []
    for row in range(len(grid.ys) - 1):
        for top, bottom, cells in _bands(grid, lines, row):
            rows.append(cells)
            boxes.append(RowBox(page, grid.xs[0], top, right, bottom))
    depth = _header_depth(grid, lines)
    if depth > 1 and len(rows) > depth:
        rows[:depth] = [[_merged(cells) for cells in zip(*rows[:depth], strict=True)]]
        boxes[:depth] = [boxes[0]._replace(y1=boxes[depth - 1].y1)]
    return make_table(page, rows, boxes, grid.xs)


def _header_depth(grid: RulingGrid, lines: Lines) -> int:
    """Return the number of rows of a header whose first row has cells over several columns, and others over all rows.

    1 if the first row is like that of any table.
    """
    first = [span for span in grid.cells if span.row0 == 0]
    depth = max((span.row1 for span in first), default=1)
    wide = [span for span in first if span.column1 - span.column0 > 1 and lines[span]]
    tall = [span for span in first if span.row1 == depth]
    is_header = 1 < depth <= MAX_HEADER_ROWS and wide and tall and all(span.row1 < depth for span in wide)
    if not is_header or any(span.row0 < depth < span.row1 for span in grid.cells):
        return 1
    below = [span for span in grid.cells if 0 < span.row0 < depth]
    return 1 if any(len(lines[span]) > 4 for span in below) else depth


def _merged(cells: Sequence[str]) -> str:
    """Return the texts of a column of a header, each once."""
    return " ".join(dict.fromkeys(cell for cell in cells if cell))


def _is_table(grid: RulingGrid, lines: Lines) -> bool:
    filled = [span for span in grid.cells if lines[span]]
    columns = {span.column0 for span in filled}
    rows = {row for span in filled for row in range(span.row0, span.row1)}
    if len(columns) < 2 or len(rows) < 2 or len(filled) < MIN_FILLED * len(grid.cells):
        return False
    shared = [row for row in rows if sum(span.row0 <= row < span.row1 for span in filled) > 1]
    return len(shared) > 0 and len(shared) >= MIN_SHARED_ROWS * len(rows)


def _bands(grid: RulingGrid, lines: Lines, row: int) -> list[tuple[float, float, list[str]]]:
    """Return top, bottom and cells of the rows of text between two borders."""
    spans = [span for span in grid.cells if span.row0 <= row < span.row1]
    top, bottom = grid.ys[row], grid.ys[row + 1]
    bases = _row_bases(grid, spans, lines) if all(span.row1 - span.row0 == 1 for span in spans) else []
    if not bases:
        texts = {span: _text(grid, span, lines[span]) for span in spans}
        return [(top, bottom, _cells(grid, texts))]
    borders = [top, *((above + below) / 2 for above, below in itertools.pairwise(bases)), bottom]
    bands = []
    for index in range(len(bases)):
        texts = {
            span: _text(grid, span, [line for line in lines[span] if _row_of(line, bases) == index]) for span in spans
        }
        bands.append((borders[index], borders[index + 1], _cells(grid, texts)))
    return bands


def _text(grid: RulingGrid, span: CellSpan, lines: Sequence[CellLine]) -> str:
    return join_cell_lines(lines, grid.xs[span.column1] - grid.xs[span.column0])


def _row_bases(grid: RulingGrid, spans: Sequence[CellSpan], lines: Lines) -> list[float]:
    """Return the base lines of the rows of text in a band; empty if it is one row whose cells have several lines.

    Most cells must have a line at each base line, and the lines must end for another reason than the width of the cell.
    """
    filled = [span for span in spans if lines[span]]
    if len(filled) < 2 or max(len(lines[span]) for span in filled) < 2:
        return []
    bases = _shared_bases([line.base for span in filled for line in lines[span]], MIN_AT_BASE * len(filled))
    if len(bases) < 2 or any(lines[span][0].base < bases[0] - 1 for span in filled):
        return []
    columns = [_Column.of(lines[span], bases, grid.xs[span.column1] - grid.xs[span.column0]) for span in filled]
    if any(column.is_broken for column in columns):
        return []
    figures = sum(column.is_figures for column in columns)
    if figures >= 2 and 2 * figures >= len(columns):
        return bases
    if any(column.goes_on for column in columns):
        return []
    ends = [end for column in columns for end in column.ends]
    leaders = any(line.has_leader for span in filled for line in lines[span])
    if len(bases) == 2 and not leaders:  # two lines of words may be a header
        return bases if figures > 0 and 2 * figures >= len(columns) else []
    return bases if figures > 0 or sum(ends) >= MIN_ROW_ENDS * len(ends) else []


class _Column(NamedTuple):
    """Lines of one cell of a band: evidence for and against its being several rows."""

    is_figures: bool  # figures in every row
    is_broken: bool  # a line between two rows that does not go on with the one above
    goes_on: bool  # a row that goes on with the one above
    ends: list[bool]  # lines that end for another reason than the width of the cell

    @classmethod
    def of(cls, lines: Sequence[CellLine], bases: Sequence[float], width: float) -> _Column:
        is_broken = goes_on = False
        ends = []
        for above, line in itertools.pairwise(lines):
            continues = _continues(above.text, line.text)
            if _row_of(line, bases) == _row_of(above, bases):
                is_broken |= not continues
            else:
                goes_on |= continues
                ends.append(_ends_row(above, line, width - CELL_PADDING))
        is_figures = len(lines) == len(bases) and all(_NUMBER.fullmatch(line.text) for line in lines)
        return cls(is_figures, is_broken, goes_on, ends)


def _shared_bases(all_bases: Sequence[float], at_least: float) -> list[float]:
    """Return the base lines that enough cells share, from top to bottom."""
    groups: list[list[float]] = []
    for base in sorted(all_bases):
        if groups and base - groups[-1][0] < SAME_BASE:
            groups[-1].append(base)
        else:
            groups.append([base])
    return [group[0] for group in groups if len(group) >= at_least]


def _row_of(line: CellLine, bases: Sequence[float]) -> int:
    return bisect.bisect_right(bases, line.base + SAME_BASE) - 1


def _continues(above: str, text: str) -> bool:
    """Return True if `text` goes on with the line above it in the same cell."""
    return bool(_CONTINUES.match(text)) or (len(above) > 1 and above[-1] in ",-(")


def _ends_row(line: CellLine, below: CellLine, width: float) -> bool:
    """Return True if a line of a cell ends although the next word would fit, or as figures do."""
    are_figures = bool(_NUMBER.fullmatch(line.text) and _NUMBER.fullmatch(below.text))
    return line.has_leader or are_figures or line.width + below.first_width < width


def _cells(grid: RulingGrid, texts: Mapping[CellSpan, str]) -> list[str]:
    """Return the cells of a row, merged ones repeated; a text across the whole table is written once."""
    cells = [""] * (len(grid.xs) - 1)
    for span, text in texts.items():
        width = 1 if span.column1 - span.column0 == len(cells) else span.column1 - span.column0
        cells[span.column0 : span.column0 + width] = [text] * width
    return cells
