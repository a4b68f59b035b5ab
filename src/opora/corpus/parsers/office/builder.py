"""Builder of blocks from a stream of text with marks at the ends of paragraphs, cells and rows, as in RTF and DOC."""

from __future__ import annotations

from typing import NamedTuple

from opora.corpus.blocks import Block, clean_lines, one_line
from opora.corpus.parsers.elements.numbers import BULLET
from opora.corpus.parsers.elements.tables import GridCell, table_blocks

_EDGE_TOLERANCE = 80
"""Borders of cells that are closer than this, in twips (1/20 point), are the same."""


class Paragraph(NamedTuple):
    """Properties of a paragraph; `level` is that of a heading, 0 for none, `depth` that of an item."""

    level: int = 0
    depth: int = 0
    in_table: bool = False


PLAIN = Paragraph()


class _Cell(NamedTuple):
    text: str
    right: int
    merged: str
    """Direction of the cell that this one continues: `down`, `right` or empty."""


class BlockBuilder:
    """Collects the text of a document into blocks."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._text: list[str] = []
        self._mark: list[str] = []
        self._cell: list[str] = []
        self._row: list[list[str]] = []
        self._rows: list[list[_Cell]] = []
        self._edges: list[int] = []
        self._merges: list[str] = []
        self._merge = ""
        self._notes: list[Block] = []
        self._outer: list[tuple[list[str], list[str]]] = []
        self._note_paragraphs: list[str] = []
        self._note_count = 0

    def write(self, text: str, is_mark: bool = False) -> None:
        """Add text to the paragraph, or to the number before it."""
        (self._mark if is_mark else self._text).append(text)

    @property
    def has_text(self) -> bool:
        """The paragraph that is open has text."""
        return bool("".join(self._text).strip())

    def end_paragraph(self, paragraph: Paragraph) -> None:
        """End a paragraph of the body, of a cell or of a note."""
        text, mark = _clean(self._text), _item_mark(_clean(self._mark))
        self._text, self._mark = [], []
        if not text:
            return
        if self._outer or paragraph.in_table:
            (self._note_paragraphs if self._outer else self._cell).append(f"{mark} {text}" if mark else text)
            return
        self._end_table()
        if paragraph.level:
            self._add(Block("heading", one_line(f"{mark} {text}".lstrip("- ")), level=paragraph.level))
        elif mark:
            self._add(Block("item", text, level=paragraph.depth, mark=mark))
        else:
            self._add(Block("paragraph", text))

    def begin_note(self, kind: str) -> None:
        """Begin a note; its number is written into the paragraph that it belongs to."""
        if kind == "note":
            self._note_count += 1
            self._text.append(f"[{self._note_count}]")
        self._outer.append((self._text, self._mark))
        self._text, self._mark = [], []

    def end_note(self, kind: str) -> None:
        """End the note; it follows the paragraph or table that it belongs to."""
        self.end_paragraph(PLAIN)
        if text := " ".join(self._note_paragraphs):
            self._notes.append(Block("note", text, mark=f"[{self._note_count}]" if kind == "note" else ""))
        self._note_paragraphs = []
        self._text, self._mark = self._outer.pop()

    def begin_row(self) -> None:
        """Begin the definition of a row's cells."""
        self._edges, self._merges, self._merge = [], [], ""

    def merge_cell(self, direction: str) -> None:
        """Declare that the next cell continues the one above (`down`) or before it (`right`)."""
        self._merge = direction

    def add_edge(self, right: int) -> None:
        """End the definition of a cell, at its right border."""
        self._edges.append(right)
        self._merges.append(self._merge)
        self._merge = ""

    def end_cell(self, paragraph: Paragraph) -> None:
        """End a cell."""
        self.end_paragraph(paragraph._replace(in_table=True))
        self._row.append(self._cell)
        self._cell = []

    def end_row(self) -> None:
        """End a row."""
        if self._cell:
            self.end_cell(PLAIN)
        count = len(self._row)
        is_defined = len(self._edges) >= count
        edges = self._edges if is_defined else range(0, 1000 * count, 1000)
        merges = self._merges if is_defined else [""] * count
        self._rows.append([_Cell(*cell) for cell in zip(map(" ".join, self._row), edges, merges, strict=False)])
        self._row = []

    def finish(self) -> list[Block]:
        """Return the blocks."""
        while self._outer:
            self.end_note("note")
        self.end_paragraph(PLAIN)
        if self._cell or self._row:
            self.end_row()
        self._end_table()
        self._add_notes()
        return self._blocks

    def _add(self, block: Block) -> None:
        self._blocks.append(block)
        self._add_notes()

    def _add_notes(self) -> None:
        self._blocks += self._notes
        self._notes = []

    def _end_table(self) -> None:
        if self._cell or self._row:
            self.end_row()
        if self._rows:
            rows, self._rows = self._rows, []
            self._blocks += table_blocks(_align(rows))
            self._add_notes()


def _align(rows: list[list[_Cell]]) -> list[list[GridCell]]:
    """Return the rows with the number of columns that each cell spans, by the borders of all cells."""
    edges: list[int] = []
    for edge in sorted({cell.right for row in rows for cell in row}):
        if not edges or edge - edges[-1] > _EDGE_TOLERANCE:
            edges.append(edge)
    widest = max(map(len, rows))
    if len(edges) > 2 * widest:  # the borders of the rows have nothing to do with each other
        return [[GridCell(cell.text, continues=cell.merged) for cell in row] for row in rows]
    aligned: list[list[GridCell]] = []
    for row in rows:
        column, cells = 0, list[GridCell]()
        for cell in row:
            end = max((number for number, edge in enumerate(edges, 1) if edge <= cell.right + 1), default=1)
            cells.append(GridCell(cell.text, max(1, end - column), continues=cell.merged))
            column = max(column + 1, end)
        aligned.append(cells)
    return aligned


def _clean(pieces: list[str]) -> str:
    if not pieces:
        return ""
    return clean_lines(join_surrogates("".join(pieces)))


def _item_mark(text: str) -> str:
    """Return the number of an item as shown; any symbol is a dash."""
    return (text if any(char.isalnum() for char in text) else BULLET) if text else ""


def join_surrogates(text: str) -> str:
    """Return the text with pairs of surrogates joined, and single ones as U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
