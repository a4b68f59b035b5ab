"""Tables of a page: data or layout, and their header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from opora.corpus.blocks import markdown_table, one_line
from opora.corpus.parsers.elements.tables import (
    MAX_COLUMNS,
    MAX_HEADER_ROWS,
    GridCell,
    fill_spans,
    grid_width,
    join_header,
)
from opora.corpus.parsers.html.tree import inline_text

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LAYOUT_CELL = 400
"""Average length of the cells from which a table without header lays out text, in characters."""


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
    width = grid_width(rows)
    while len(rows) > 1 and len(rows[0]) == 1 and rows[0][0].columns >= width > 1:
        titles.append(rows.pop(0)[0].text)
        in_head = max(0, in_head - 1)
    height = min(in_head, MAX_HEADER_ROWS) or _count_header_rows(rows)
    return DataTable(titles, markdown_table(join_header(fill_spans(rows), height)))


def _read_cell(cell: HtmlElement) -> GridCell:
    text = one_line(inline_text(cell))
    # a rowspan of 0 goes on to the end
    rows = MAX_COLUMNS if cell.get("rowspan", "").strip() == "0" else _span(cell, "rowspan")
    return GridCell(text, _span(cell, "colspan"), rows, is_header=cell.tag == "th")


def _span(cell: HtmlElement, name: str) -> int:
    value = cell.get(name, "1").strip()
    return max(1, min(int(value[:6]), MAX_COLUMNS)) if value.isascii() and value.isdecimal() else 1


def _count_header_rows(rows: Sequence[Sequence[GridCell]]) -> int:
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
