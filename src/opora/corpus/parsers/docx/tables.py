"""Tables: merged cells repeat their value, headers of several rows become one, layout tables become paragraphs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from opora.corpus.blocks import Block, markdown_table
from opora.corpus.parsers.docx.headings import StoryPiece
from opora.corpus.parsers.docx.markup import REMOVED, VAL, attribute, integer, is_on, name, unwrapped
from opora.corpus.parsers.elements.tables import (
    MAX_HEADER_ROWS,
    MAX_REPEATED,
    GridCell,
    cell_text,
    fill_spans,
    join_header,
)
from opora.corpus.parsers.storage.xml import Element

MAX_SPAN = 63
"""Maximum number of columns that a cell spans: the maximum of columns in Word."""
_ROW, _CELL, _ROW_PROPERTIES, _CELL_PROPERTIES = map(name, ("w:tr", "w:tc", "w:trPr", "w:tcPr"))
_BEFORE, _AFTER, _SPAN, _MERGE, _HEADER = map(
    name, ("w:gridBefore", "w:gridAfter", "w:gridSpan", "w:vMerge", "w:tblHeader")
)


class WordCell(NamedTuple):
    """A cell with its text and pieces; `is_continued` if it belongs to the merged cell above."""

    text: str
    pieces: Sequence[StoryPiece]
    span: int = 1
    is_continued: bool = False
    starts_merge: bool = False


class WordRow(NamedTuple):
    """A row of a table; `before` and `after` count the columns that it leaves out."""

    cells: tuple[WordCell, ...]
    before: int = 0
    after: int = 0
    is_header: bool = False


def read_table(table: Element, read_cell: Callable[[Element], list[StoryPiece]]) -> Iterator[StoryPiece]:
    """Yield a table as one piece, or its paragraphs if it only lays them out; then the notes of its cells."""
    rows = [row for element in unwrapped(table, _ROW) if (row := _read_row(element, read_cell))]
    if _is_layout(rows):
        yield from _unfold(rows)
        return
    if len(rows) > 1 and len(rows[0].cells) == 1 and rows[0].cells[0].span > 1:
        yield from rows.pop(0).cells[0].pieces  # the caption of the table
    grid = join_header(fill_spans([_grid_row(row) for row in rows]), _header_height(rows))
    yield StoryPiece(Block("table", markdown_table(grid)))
    yield from (piece for row in rows for cell in row.cells for piece in cell.pieces if piece.block.kind == "note")


def _read_row(element: Element, read_cell: Callable[[Element], list[StoryPiece]]) -> WordRow | None:
    """Read a row; None for a deleted or hidden one."""
    properties = element.find(_ROW_PROPERTIES)
    if properties is not None and (
        any(child.tag in REMOVED for child in properties) or is_on(properties, name("w:hidden"))
    ):
        return None
    cells = tuple(_read_cell(cell, read_cell) for cell in unwrapped(element, _CELL))
    before, after = (min(MAX_SPAN, max(0, integer(attribute(properties, key)))) for key in (_BEFORE, _AFTER))
    return WordRow(cells, before, after, is_on(properties, _HEADER)) if cells else None


def _read_cell(element: Element, read_cell: Callable[[Element], list[StoryPiece]]) -> WordCell:
    properties = element.find(_CELL_PROPERTIES)
    span = max(1, min(MAX_SPAN, integer(attribute(properties, _SPAN), 1)))
    merge = None if properties is None else properties.find(_MERGE)
    if merge is not None and merge.get(VAL, "continue") == "continue":
        return WordCell("", (), span, is_continued=True)
    pieces = read_cell(element)
    return WordCell(cell_text(piece.block for piece in pieces), pieces, span, starts_merge=merge is not None)


def _is_layout(rows: Sequence[WordRow]) -> bool:
    """Return True for a table that only arranges text on the page."""
    if all(sum(bool(cell.text) for cell in row.cells) < 2 for row in rows):
        # a column of merged cells holds values of several rows
        return not any(cell.starts_merge for row in rows for cell in row.cells)
    cells = [cell for row in rows for cell in row.cells if cell.text]
    counts = [sum(piece.block.kind != "note" for piece in cell.pieces) for cell in cells]
    has_table = any(piece.block.kind == "table" for cell in cells for piece in cell.pieces)
    if len(rows) == 1:
        return len(cells) < 4 and (max(counts) > 1 or max(len(cell.text) for cell in cells) > MAX_REPEATED)
    return len(rows) <= 3 and len(cells) <= 6 and (max(counts) > 3 or has_table)


def _unfold(rows: Sequence[WordRow]) -> Iterator[StoryPiece]:
    """Yield the pieces of a layout table, column by column if it is regular: a heading stands above its text."""
    cells = [row.cells for row in rows]
    if len(rows) <= 3 and len({len(row) for row in cells}) == 1:
        cells = list(zip(*cells, strict=True))
    yield from (piece for group in cells for cell in group for piece in cell.pieces)


def _grid_row(row: WordRow) -> list[GridCell]:
    cells = [GridCell(cell.text, cell.span, continues="down" if cell.is_continued else "") for cell in row.cells]
    left_out = [[GridCell("")] * count for count in (row.before, row.after)]
    return [*left_out[0], *cells, *left_out[1]]


def _header_height(rows: Sequence[WordRow]) -> int:
    """Return the number of rows of the header: those marked as such, or those that its merged cells reach over."""
    marked = next((index for index, row in enumerate(rows) if not row.is_header), len(rows))
    if marked > 1:
        return min(marked, MAX_HEADER_ROWS, len(rows) - 1)
    if not any(cell.span > 1 for cell in rows[0].cells) or not any(cell.starts_merge for cell in rows[0].cells):
        return 1
    merged = next(
        (index for index, row in enumerate(rows[1:], 1) if not any(cell.is_continued for cell in row.cells)), len(rows)
    )
    return min(merged, MAX_HEADER_ROWS)
