"""Tables with merged cells: what a merged cell says stands in every row and column that it covers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from opora.corpus.blocks import Block, markdown_table

MAX_COLUMNS = 1000
MAX_GRID = 200_000
"""Number of cells, after spans are filled, from which spans that make most of them count as 1."""
MAX_REPEATED = 200
"""Maximum length of a text that is repeated, in characters; a longer one is no label."""
MAX_HEADER_ROWS = 4


class GridCell(NamedTuple):
    """A cell with the columns and rows that it spans.

    `continues` is for formats that merge cells in another way: `down` for a cell that continues the one above it,
    `right` for one that continues the one before it.
    """

    text: str
    columns: int = 1
    rows: int = 1
    continues: str = ""
    is_header: bool = False


def fill_spans(rows: Sequence[Sequence[GridCell]]) -> list[list[str]]:
    """Return the texts of a grid in which merged cells are repeated. A cell over all columns, and a long text, stand
    once."""
    width = grid_width(rows)
    if width * len(rows) > max(MAX_GRID, 4 * sum(map(len, rows))):
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
            text = cell.text or _continued(grid, x, y, cell.continues)
            is_alone = columns == width or (columns > 1 and len(row) == 1 and x == 0)
            repeated = text if len(text) <= MAX_REPEATED and not is_alone else ""
            for below in range(y, min(y + cell.rows, len(rows))):
                for right in range(x, x + columns):
                    if grid[below][right] is None:
                        grid[below][right] = repeated
            grid[y][x] = cell.text or repeated
            x += columns
    return [[text or "" for text in row] for row in grid]


def _continued(grid: Sequence[Sequence[str | None]], x: int, y: int, direction: str) -> str:
    """Return the text of the cell that an empty one continues."""
    if direction == "down" and y:
        return grid[y - 1][x] or ""
    return (grid[y][x - 1] or "") if direction == "right" and x else ""


def grid_width(rows: Sequence[Sequence[GridCell]]) -> int:
    """Return the number of columns, in which no cell is left out and none is only declared by a span."""
    hanging: list[tuple[int, int]] = []
    width = 0
    for row in rows:
        taken = sum(columns for _, columns in hanging)
        width = max(width, taken + sum(cell.columns for cell in row))
        if width >= MAX_COLUMNS:
            return MAX_COLUMNS
        hanging = [(left - 1, columns) for left, columns in hanging if left > 1]
        hanging += [(cell.rows - 1, cell.columns) for cell in row if cell.rows > 1]
    return width


def join_header(rows: Sequence[Sequence[str]], height: int) -> list[Sequence[str]]:
    """Return the rows of a table with its first `height` rows as one: the different texts of each column."""
    if height < 2:
        return list(rows)
    header = [" ".join(dict.fromkeys(filter(None, column))) for column in zip_longest(*rows[:height], fillvalue="")]
    return [header, *rows[height:]]


def table_blocks(rows: Sequence[Sequence[GridCell]]) -> list[Block]:
    """Return a table as one block; a table of one column only lays out the page, and becomes paragraphs."""
    if max(map(len, rows), default=0) < 2:
        return [Block("paragraph", cell.text) for row in rows for cell in row]
    table = markdown_table(fill_spans(rows))
    return [Block("table", table)] if table else []


def cell_text(blocks: Iterable[Block]) -> str:
    """Return the text of a cell, without its notes; the cells of a table inside it are separated by commas."""
    texts = []
    for block in blocks:
        if block.kind == "table":
            lines = [line for line in block.text.split("\n") if set(line) - set("|- ")]
            texts.append("; ".join(line.strip("| ").replace(" | ", ", ") for line in lines))
        elif block.kind != "note":
            texts.append(f"{block.mark} {block.text}" if block.mark else block.text)
    return " ".join(text for text in texts if text.strip())
