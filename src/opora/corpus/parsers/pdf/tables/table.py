"""A table of a PDF, and the block of the document that it becomes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from opora.corpus.blocks import Block, LineBox, markdown_table

MIN_COLUMN = 12.0
"""Width from which an empty column is kept, in points: the parts of a table must have the same columns."""


class RowBox(NamedTuple):
    """Place of a row: page, from 1, and box in points."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


class TablePlace(NamedTuple):
    """Extents of the columns of a table without rulings, size of its letters, smallest distance of rows, in points."""

    columns: tuple[tuple[float, float], ...]
    size: float
    row_step: float


@dataclass(frozen=True, slots=True)
class PdfTable:
    """A table: rows of cells, and the place of each row. The box is that of its part on its first page.

    `columns` are the borders of the columns, one more than there are columns; without rulings they lie between them.
    `page` and `last_page` are those of its first and last row. `place` helps to find its rest on the next page;
    `is_rest` tells that the table goes on with one before.
    """

    page: int
    x0: float
    y0: float
    x1: float
    y1: float
    rows: list[list[str]]
    boxes: list[RowBox]
    columns: tuple[float, ...]
    place: TablePlace | None = None
    is_rest: bool = False

    @property
    def last_page(self) -> int:
        return self.boxes[-1].page


def make_table(page: int, rows: Sequence[Sequence[str]], boxes: Sequence[RowBox], columns: Sequence[float]) -> PdfTable:
    """Return a table without its empty rows and narrow empty columns, which double rulings leave."""
    widths = [right - left for left, right in itertools.pairwise(columns)]
    full = [at for at, width in enumerate(widths) if width >= MIN_COLUMN or any(row[at].strip() for row in rows)]
    full = full or list(range(len(widths)))
    kept = [index for index, row in enumerate(rows) if any(cell.strip() for cell in row)]
    borders = [columns[index] for index in full] + [columns[full[-1] + 1]]
    return PdfTable(
        page,
        x0=min(box.x0 for box in boxes),
        y0=min(box.y0 for box in boxes),
        x1=max(box.x1 for box in boxes),
        y1=max(box.y1 for box in boxes),
        rows=[[rows[index][column] for column in full] for index in kept],
        boxes=[boxes[index] for index in kept],
        columns=tuple(borders),
    )


def table_block(table: PdfTable) -> Block:
    """Return the table as a block of a document, with the place of each row."""
    text = markdown_table(table.rows)
    starts, length = [], 0
    for line in text.split("\n"):
        starts.append((length, length + len(line)))
        length += len(line) + 1
    spans = [starts[0], *starts[2:]]  # the second line is that of dashes
    lines = [LineBox(start, end, *box) for (start, end), box in zip(spans, table.boxes, strict=True)]
    return Block("table", text, page=table.page, lines=tuple(lines))
