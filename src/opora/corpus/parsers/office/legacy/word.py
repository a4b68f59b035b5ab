"""Parser of DOC (Word 97-2003): paragraphs, headings, numbers of lists, tables, notes, results of fields.

Not antiword or catdoc: they need a file on disk, refuse small documents, and lose structure.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from opora.corpus.blocks import Block
from opora.corpus.parsers.base import ParseContext, Reading
from opora.corpus.parsers.office.builder import BlockBuilder, Paragraph
from opora.corpus.parsers.office.legacy.word_file import (
    COMMENT_REFS,
    COMMENTS,
    ENDNOTE_REFS,
    ENDNOTES,
    FOOTNOTE_REFS,
    FOOTNOTES,
    Properties,
    WordFile,
)
from opora.corpus.parsers.office.legacy.word_lists import (
    LEVELS,
    LIST_LEVEL,
    LIST_NUMBER,
    OUTLINE_LEVEL,
    Style,
    WordNumbering,
    read_styles,
)
from opora.corpus.parsers.storage.ole import open_ole
from opora.records import Scalar

_IN_TABLE, _ROW_END, _INNER_CELL, _TABLE = 0x2416, 0x2417, 0x244B, 0xD608
_DELETED, _HIDDEN = 0x0800, 0x083C
_FIELD_BEGIN, _FIELD_SEPARATOR, _FIELD_END = "\x13\x14\x15"
_CELL_END, _PARAGRAPH_ENDS = "\x07", "\r\x0c\x0e"
_CHARACTERS = {"\x0b": "\n", "\x1e": "-", "\xa0": "\xa0", "\t": "\t"}
_MERGED_RIGHT, _MERGED_DOWN, _MERGE_BEGIN = 0x02, 0x20, 0x40
_MAX_CELLS = 64
_TEXT, _FOOTNOTE, _HEADER, _MACRO, _COMMENT, _ENDNOTE, _BOX = range(7)


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse a DOC. Raises ParseError if it is encrypted, broken, or older than Word 97."""
    with open_ole(data) as ole:
        file = WordFile(ole)
        blocks = _WordReader(file, context.settings.comments).read()
        source_text = _plain_text(file)
    facts = (("author", file.properties.author), ("created", file.properties.created))
    metadata: dict[str, Scalar] = {name: value for name, value in facts if value}
    return Reading(blocks, [file.properties.title], source_text, metadata=metadata)


