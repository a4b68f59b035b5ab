"""A small typesetter for PDF that sets pages as real archives hold them: in columns, with divided words, running lines.

In: blocks of `render.parse_markdown` and a `Style`. Out: bytes of a PDF. Unlike `render.render_pdf`, it puts down every
word by itself, without space characters, so that only gaps tell words apart, as in files of TeX.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from fpdf import FPDF

DATE = datetime(2026, 11, 1, tzinfo=UTC)
MARGIN, GUTTER, LINE = 22.0, 8.0, 1.32
"""Margins and gap between columns, in mm; line distance in font sizes."""
MM_PER_POINT = 25.4 / 72
VOWELS = frozenset("аеёиоуыэюяaeiouy")
LETTERS = re.compile(r"[^\W\d_]{7,}")


class Style(NamedTuple):
    """Layout of a document. `tables` is `ruled`, `borderless`, or `sparse`: a ruling after every fifth row."""

    columns: int = 1
    size: float = 10.5
    divide_words: bool = False
    white_fills: bool = False
    tables: str = "ruled"


class Strip(NamedTuple):
    """A line of text or a row of a table: its height in mm, and the function that draws it at (x, y)."""

    height: float
    draw: Callable[[float, float], None]
    keeps_next: bool = False


class Typesetter:
    """Sets blocks on A4 pages. `running` holds the texts at the top of even and odd pages."""

    def __init__(self, style: Style, running: tuple[str, str], language: str) -> None:
        from matplotlib import get_data_path

        self.style, self.running = style, running
        self.pdf = FPDF(format="A4")
        fonts = Path(get_data_path()) / "fonts" / "ttf"
        self.pdf.add_font("DejaVu", "", fonts / "DejaVuSerif.ttf")
        self.pdf.add_font("DejaVu", "B", fonts / "DejaVuSerif-Bold.ttf")
        self.pdf.set_creation_date(DATE)
        self.pdf.set_title(f"Microsoft Word - {language}_final(2).doc")  # as printer drivers write it
        self.pdf.set_auto_page_break(False)
        self.width = (210 - 2 * MARGIN - (style.columns - 1) * GUTTER) / style.columns
        self.column, self.y, self.top = style.columns, 297.0, MARGIN
        self.chapter = running[1]

    def output(self) -> bytes:
        return bytes(self.pdf.output())

    def set_blocks(self, blocks: Sequence[object]) -> None:
        """Set blocks in the columns; the first heading of level 1 goes over all of them."""
        for block in blocks:
            kind, rows, level = block.kind, block.rows, block.level
            if kind == "heading" and level == 1:
                self.title(rows[0][0])
            elif kind == "heading":
                self.place(self.lines(rows[0][0], bold=True, size=self.style.size * (1.15 if level == 2 else 1.0)), 2.0)
            elif kind == "table":
                self.place(self.table(rows), 2.0)
            elif kind == "list":
                for number, [line] in enumerate(rows, 1):
                    mark = f"{number}." if block.ordered else "•"
                    self.place(self.lines(line, mark=mark), 0.0)
            else:
                self.place(self.lines(rows[0][0], indent=5.0), 1.0)

    def title(self, text: str) -> None:
        """Begin a page, and set a title over all columns."""
        self.chapter = text
        self.new_page()
        full = 210 - 2 * MARGIN
        y = self.top
        for strip in self.lines(text, bold=True, size=self.style.size * 1.6, width=full):
            strip.draw(MARGIN, y)
            y += strip.height
        self.top = self.y = y + 4

    def new_page(self) -> None:
        self.pdf.add_page()
        number = self.pdf.page_no()
        self.column, self.top = 0, MARGIN + 6
        self.y = self.top
        text = self.running[0] if number % 2 == 0 else self.chapter
        self.pdf.set_font("DejaVu", "", 8)
        self.pdf.text(MARGIN, 14, text[:80])
        self.pdf.text(210 - MARGIN - self.pdf.get_string_width(str(number)), 14, str(number))
        if number == 1:
            self.pdf.text(MARGIN, 290, f"{self.running[0]} · № 7-114/26")

    def place(self, strips: Iterator[Strip], gap: float) -> None:
        """Put strips below each other, from column to column and page to page."""
        self.y += gap if self.y > self.top else 0
        queue = list(strips)
        for number, strip in enumerate(queue):
            needed = strip.height + (queue[number + 1].height if strip.keeps_next and number + 1 < len(queue) else 0)
            if self.y + needed > 297 - MARGIN:
                if self.column + 1 < self.style.columns:
                    self.column, self.y = self.column + 1, self.top
                else:
                    self.new_page()
            strip.draw(MARGIN + self.column * (self.width + GUTTER), self.y)
            self.y += strip.height
        self.y += gap

    def lines(
        self, text: str, bold: bool = False, size: float = 0.0, width: float = 0.0, indent: float = 0.0, mark: str = ""
    ) -> Iterator[Strip]:
        """Yield the lines of a paragraph, justified unless it is bold."""
        size, width = size or self.style.size, (width or self.width) - (6.0 if mark else 0.0)
        rows = list(self.break_lines(text, bold, size, width, indent))
        for number, row in enumerate(rows):
            is_last = number + 1 == len(rows)
            left = (indent if not number else 0.0) + (6.0 if mark else 0.0)
            sign = mark if not number else ""
            yield Strip(
                size * LINE * MM_PER_POINT,
                self.line_drawer(row, bold, size, width - (indent if not number else 0.0), left, is_last or bold, sign),
                keeps_next=bold,
            )

    def line_drawer(
        self, row: list[str], bold: bool, size: float, width: float, left: float, ragged: bool, mark: str
    ) -> Callable[[float, float], None]:
        def draw(x: float, y: float) -> None:
            self.pdf.set_font("DejaVu", "B" if bold else "", size)
            base, height = y + size * MM_PER_POINT, size * LINE * MM_PER_POINT
            if self.style.white_fills:
                self.pdf.set_fill_color(255, 255, 255)
                self.pdf.rect(x, y, width, height, style="F")
            if mark:
                self.pdf.text(x, base, mark)
            widths = [self.pdf.get_string_width(word) for word in row]
            blank = size * MM_PER_POINT * 0.24
            gap = blank if ragged or len(row) < 2 else min(4 * blank, (width - sum(widths)) / (len(row) - 1))
            at = x + left
            for word, word_width in zip(row, widths, strict=True):
                self.pdf.text(at, base, word)
                at += word_width + gap

        return draw

    def break_lines(self, text: str, bold: bool, size: float, width: float, indent: float) -> Iterator[list[str]]:
        """Yield the words of each line; a long word may be divided with a hyphen."""
        self.pdf.set_font("DejaVu", "B" if bold else "", size)
        blank = size * MM_PER_POINT * 0.24
        row: list[str] = []
        used = indent
        words = text.split()[::-1]
        while words:
            word = words.pop()
            extent = self.pdf.get_string_width(word) + (blank if row else 0)
            if used + extent <= width or not row:
                row.append(word)
                used += extent
                continue
            room = width - used - blank
            cut = self.division(word, room) if self.style.divide_words and not bold else 0
            if cut:
                row.append(word[:cut] + "-")
                words.append(word[cut:])
            else:
                words.append(word)
            yield row
            row, used = [], 0.0
        if row:
            yield row

    def division(self, word: str, room: float) -> int:
        """Return the number of letters of a word that fit in `room` mm with a hyphen; 0 if it cannot be divided."""
        if not LETTERS.fullmatch(word.rstrip(".,;:")):
            return 0
        for cut in range(len(word) - 3, 2, -1):
            is_border = word[cut - 1].lower() in VOWELS and word[cut].lower() not in VOWELS
            if is_border and self.pdf.get_string_width(word[:cut] + "-") <= room:
                return cut
        return 0

    def table(self, rows: list[list[str]]) -> Iterator[Strip]:
        """Yield the rows of a table, each drawn with the rulings of its style."""
        size = self.style.size * (0.72 if self.style.columns > 1 else 0.85)
        shares = self.column_shares(rows, size)
        height = size * LINE * MM_PER_POINT
        for number, row in enumerate(rows):
            is_head = number == 0
            cells = [
                list(self.break_lines(cell, is_head, size, share - 2.4, 0.0)) or [[""]]
                for cell, share in zip(row, shares, strict=True)
            ]
            has_rule = self.style.tables == "ruled" or (self.style.tables == "sparse" and (is_head or number % 5 == 0))
            depth = max(map(len, cells)) * height + 1.6
            yield Strip(depth, self.row_drawer(cells, shares, is_head, size, has_rule or number + 1 == len(rows)))

    def row_drawer(
        self, cells: list[list[list[str]]], shares: list[float], is_head: bool, size: float, has_rule: bool
    ) -> Callable[[float, float], None]:
        def draw(x: float, y: float) -> None:
            height = size * LINE * MM_PER_POINT
            depth = max(map(len, cells)) * height + 1.6
            self.pdf.set_draw_color(0, 0, 0)
            self.pdf.set_line_width(0.2)
            at = x
            for cell, share in zip(cells, shares, strict=True):
                if self.style.tables == "ruled":
                    self.pdf.rect(at, y, share, depth)
                for line, words in enumerate(cell):
                    self.pdf.set_font("DejaVu", "B" if is_head else "", size)
                    self.pdf.text(at + 1.2, y + 0.6 + size * MM_PER_POINT + line * height, " ".join(words))
                at += share
            if self.style.tables == "sparse" and (has_rule or is_head):
                self.pdf.line(x, y + depth, x + sum(shares), y + depth)

        return draw

    def column_shares(self, rows: list[list[str]], size: float) -> list[float]:
        """Return the widths of the columns, in mm: room for the longest word, the rest by the longest cell."""
        self.pdf.set_font("DejaVu", "B", size)
        columns = list(zip(*rows, strict=True))
        least = [max(self.pdf.get_string_width(word) for cell in column for word in cell.split() or [""]) + 3
                 for column in columns]  # fmt: skip
        full = [max(map(self.pdf.get_string_width, column)) + 3 for column in columns]
        spare = self.width - sum(least)
        extra = sum(more - enough for more, enough in zip(full, least, strict=True)) or 1.0
        if spare < 0:
            return [self.width * enough / sum(least) for enough in least]
        return [enough + spare * (more - enough) / extra for more, enough in zip(full, least, strict=True)]
