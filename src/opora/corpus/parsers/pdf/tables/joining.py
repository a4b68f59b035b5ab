"""Tables over several pages: parts with the same columns and nothing between them are one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

from opora.corpus.parsers.pdf.tables.table import PdfTable

SAME_BORDER = 0.02
"""Borders of the columns of two parts differ by less, as a share of the width of the table."""
MAX_HEADER_ROWS = 6
"""Number of first rows of a table among which a repeated header is looked for."""

Item = TypeVar("Item")


def join_tables(items: Iterable[PdfTable | Item]) -> list[PdfTable | Item]:
    """Join the parts of tables among the items of a document in reading order, running lines already removed.

    A part goes on with the table directly before it that ends on the page before, has as many columns, and has them
    at the same places. Its header is left out where it repeats the one of the table.
    """
    joined: list[PdfTable | Item] = []
    for item in items:
        last = joined[-1] if joined else None
        if isinstance(item, PdfTable) and isinstance(last, PdfTable) and goes_on(last, item):
            joined[-1] = append_part(last, item)
        else:
            joined.append(item)
    return joined


def goes_on(table: PdfTable, part: PdfTable) -> bool:
    """Return True if `part`, at the top of a page, is a part of `table`, at the end of the page before."""
    if part.page != table.last_page + 1 or len(part.columns) != len(table.columns):
        return False
    return all(
        abs(first - second) < SAME_BORDER
        for first, second in zip(_relative(table.columns), _relative(part.columns), strict=True)
    )


def _relative(columns: Sequence[float]) -> list[float]:
    """Return the borders of columns as shares of the width: even and odd pages have different margins."""
    width = max(1.0, columns[-1] - columns[0])
    return [(border - columns[0]) / width for border in columns]


def append_part(table: PdfTable, part: PdfTable) -> PdfTable:
    """Return the table with the rows of `part`, without its repeated header."""
    start = _repeated_header(table.rows, part.rows)
    rows, boxes = [list(row) for row in table.rows], [*table.boxes, *part.boxes[start:]]
    rest = part.rows[start:]
    if rest and _is_rest_of_row(rows[-1], rest[0]):
        rows[-1] = [f"{above} {below}".strip() for above, below in zip(rows[-1], rest[0], strict=True)]
        rest, boxes = rest[1:], [*table.boxes, *part.boxes[start + 1 :]]
        if not rest:  # the place of the table's end counts: another part may follow
            boxes[-1] = part.boxes[start]
    return replace(table, rows=[*rows, *rest], boxes=boxes)


def _repeated_header(rows: Sequence[Sequence[str]], part: Sequence[Sequence[str]]) -> int:
    """Return the number of first rows of a part that repeat the header, or its last rows, such as column numbers."""
    header = [_folded(row) for row in rows[:MAX_HEADER_ROWS]]
    count = 0
    for row in part[: min(len(header), len(part) - 1)]:
        if _folded(row) not in header[count:] or not any(row):
            break
        count += 1
    if count == 0:
        return 0
    first = header.index(_folded(part[0]))
    # a header is repeated from its first row; only a row of column numbers may come alone
    return count if first == 0 or _are_column_numbers(part[0]) else 0


def _are_column_numbers(row: Sequence[str]) -> bool:
    numbers = [int(cell) for cell in row if cell.strip().isdecimal()]
    return len(numbers) >= max(2, len(row) - 1) and all(below == above + 1 for above, below in pairwise(numbers))


def _is_rest_of_row(row: Sequence[str], rest: Sequence[str]) -> bool:
    """Return True if a page break cut a row: the rest has no first cell, and goes on with words in small letters."""
    filled = [(above, below) for above, below in zip(row, rest, strict=True) if below]
    return not rest[0] and bool(filled) and all(above and below[:1].islower() for above, below in filled)


def _folded(row: Sequence[str]) -> tuple[str, ...]:
    return tuple("".join(cell.split()).casefold() for cell in row)
