"""One PDF page as lines and tables, in the order of its content stream.

In: a pdfium page. Out: `Line`s with place, size and weight, and `Table`s with the text of their cells.

    page = read_page(document[0], number=1)
    page.items          # [Line('Rules', ...), Line('Short.', ...), Table(rows=[['Unit', 'Mass'], ...], ...)]
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import NamedTuple

import pypdfium2.raw as pdfium
from pypdfium2 import PdfPage

from opora.corpus.formats.pdf_grid import Grid, find_grids

HYPHEN_AT_LINE_END = "\x02"
"""What pdfium puts for a hyphen at which a line is broken; it then leaves the line break out."""


class Line(NamedTuple):
    """A line of text: left and right edge, base line (from the page's bottom) and size in points."""

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool
    page: int


class Table(NamedTuple):
    """A ruled table; `rows` hold cell texts, with the lines of a cell apart. `columns` are the x of its rules."""

    rows: list[list[list[str]]]
    columns: tuple[float, ...]
    page: int


class Page(NamedTuple):
    number: int
    height: float
    items: list[Line | Table]


class _Char(NamedTuple):
    index: int
    text: str
    is_hyphen: bool


def read_page(page: PdfPage, number: int) -> Page:
    text = page.get_textpage()
    try:
        return _Reader(text, find_grids(page), number).read(page.get_height())
    finally:
        text.close()


class _Reader:
    """Sorts the characters of a page into lines and into the cells of tables."""

    def __init__(self, text: object, grids: list[Grid], number: int) -> None:
        self.text, self.grids, self.number = text, grids, number
        self.items: list[Line | Table] = []
        self.tables: dict[int, Table] = {}
        self.box = [ctypes.c_double() for _ in range(4)]

    def read(self, height: float) -> Page:
        for characters in self.lines():
            self.place(characters)
        return Page(self.number, height, [item for item in self.items if isinstance(item, Line) or _is_filled(item)])

    def lines(self) -> Iterator[list[_Char]]:
        current: list[_Char] = []
        for index in range(pdfium.FPDFText_CountChars(self.text)):
            code = pdfium.FPDFText_GetUnicode(self.text, index)
            text = chr(code)
            if text == HYPHEN_AT_LINE_END:
                current.append(_Char(index, "-", True))
            elif text not in "\r\n":
                current.append(_Char(index, " " if text.isspace() else text, False))
            if text in "\n\x02":
                yield current
                current = []
        yield current

    def place(self, characters: list[_Char]) -> None:
        """Give a line's characters to the cells that they stand in, and the rest to a line."""
        own: list[_Char] = []
        cells: dict[tuple[int, int, int], str] = {}
        target: tuple[int, int, int] | None = None
        for char in characters:
            if char.text != " ":
                target = self.cell_at(char.index)
            if target is None:
                own.append(char)
            else:
                cells[target] = cells.get(target, "") + char.text
        for (grid, row, column), text in cells.items():
            if text.strip():
                self.table(grid).rows[row][column].append(text.strip())
        if line := self.line(own):
            self.items.append(line)

    def cell_at(self, index: int) -> tuple[int, int, int] | None:
        if not self.grids:
            return None
        left, right, bottom, top = self.box
        pdfium.FPDFText_GetCharBox(self.text, index, left, right, bottom, top)
        x, y = (left.value + right.value) / 2, (bottom.value + top.value) / 2
        for number, grid in enumerate(self.grids):
            if cell := grid.cell_at(x, y):
                return number, *cell
        return None

    def table(self, number: int) -> Table:
        if number not in self.tables:
            grid = self.grids[number]
            rows: list[list[list[str]]] = [[[] for _ in range(grid.width)] for _ in range(grid.height)]
            self.tables[number] = Table(rows, tuple(grid.columns), self.number)
            self.items.append(self.tables[number])
        return self.tables[number]

    def line(self, characters: list[_Char]) -> Line | None:
        text = _join_surrogates("".join(char.text for char in characters))
        inked = [char.index for char in characters if char.text != " "]
        if not inked:
            return None
        x, y = ctypes.c_double(), ctypes.c_double()
        pdfium.FPDFText_GetCharOrigin(self.text, inked[len(inked) // 2], x, y)
        first, middle, last = inked[0], inked[len(inked) // 2], inked[-1]
        left, right, bottom, top = self.box
        pdfium.FPDFText_GetCharBox(self.text, last, left, right, bottom, top)
        end = right.value
        pdfium.FPDFText_GetCharBox(self.text, first, left, right, bottom, top)
        bold = self.is_bold(first) and self.is_bold(middle) and self.is_bold(last)
        return Line(" ".join(text.split()), left.value, end, y.value, self.size(middle), bold, self.number)

    def size(self, index: int) -> float:
        """Points as seen on the page: the font's size under the scale of the text matrix."""
        matrix = pdfium.FS_MATRIX()
        size = float(pdfium.FPDFText_GetFontSize(self.text, index))
        if pdfium.FPDFText_GetMatrix(self.text, index, matrix):
            size *= float((matrix.b**2 + matrix.d**2) ** 0.5) or 1.0
        return round(size * 2) / 2

    def is_bold(self, index: int) -> bool:
        if pdfium.FPDFText_GetFontWeight(self.text, index) >= 600:
            return True
        name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
        pdfium.FPDFText_GetFontInfo(self.text, index, name, 128, flags)
        return b"bold" in name.value.lower()


def _is_filled(table: Table) -> bool:
    """False for the grid of a plot or a form: a table has two rows or more with two filled cells or more."""
    return sum(sum(map(bool, row)) >= 2 for row in table.rows) >= 2


def _join_surrogates(text: str) -> str:
    if not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
