"""Tables with merged cells as blocks: what a merged cell says stands in every row and column that it covers."""

from __future__ import annotations

from collections.abc import Sequence

from opora.corpus.blocks import Block, markdown_table

GridCell = tuple[Sequence[str], int, str]
"""Paragraphs of a cell, the number of columns that it spans, and the direction of the cell that it continues: `down`
for the one above, `right` for the one before it, or empty."""
GridRow = list[GridCell]
MAX_COLUMNS = 1000


def table_blocks(rows: Sequence[GridRow]) -> list[Block]:
    """Return a table as one block; a table of one column only lays out the page, and becomes paragraphs."""
    if max(map(len, rows), default=0) < 2:
        return [Block("paragraph", text) for row in rows for paragraphs, _, _ in row for text in paragraphs]
    table = markdown_table(fill_spans(rows))
    return [Block("table", table)] if table else []


def fill_spans(rows: Sequence[GridRow]) -> list[list[str]]:
    """Return rows of text with merged cells repeated. A cell as wide as its row stands there once."""
    filled: list[list[str]] = []
    for row in rows:
        line: list[str] = []
        for paragraphs, span, direction in row:
            text = " ".join(paragraphs)
            if direction == "down" and filled and len(line) < len(filled[-1]):
                text = text or filled[-1][len(line)]
            elif direction == "right" and line:
                text = text or line[-1]
            span = max(1, min(span, MAX_COLUMNS - len(line)))
            line += [text, *[text if len(row) > 1 else ""] * (span - 1)]
        filled.append(line)
    return filled