class _WordReader:
    """Reads the text of a document into blocks."""

    def __init__(self, file: WordFile, with_comments: bool) -> None:
        self._file = file
        self._styles = read_styles(file)
        self._numbering = WordNumbering(file)
        self._builder = BlockBuilder()
        self._fields: list[bool] = []
        """For each open field, whether its result has begun."""
        self._notes = dict(self._find_notes(with_comments))

    def read(self) -> list[Block]:
        """Return the blocks of the text, then those of text boxes."""
        counts = self._file.counts
        self._read(0, min(counts[_TEXT], len(self._file.text)))
        boxes = sum(counts[:_BOX])
        if counts[_BOX] > 0 and boxes >= 0:
            self._fields = []
            self._read(boxes, min(boxes + counts[_BOX], len(self._file.text)))
        return self._builder.finish()

    def _read(self, start: int, end: int) -> None:
        text = self._file.text
        for first, last, properties in self._file.character_runs(start, end):
            is_hidden = any(properties.get(code, b"\0")[:1] == b"\1" for code in (_DELETED, _HIDDEN))
            for position in range(first, last):
                char = text[position]
                if char == _CELL_END or (char in _PARAGRAPH_ENDS and not is_hidden):
                    self._end(char, position)
                elif position in self._notes:
                    self._read_note(position)
                elif not is_hidden:
                    self._write(char)

    def _write(self, char: str) -> None:
        if char == _FIELD_BEGIN:
            self._fields.append(False)
        elif char == _FIELD_SEPARATOR and self._fields:
            self._fields[-1] = True
        elif char == _FIELD_END and self._fields:
            self._fields.pop()
        elif all(self._fields):
            if char >= " " and not "\uf000" <= char <= "\uf0ff":
                self._builder.write(char)
            elif char in _CHARACTERS:
                self._builder.write(_CHARACTERS[char])

    def _end(self, char: str, position: int) -> None:
        """End a paragraph, cell or row."""
        index, own = self._file.paragraph(position)
        style = self._styles[index] if index < len(self._styles) else Style(0, {})
        properties = {**style.properties, **own}
        if properties.get(_ROW_END, b"\0")[:1] == b"\1":
            self._builder.begin_row()
            for right, direction in _cells(properties.get(_TABLE, b"")):
                self._builder.merge_cell(direction)
                self._builder.add_edge(right)
            self._builder.end_row()
            return
        in_table = properties.get(_IN_TABLE, b"\0")[:1] == b"\1"
        paragraph = self._paragraph(style, properties, in_table)
        if char == _CELL_END and in_table:
            self._builder.end_cell(paragraph)
        else:
            self._builder.end_paragraph(paragraph)

    def _paragraph(self, style: Style, properties: Properties, in_table: bool) -> Paragraph:
        outline = properties.get(OUTLINE_LEVEL, b"\xff")[:1]
        level = outline[0] + 1 if outline and outline[0] < LEVELS else style.heading
        depth = min(LEVELS - 1, (properties.get(LIST_LEVEL, b"\0") or b"\0")[0])
        number = int.from_bytes(properties.get(LIST_NUMBER, b"")[:2], "little")
        if number and self._builder.has_text:
            self._builder.write(self._numbering.next_mark(number, depth), is_mark=True)
        return Paragraph(level, depth, in_table)

    def _find_notes(self, with_comments: bool) -> Iterator[tuple[int, tuple[int, int, str]]]:
        """Yield the position of each reference with the start, the end and the kind of its note."""
        kinds = [(FOOTNOTE_REFS, 2, FOOTNOTES, _FOOTNOTE, "note"), (ENDNOTE_REFS, 2, ENDNOTES, _ENDNOTE, "note")]
        if with_comments:
            kinds.append((COMMENT_REFS, 30, COMMENTS, _COMMENT, "comment"))
        for refs, size, texts, part, kind in kinds:
            base = sum(self._file.counts[:part])
            limits = self._file.positions(texts, 0)
            for position, start, end in zip(self._file.positions(refs, size), limits, limits[1:], strict=False):
                if start < end <= self._file.counts[part]:
                    yield position, (base + start, base + end, kind)

    def _read_note(self, position: int) -> None:
        start, end, kind = self._notes.pop(position)
        fields, self._fields = self._fields, []
        self._builder.begin_note(kind)
        self._read(start, min(end, len(self._file.text)))
        self._builder.end_note(kind)
        self._fields = fields


def _cells(definition: bytes) -> Iterator[tuple[int, str]]:
    """Yield the right border of each cell of a row, and the direction of the cell that it continues."""
    count = min(definition[2], _MAX_CELLS) if len(definition) > 2 else 0
    if len(definition) < 5 + 2 * count:
        return
    borders = struct.unpack_from(f"<{count + 1}h", definition, 3)
    for number in range(count):
        position = 5 + 2 * count + 20 * number
        flags = definition[position] if position < len(definition) else 0
        is_down = flags & _MERGED_DOWN and not flags & _MERGE_BEGIN
        yield borders[number + 1], "down" if is_down else "right" if flags & _MERGED_RIGHT else ""


def _plain_text(file: WordFile) -> str:
    """Return the text and the notes without the instructions of fields, by a simple reading."""
    pieces: list[str] = []
    depth = 0
    text, footnote, header, macro, comment, endnote, *_ = (max(0, count) for count in file.counts)
    notes = text + footnote
    for char in file.text[:notes] + " " + file.text[notes + header + macro + comment :][:endnote]:
        if char == _FIELD_BEGIN:
            depth += 1
        elif char in (_FIELD_SEPARATOR, _FIELD_END):
            depth = max(0, depth - 1) if char == _FIELD_SEPARATOR or depth else 0
        elif depth == 0:
            pieces.append(char if char >= " " else " ")
    return "".join(pieces)
