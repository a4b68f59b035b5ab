"""File structure of DOC: text by pieces, and the properties of its paragraphs and characters.

Source: [MS-DOC], Word (.doc) Binary File Format. Positions in the text (CP) count characters, FC bytes of the file.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.storage.ole import read_ole_properties

if TYPE_CHECKING:
    from olefile import OleFileIO

WORD_97, WORD_95 = 0xA5EC, 0xA5DC
_ENCRYPTED, _TABLE_STREAM = 0x0100, 0x0200
_PAIRS = 0x9A
"""Offset of the pairs (offset, length) that lead to the structures in the table stream."""
STYLES, FOOTNOTE_REFS, FOOTNOTES, COMMENT_REFS, COMMENTS = 1, 2, 3, 4, 5
CHARACTER_PAGES, PARAGRAPH_PAGES, PIECES, ENDNOTE_REFS, ENDNOTES, LISTS, LIST_OVERRIDES = 12, 13, 33, 46, 47, 73, 74
"""Numbers of the pairs."""
_PAGE = 512
_MAX_PAGES = 200_000
_WIDTHS = (1, 1, 2, 4, 2, 2, 0, 3)
"""Bytes of the operand of a property by the upper bits of its code; 0: the first byte is the length."""
_TABLE_DEFINITION, _TABS = 0xD608, 0xC615
Properties = dict[int, bytes]
"""Code of a property (sprm) -> operand."""


class Piece(NamedTuple):
    """Characters that stand together in the file, from position `start`."""

    start: int
    end: int
    offset: int
    width: int
    """Bytes of a character: 1 or 2."""


class WordFile:
    """Streams of a DOC. Raises ParseError if it is encrypted, or older than Word 97."""

    def __init__(self, ole: OleFileIO) -> None:
        self.main = bytes(ole.openstream("WordDocument").read())
        kind, flags = struct.unpack_from("<H8xH", self.main)
        if kind == WORD_95:
            raise ParseError("unsupported format", "a document of Word 95 or older; save it as DOCX")
        if kind != WORD_97:
            raise ParseError("corrupt", "no header of a Word document")
        if flags & _ENCRYPTED:
            raise ParseError("encrypted", "a Word document with a password")
        name = "1Table" if flags & _TABLE_STREAM else "0Table"
        self.table = bytes(ole.openstream(name).read()) if ole.exists(name) else b""
        self.properties = read_ole_properties(ole)
        self.counts = struct.unpack_from("<8i", self.main, 0x4C)
        """Characters of the text, footnotes, headers, macros, comments, endnotes, text boxes and those of headers."""
        self.pieces = self._read_pieces()
        self.text = "".join(self._piece_text(piece) for piece in self.pieces)
        """All text; a position is an index in it."""
        self._paragraphs = _RunTable(self, PARAGRAPH_PAGES)
        self._characters = _RunTable(self, CHARACTER_PAGES)

    def structure(self, number: int) -> bytes:
        """Return a structure of the table stream."""
        offset, length = self.pair(number)
        return self.table[offset : offset + length]

    def pair(self, number: int) -> tuple[int, int]:
        """Return offset and length of a structure in the table stream."""
        try:
            offset, length = struct.unpack_from("<II", self.main, _PAIRS + 8 * number)
        except struct.error:
            return 0, 0
        return offset, length

    def positions(self, number: int, size: int) -> list[int]:
        """Return the positions of a structure (PLC) that holds `size` bytes for each."""
        data = self.structure(number)
        count = max(0, (len(data) - 4) // (4 + size))
        return list(struct.unpack_from(f"<{count + 1}I", data)) if len(data) >= 4 else []

    def paragraph(self, position: int) -> tuple[int, Properties]:
        """Return the style and the properties of the paragraph that ends at a position."""
        data = self._paragraphs.at(self.offset_of(position))
        style = struct.unpack_from("<H", data)[0] if len(data) > 1 else 0
        return style, dict(read_properties(data[2:]))

    def character_runs(self, start: int, end: int) -> Iterator[tuple[int, int, Properties]]:
        """Yield the runs of characters of a text with their properties."""
        while start < end:
            piece = self.pieces[self._piece_index(start)]
            data, limit = self._characters.run_at(self.offset_of(start))
            length = max(1, (limit - self.offset_of(start)) // piece.width)
            stop = min(end, piece.end, start + length)
            stop = max(stop, start + 1)
            yield start, stop, dict(read_properties(data))
            start = stop

    def offset_of(self, position: int) -> int:
        """Return the offset of a character in the file."""
        piece = self.pieces[self._piece_index(position)]
        return piece.offset + (position - piece.start) * piece.width

    def _piece_index(self, position: int) -> int:
        return max(0, bisect_right(self._starts, position) - 1)

    def _piece_text(self, piece: Piece) -> str:
        size = (piece.end - piece.start) * piece.width
        data = self.main[piece.offset : piece.offset + size]
        text = data.decode("utf-16-le" if piece.width == 2 else "cp1252", "replace")
        return text[: piece.end - piece.start].ljust(piece.end - piece.start, "\0")

    def _read_pieces(self) -> list[Piece]:
        data = self.structure(PIECES)
        position = 0
        while data[position : position + 1] == b"\1":  # properties of pieces
            position += 3 + struct.unpack_from("<H", data, position + 1)[0]
        if data[position : position + 1] != b"\2":
            raise ParseError("corrupt", "a Word document without its table of pieces")
        (length,) = struct.unpack_from("<I", data, position + 1)
        plc = data[position + 5 : position + 5 + length]
        count = (len(plc) - 4) // 12
        starts = struct.unpack_from(f"<{count + 1}I", plc)
        pieces: list[Piece] = []
        size = 0
        for number in range(count):
            (code,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * number + 2)
            is_narrow = bool(code & 0x40000000)
            offset, width = ((code & 0x3FFFFFFF) // 2, 1) if is_narrow else (code & 0x3FFFFFFF, 2)
            start, end = starts[number], starts[number + 1]
            size += end - start
            if end < start or start != (pieces[-1].end if pieces else 0) or size > len(self.main):
                raise ParseError("corrupt", "the table of pieces of a Word document is broken")
            pieces.append(Piece(start, end, offset, width))
        if not pieces:
            raise ParseError("no text")
        self._starts = [piece.start for piece in pieces]
        return pieces


class _RunTable:
    """Properties of paragraphs or characters: pages of 512 bytes, found through a table of offsets."""

    def __init__(self, file: WordFile, number: int) -> None:
        self._main = file.main
        self._width = 13 if number == PARAGRAPH_PAGES else 1
        """Bytes of an entry that leads from a run to its properties."""
        data = file.structure(number)
        count = min(_MAX_PAGES, max(0, (len(data) - 4) // 8))
        self._starts = list(struct.unpack_from(f"<{count}I", data)) if count else []
        self._pages = struct.unpack_from(f"<{count}I", data, 4 * (count + 1)) if count else ()
        self._cached: tuple[int, tuple[int, ...]] = (-1, ())

    def at(self, offset: int) -> bytes:
        """Return the properties at an offset of the file."""
        return self.run_at(offset)[0]

    def run_at(self, offset: int) -> tuple[bytes, int]:
        """Return the properties at an offset of the file, and the offset where they end."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0:
            return b"", self._starts[0] if self._starts else 1 << 40
        base = (self._pages[index] & 0x3FFFFF) * _PAGE
        page = self._main[base : base + _PAGE]
        if len(page) < _PAGE:
            return b"", 1 << 40
        if self._cached[0] != base:
            self._cached = base, struct.unpack_from(f"<{min(page[-1], 126) + 1}I", page)
        limits = self._cached[1]
        run = bisect_right(limits, offset) - 1
        if not 0 <= run < len(limits) - 1:
            following = self._starts[index + 1] if index + 1 < len(self._starts) else 1 << 40
            return b"", following
        position = 4 * len(limits) + self._width * run
        start = 2 * page[position] if position < _PAGE else 0
        return (self._entry(page, start) if start else b""), limits[run + 1]

    def _entry(self, page: bytes, start: int) -> bytes:
        size = page[start]
        if self._width == 1:
            return page[start + 1 : start + 1 + size]
        if size:
            return page[start + 1 : start + 2 * size]
        return page[start + 2 : start + 2 + 2 * page[start + 1]] if start + 1 < _PAGE else b""


def read_properties(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the code and the operand of each property."""
    position = 0
    while position + 2 <= len(data):
        (code,) = struct.unpack_from("<H", data, position)
        position += 2
        width = _WIDTHS[code >> 13]
        if code == _TABLE_DEFINITION and position + 2 <= len(data):
            width = struct.unpack_from("<H", data, position)[0] + 1
        elif width == 0:
            length = data[position] if position < len(data) else 0
            width = 1 + length
            if code == _TABS and length == 255 and position + 1 < len(data):
                deleted = data[position + 1]
                added = data[min(len(data) - 1, position + 2 + 4 * deleted)]
                width = 3 + 4 * deleted + 3 * added
        yield code, data[position : position + width]
        position += width
