"""Parser of PPT (PowerPoint 97-2003): titles, text and speaker notes of each slide.

Source: [MS-PPT], PowerPoint (.ppt) Binary File Format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from opora.corpus.blocks import Block, one_line
from opora.corpus.parsers.base import ParseContext, ParseError, Reading
from opora.corpus.parsers.storage.ole import open_ole, read_ole_properties

MAX_DEPTH = 30
MAX_SLIDES = 5000
MAX_EDITS = 1000
"""Maximum number of saved states that are followed."""
_SLIDE_LIST, _SLIDE_ENTRY, _SLIDE, _SLIDE_ATOM, _NOTES = 0x0FF0, 0x03F3, 0x03EE, 0x03EF, 0x03F0
_TEXT_TYPE, _WIDE_TEXT, _NARROW_TEXT, _OUTLINE_TEXT, _TEXT_BOX = 0x0F9F, 0x0FA0, 0x0FA8, 0x0F9E, 0xF00D
_EDIT, _PERSIST = 0x0FF5, 0x1772
_TITLES, _BODIES, _NOTE = (0, 6), (1, 7, 8), 2
_SLIDES, _NOTES_LIST = 0, 2
"""Kinds of lists of slides."""
_ENCRYPTED = 0xF3D1C4DF
_PLACEHOLDERS = frozenset("*")
"""Text of fields such as the number of a slide."""


class PptRecord(NamedTuple):
    """A record: its type and instance, and where its content begins and ends."""

    kind: int
    instance: int
    start: int
    end: int


class ShapeText(NamedTuple):
    """Text of a shape; `kind` tells titles from bodies."""

    kind: int
    text: str


class SlideEntry(NamedTuple):
    """A slide in a list of slides, with the texts of its outline."""

    persist: int
    identifier: int
    texts: list[ShapeText]


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse a PPT. Raises ParseError if it is encrypted or broken."""
    with open_ole(data) as ole:
        stream, user = (bytes(ole.openstream(name).read()) for name in ("PowerPoint Document", "Current User"))
        slides = _PowerPointFile(stream, user).slides()
        title = read_ole_properties(ole).title
    blocks = [
        block._replace(page=number)
        for number, (texts, notes) in enumerate(slides, 1)
        for block in _slide_blocks(texts, notes)
    ]
    source_text = " ".join(text.text for texts, notes in slides for text in [*texts, *notes])
    return Reading(blocks, [title], source_text, page_count=len(slides))


def _slide_blocks(texts: list[ShapeText], notes: list[ShapeText]) -> Iterator[Block]:
    titles = [text for text in texts if text.kind in _TITLES]
    for text in [*titles, *(text for text in texts if text not in titles)]:
        lines = [line for line in map(one_line, text.text.replace("\v", " ").split("\r")) if line]
        if text.kind in _TITLES and lines:
            yield Block("heading", " ".join(lines), level=1)
        elif text.kind in _BODIES and len(lines) > 1:
            yield from (Block("item", line) for line in lines)
        else:
            yield from (Block("paragraph", line) for line in lines if line not in _PLACEHOLDERS)
    for note in notes:
        for line in map(one_line, note.text.split("\r")):
            yield Block("note", line)


