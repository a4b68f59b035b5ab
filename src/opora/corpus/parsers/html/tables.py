"""Tables of a page: data or layout, and a grid of cells in which spans are filled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from opora.corpus.blocks import markdown_table, one_line
from opora.corpus.parsers.html.tree import inline_text

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_COLUMNS = 1000
MAX_GRID = 200_000
"""Maximum number of cells of a table after spans are filled; beyond it, spans count as 1."""
MAX_REPEATED = 200
"""Maximum length of a text that is repeated over the rows and columns that its cell spans, in characters."""
MAX_HEADER_ROWS = 4
_LAYOUT_CELL = 400
"""Average length of the cells from which a table without header lays out text, in characters."""


class Cell(NamedTuple):
    """A cell of a table, with the rows and columns that it spans."""

    text: str
    rows: int
    columns: int
    is_header: bool


class DataTable(NamedTuple):
    """A data table: its rows as Markdown, and the titles that stand above it."""

    titles: list[str]
    markdown: str


def is_data_table(table: HtmlElement) -> bool:
    """Return True if a table holds data, False if it only lays out the page."""
    if table.get("role") in ("presentation", "none") or table.find(".//table") is not None:
        return False
    rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in table.iter("tr")]
    widths = [len(row) for row in rows]
    if max(widths, default=0) < 2:
        return False
    if table.find(".//th") is not None or table.find("caption") is not None:
        return True
    if (
        sum(1 for width in widths if width > 1) < 2
        or table.find(".//h1") is not None
        or table.find(".//h2") is not None
    ):
        return False
    cells = sum(widths)
    return sum(len(inline_text(cell)) for row in rows for cell in row) / cells < _LAYOUT_CELL


def read_table(table: HtmlElement) -> DataTable:
    """Return a data table as a pipe table with one header row."""
    rows, in_head = [], 0
    for row in table.iter("tr"):
        cells = [_read_cell(cell) for cell in row if cell.tag in ("td", "th")]
        if any(cell.text for cell in cells):
            in_head += getattr(row.getparent(), "tag", "") == "thead"
            rows.append(cells)
    titles = [one_line(inline_text(caption)) for caption in table.findall("caption")[:1]]
    width = _width(rows)
    while len(rows) > 1 and len(rows[0]) == 1 and rows[0][0].columns >= width > 1:
        titles.append(rows.pop(0)[0].text)
        in_head = max(0, in_head - 1)
    grid = fill_spans(rows)
    header = min(in_head, MAX_HEADER_ROWS) or _count_header_rows(rows)
    return DataTable(titles, markdown_table([_merge(grid[:header]), *grid[header:]] if header > 1 else grid))


def fill_spans(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """Return the texts of a grid in which a cell's text is repeated over its rows and columns.

    A cell over all columns, and a long text, stand once.
    """
    width = _width(rows)
    if width * len(rows) > MAX_GRID:
        return [[cell.text for cell in row] for row in rows]
    grid: list[list[str | None]] = [[None] * width for _ in rows]
    for y, row in enumerate(rows):
        x = 0
        for cell in row:
            while x < width and grid[y][x] is not None:
                x += 1
            if x >= width:
                break
            columns = min(cell.columns, width - x)
            repeated = cell.text if len(cell.text) <= MAX_REPEATED and columns < width else ""
            for below in range(y, min(y + cell.rows, len(rows))):
                for right in range(x, x + columns):
                    if grid[below][right] is None:
                        grid[below][right] = cell.text if (below, right) == (y, x) else repeated
            x += columns
    return [[text or "" for text in row] for row in grid]


def _read_cell(cell: HtmlElement) -> Cell:
    text = one_line(inline_text(cell))
    return Cell(text, _span(cell, "rowspan"), _span(cell, "colspan"), cell.tag == "th")


def _span(cell: HtmlElement, name: str) -> int:
    value = cell.get(name, "1").strip()
    return max(1, min(int(value[:6]), MAX_COLUMNS)) if value.isascii() and value.isdecimal() else 1


def _width(rows: Sequence[Sequence[Cell]]) -> int:
    """Return the number of columns, in which no cell is left out and none is only declared by a span."""
    hanging: list[tuple[int, int]] = []
    width = 0
    for row in rows:
        taken = sum(columns for _, columns in hanging)
        width = max(width, taken + sum(cell.columns for cell in row))
        hanging = [(left - 1, columns) for left, columns in hanging if left > 1]
        hanging += [(cell.rows - 1, cell.columns) for cell in row if cell.rows > 1]
    return min(width, MAX_COLUMNS)


def _count_header_rows(rows: Sequence[Sequence[Cell]]) -> int:
    """Return the number of leading rows of header cells, or that the first row's spans ask for."""
    headed = 0
    while headed < min(len(rows), MAX_HEADER_ROWS) and all(cell.is_header for cell in rows[headed]):
        headed += 1
    if not rows:
        return 0
    first = rows[0]
    tall = max(cell.rows for cell in first)
    spans = any(cell.columns > 1 and cell.rows < tall for cell in first)
    if (
        spans
        and tall < min(len(rows), MAX_HEADER_ROWS + 1)
        and all(cell.rows == tall or cell.columns > 1 for cell in first)
    ):
        return max(headed, tall)
    return headed


def _merge(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one row: the different texts of each column, from the top."""
    return [" ".join(dict.fromkeys(text for text in column if text)) for column in zip(*rows, strict=True)]
