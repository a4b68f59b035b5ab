"""Tables over several pages: parts with the same columns and nothing between them are one table."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

from opora.corpus.parsers.pdf.tables.table import PdfTable
from opora.text.resources import language_lines, languages
from opora.text.words import fold

SAME_BORDER = 0.02
"""Borders of the columns of two parts differ by less, as a share of the width of the table."""
MAX_HEADER_ROWS = 6
"""Number of first rows of a table among which a repeated header is looked for."""
MAX_CAPTION_CHARS = 120
MAX_BETWEEN = 2
"""Number of lines between a table and its rest, at most."""

Item = TypeVar("Item")


def join_tables(
    items: Iterable[PdfTable | Item], text_of: Callable[[Item], str] = lambda item: ""
) -> list[PdfTable | Item]:
    """Join the parts of tables among the items of a document in reading order, running lines already removed.

    A part goes on with the table directly before it that ends on the page before, has as many columns, and has them
    at the same places. Its header is left out where it repeats the one of the table; so is a line between the two that
    says that the table goes on, or repeats its caption. `text_of` returns the text of an item that is no table.
    """
    joined: list[PdfTable | Item] = []
    for item in items:
        if isinstance(item, PdfTable):
            near = _table_near(joined, text_of) if item.is_rest else None
            before = _table_before(joined, text_of)
            at = before if near is None else near
            table = None if at is None else joined[at]
            if at is not None and isinstance(table, PdfTable) and goes_on(table, item):
                end = at + 1 if near is not None else len(joined)  # running lines stay, a caption is repeated
                joined[at:end] = [append_part(table, item)]
                continue
        joined.append(item)
    return joined


def _table_near(items: Sequence[PdfTable | Item], text_of: Callable[[Item], str]) -> int | None:
    """Return the index of the last table if only a few short lines follow it, such as running ones."""
    for index in reversed(range(max(0, len(items) - MAX_BETWEEN - 1), len(items))):
        item = items[index]
        if isinstance(item, PdfTable):
            return index
        if len(text_of(item)) > MAX_CAPTION_CHARS:
            return None
    return None


def _table_before(items: Sequence[PdfTable | Item], text_of: Callable[[Item], str]) -> int | None:
    """Return the index of the table that the next item follows; a line that announces its rest may stand between."""
    last = len(items) - 1
    if last >= 0 and isinstance(items[last], PdfTable):
        return last
    if last < 1 or not isinstance(items[last - 1], PdfTable):
        return None
    texts = [text_of(item) for item in (items[last], *items[last - 2 : last - 1]) if not isinstance(item, PdfTable)]
    is_repeated = len(texts) == 2 and texts[0] == texts[1] != ""
    return last - 1 if is_repeated or says_continued(texts[0]) else None


def says_continued(text: str) -> bool:
    """Return True if a line says that a table goes on: `Продолжение таблицы 2`, `Table 2 (continued)`."""
    folded = fold(" ".join(text.split()))
    starts, ends = _continuations()
    return len(folded) <= MAX_CAPTION_CHARS and (folded.startswith(starts) or folded.rstrip(".").endswith(ends))


@functools.cache
def _continuations() -> tuple[tuple[str, ...], tuple[str, ...]]:
    phrases = [fold(line) for code in languages() for line in language_lines(code, "continued_tables.txt")]
    ends = tuple(phrase.rstrip(".") for phrase in phrases if not phrase[0].isalpha())
    return tuple(phrase for phrase in phrases if phrase[0].isalpha()), ends


def goes_on(table: PdfTable, part: PdfTable) -> bool:
    """Return True if `part`, at the top of a page or column, is a part of `table`, at the end of the one before."""
    last = table.boxes[-1]
    is_beside = part.page == last.page and part.x0 > last.x1 - 1 and part.y0 < last.y0  # in the next column
    if not (is_beside or part.page == last.page + 1) or len(part.columns) != len(table.columns):
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