class _PowerPointFile:
    """The main stream of a PPT."""

    def __init__(self, stream: bytes, user: bytes) -> None:
        self._stream = stream
        if len(user) >= 20 and struct.unpack_from("<I", user, 12)[0] == _ENCRYPTED:
            raise ParseError("encrypted", "a PowerPoint presentation with a password")
        self._offsets: dict[int, int] = {}
        """Number of a slide or other object -> its offset; the newest edit counts."""
        self._document = self._read_edits(struct.unpack_from("<I", user, 16)[0])

    def slides(self) -> list[tuple[list[ShapeText], list[ShapeText]]]:
        """Return the texts and the notes of each slide."""
        document = self._record(self._offsets[self._document])
        notes = {entry.identifier: entry for entry in self._entries(document, _NOTES_LIST)}
        slides = []
        for entry in self._entries(document, _SLIDES)[:MAX_SLIDES]:
            if entry.persist not in self._offsets:
                continue
            slide = self._record(self._offsets[entry.persist])
            reference = self._notes_of(slide)
            note_texts: list[ShapeText] = []
            if reference in notes and notes[reference].persist in self._offsets:
                page = self._record(self._offsets[notes[reference].persist])
                note_texts = [text for text in self._texts(page, notes[reference].texts) if text.kind == _NOTE]
            slides.append((self._texts(slide, entry.texts), note_texts))
        return slides

    def _read_edits(self, offset: int) -> int:
        """Read the offsets of all objects. Return the number of the document."""
        document = 0
        seen: set[int] = set()
        while offset not in seen and len(seen) < MAX_EDITS:
            seen.add(offset)
            edit = self._record(offset)
            if edit.kind != _EDIT:
                break
            _, _, offset, persist, number = struct.unpack_from("<IIIII", self._stream, edit.start)
            document = document or number
            directory = self._record(persist)
            position = directory.start
            while directory.kind == _PERSIST and position + 4 <= directory.end:
                (word,) = struct.unpack_from("<I", self._stream, position)
                first, count = word & 0xFFFFF, word >> 20
                position += 4
                for index, value in enumerate(struct.unpack_from(f"<{count}I", self._stream, position)):
                    self._offsets.setdefault(first + index, value)
                position += 4 * count
            if offset == 0:
                break
        return document

    def _entries(self, document: PptRecord, instance: int) -> list[SlideEntry]:
        entries: list[SlideEntry] = []
        for slides in self._children(document):
            if slides.kind != _SLIDE_LIST or slides.instance != instance:
                continue
            kind = 4
            for record in self._children(slides):
                if record.kind == _SLIDE_ENTRY:
                    persist, identifier = struct.unpack_from("<I8xI", self._stream, record.start)
                    entries.append(SlideEntry(persist, identifier, []))
                elif record.kind == _TEXT_TYPE:
                    (kind,) = struct.unpack_from("<I", self._stream, record.start)
                    if entries:
                        entries[-1].texts.append(ShapeText(kind, ""))
                elif record.kind in (_WIDE_TEXT, _NARROW_TEXT) and entries and entries[-1].texts:
                    entries[-1].texts[-1] = ShapeText(kind, self._text(record))
        return entries

    def _notes_of(self, slide: PptRecord) -> int:
        """Return the identifier of the notes of a slide; 0 for none."""
        atom = next((record for record in self._children(slide) if record.kind == _SLIDE_ATOM), None)
        if atom is None or atom.end - atom.start < 20:
            return 0
        return int(struct.unpack_from("<I", self._stream, atom.start + 16)[0])

    def _texts(self, slide: PptRecord, outline: list[ShapeText]) -> list[ShapeText]:
        """Return the texts of the shapes of a slide; some stand in the outline."""
        texts = []
        for box in self._boxes(slide, 0):
            kind, text = 4, ""
            for record in self._children(box):
                if record.kind == _TEXT_TYPE:
                    (kind,) = struct.unpack_from("<I", self._stream, record.start)
                elif record.kind in (_WIDE_TEXT, _NARROW_TEXT):
                    text = self._text(record)
                elif record.kind == _OUTLINE_TEXT:
                    (index,) = struct.unpack_from("<I", self._stream, record.start)
                    if index < len(outline):
                        kind, text = outline[index]
            if text.strip():
                texts.append(ShapeText(kind, text))
        return texts

    def _boxes(self, record: PptRecord, depth: int) -> Iterator[PptRecord]:
        for child in self._children(record):
            if child.kind == _TEXT_BOX:
                yield child
            elif depth < MAX_DEPTH and self._stream[child.start - 8] & 0xF == 0xF:
                yield from self._boxes(child, depth + 1)

    def _children(self, parent: PptRecord) -> Iterator[PptRecord]:
        position = parent.start
        while position + 8 <= parent.end:
            record = self._record(position)
            yield record
            position = record.end

    def _record(self, offset: int) -> PptRecord:
        version, kind, length = struct.unpack_from("<HHI", self._stream, offset)
        start = offset + 8
        return PptRecord(kind, version >> 4, start, min(start + length, len(self._stream)))

    def _text(self, record: PptRecord) -> str:
        encoding = "utf-16-le" if record.kind == _WIDE_TEXT else "latin-1"
        return self._stream[record.start : record.end].decode(encoding, "replace")
