"""Structural chunker: splits at headings, sentences and table rows, up to a size.

Each chunk lies within one section. A table is split between rows, and its header is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from opora.corpus.chunking.base import Chunk
from opora.corpus.settings import ChunkSettings
from opora.records import Document
from opora.text.sentences import sentences

_HEADING = re.compile(r"^(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$")
_RULE = re.compile(r"^[ \t]*\|?[ \t:|-]*-[ \t:|-]*\|?[ \t]*$")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_LINE_START = re.compile(r"\s*(?:[-*+•]|\d+[.)]|\|)\s?")
"""Start of a list item or table row: the line above does not continue there."""


class _Atom(NamedTuple):
    """The smallest piece that is kept whole: a sentence, or a table row. The first row includes the table header."""

    start: int
    end: int
    table_header: str = ""
    """Header of a row that can stand without the first row above it."""
    is_row: bool = False


def chunk(document: Document, settings: ChunkSettings) -> Iterator[Chunk]:
    """Yield the chunks of a document in text order."""
    for heading, section_atoms in _sections(document.text, document.language):
        atoms = [piece for atom in section_atoms for piece in _fit(document.text, atom, settings)]
        for start, end, table_header in _pack(document.text, atoms, settings):
            yield Chunk(start, end, heading, table_header)


def _sections(text: str, language: str) -> Iterator[tuple[tuple[str, ...], list[_Atom]]]:
    """Yield (path of headings, atoms) of sections that hold text; a document of headings only is one section."""
    path: list[tuple[int, str]] = []
    atoms: list[_Atom] = []
    is_empty = True
    for heading, block in _blocks(text):
        if heading is None:
            atoms += _atoms(text, *block, language)
            continue
        if atoms:
            yield tuple(title for _, title in path), atoms
            is_empty, atoms = False, []
        path = [(level, title) for level, title in path if level < heading[0]] + [heading]
    if atoms:
        yield tuple(title for _, title in path), atoms
    elif is_empty and text.strip():
        yield (), [_Atom(len(text) - len(text.lstrip()), len(text.rstrip()))]


def _blocks(text: str) -> Iterator[tuple[tuple[int, str] | None, tuple[int, int]]]:
    """Yield, in order, headings as ((level, title), span), and paragraphs, lists and tables as (None, span)."""
    offset, block_start, block_kind = 0, 0, ""
    for line in [*text.splitlines(keepends=True), ""]:
        heading = _HEADING.match(line.rstrip("\n"))
        kind = "heading" if heading else "table" if _ROW.match(line) else "text" if line.strip() else ""
        if block_kind and kind != block_kind:
            yield None, (block_start, block_start + len(text[block_start:offset].rstrip()))
            block_kind = ""
        if heading:
            yield (len(heading[1]), heading[2]), (offset, offset + len(line))
        elif kind and not block_kind:
            block_start, block_kind = offset, kind
        offset += len(line)


def _atoms(text: str, start: int, end: int, language: str) -> Iterator[_Atom]:
    if _ROW.match(text[start:end].split("\n", 1)[0]):
        yield from _rows(text, start, end)
        return
    for line_start, line_end in _lines(text, start, end):
        for first, last in sentences(text[line_start:line_end], language):
            yield _Atom(line_start + first, line_start + last)


def _rows(text: str, start: int, end: int) -> Iterator[_Atom]:
    """Yield the rows of a table; header, rule and first row are one atom."""
    lines = list(_lines(text, start, end))
    has_rule = len(lines) > 1 and _RULE.match(text[slice(*lines[1])]) is not None
    header_lines = 2 if has_rule else 1
    table_header = text[lines[0][0] : lines[header_lines - 1][1]] if has_rule else ""
    first_end = lines[min(header_lines, len(lines) - 1)][1]
    yield _Atom(lines[0][0], first_end, is_row=True)
    for line_start, line_end in lines[header_lines + 1 :]:
        yield _Atom(line_start, line_end, table_header, is_row=True)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of non-empty lines without line breaks; the lines of one paragraph are one span."""
    begin = start
    for line in re.finditer(r"[^\n]+", text[start:end]):
        line_start, line_end = start + line.start(), start + line.end()
        continues = line_end < end and not _LINE_START.match(text[line_end + 1 : line_end + 8])
        is_row = _ROW.match(text[line_start:line_end])
        if is_row or not continues or text[line_start:line_end].rstrip().endswith("  "):
            yield min(begin, line_start) if not is_row else line_start, line_end
            begin = line_end + 1


def _fit(text: str, atom: _Atom, settings: ChunkSettings) -> Iterator[_Atom]:
    """Yield the atom, or pieces split between words if it is a sentence longer than the maximum size."""
    if atom.is_row or _size(text[atom.start : atom.end], settings) <= settings.size:
        yield atom
        return
    start = end = atom.start
    for word in re.finditer(r"\S+", text[atom.start : atom.end]):
        word_start, word_end = atom.start + word.start(), atom.start + word.end()
        if start < end and _size(text[start:word_end], settings) > settings.size:
            yield _Atom(start, end)
            start = word_start
        end = word_end
    yield _Atom(start, end)


def _pack(text: str, atoms: Sequence[_Atom], settings: ChunkSettings) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, table header) of chunks: as many atoms as fit, the last sentences repeated in the next."""
    first = 0
    while first < len(atoms):
        header, end = atoms[first].table_header, first + 1
        while end < len(atoms) and _size(header + text[atoms[first].start : atoms[end].end], settings) <= settings.size:
            end += 1
        yield atoms[first].start, atoms[end - 1].end, header
        can_repeat = end < len(atoms) and not atoms[end].is_row
        first = _step_back(text, atoms, first, end, settings) if can_repeat else end


def _step_back(text: str, atoms: Sequence[_Atom], first: int, following: int, settings: ChunkSettings) -> int:
    """Return the first atom of the next chunk: it repeats sentences up to the overlap and still fits a new atom."""
    begin = following
    while begin - 1 > first and not atoms[begin - 1].is_row:
        start = atoms[begin - 1].start
        repeated, extended = text[start : atoms[following - 1].end], text[start : atoms[following].end]
        if _size(repeated, settings) > settings.overlap or _size(extended, settings) > settings.size:
            break
        begin -= 1
    return begin


def _size(text: str, settings: ChunkSettings) -> int:
    return len(text) if settings.size_unit == "characters" else len(_TOKEN.findall(text))
