"""Structural chunker: splits at headings, clauses, sentences and table rows, up to a size.

Each chunk lies within one section, begins with a clause where there is one in its second half, keeps captions with
their tables and notes with their paragraphs. A table is split between rows, and its header is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from opora.corpus.chunking.base import Chunk
from opora.corpus.chunking.blocks import Atom, sections
from opora.corpus.sections.places import short_heading
from opora.corpus.settings import ChunkSettings
from opora.records import Document

MIN_FILL = 0.5
"""Share of the maximum size from which a chunk may end before a clause that does not fit whole."""
_TOKEN = re.compile(r"\w+|[^\w\s]")


def chunk(document: Document, settings: ChunkSettings) -> Iterator[Chunk]:
    """Yield the chunks of a document in text order."""
    for path, section_atoms in sections(document.text, document.language, document.title):
        heading = tuple(map(short_heading, path))
        atoms = [piece for atom in section_atoms for piece in _fit(document.text, atom, settings)]
        for start, end, table_header in _pack(document.text, atoms, settings):
            yield Chunk(start, end, heading, table_header)


def _fit(text: str, atom: Atom, settings: ChunkSettings) -> Iterator[Atom]:
    """Yield the atom, or pieces of a sentence longer than the maximum size, split behind commas or between words."""
    if atom.is_row or _size(text[atom.start : atom.end], settings) <= settings.size:
        yield atom
        return
    start = end = border = atom.start
    for word in re.finditer(r"\S+", text[atom.start : atom.end]):
        word_end = atom.start + word.end()
        while start < end and _size(text[start:word_end], settings) > settings.size:
            cut = border if _size(text[start:border], settings) >= MIN_FILL * settings.size else end
            yield atom._replace(start=start, end=cut, begins=atom.begins and start == atom.start)
            start = cut + len(text[cut:word_end]) - len(text[cut:word_end].lstrip())
        end = word_end
        border = end if text[end - 1] in ",;:" and not word.group()[:1].isdigit() else border
    yield atom._replace(start=start, end=end, begins=atom.begins and start == atom.start)


def _pack(text: str, atoms: Sequence[Atom], settings: ChunkSettings) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, table header) of chunks: as many atoms as fit, the last sentences repeated in the next."""
    first = 0
    while first < len(atoms):
        header, end = atoms[first].table_header, first + 1
        while end < len(atoms) and _size(header + text[atoms[first].start : atoms[end].end], settings) <= settings.size:
            end += 1
        end = _best_end(text, atoms, first, end, settings)
        yield atoms[first].start, atoms[end - 1].end, header
        can_repeat = end < len(atoms) and not atoms[end].is_row and not atoms[end].begins
        first = _step_back(text, atoms, first, end, settings) if can_repeat else end


def _best_end(text: str, atoms: Sequence[Atom], first: int, end: int, settings: ChunkSettings) -> int:
    """Return the end of a chunk of atoms `first:end`, moved back to a clause that does not fit whole, or to an atom
    that stays with the next one."""
    if end == len(atoms) or atoms[end].begins:
        return end
    for border in range(end - 1, first, -1):
        if _size(text[atoms[first].start : atoms[border - 1].end], settings) < MIN_FILL * settings.size:
            break
        if atoms[border].begins:
            return border
    whole = end
    while whole > first + 1 and atoms[whole].is_glued:
        whole -= 1
    return end if atoms[whole].is_glued else whole


def _step_back(text: str, atoms: Sequence[Atom], first: int, following: int, settings: ChunkSettings) -> int:
    """Return the first atom of the next chunk: it repeats sentences up to the overlap and still fits a new atom."""
    begin = following
    while begin - 1 > first and not atoms[begin - 1].is_row and not atoms[begin].begins:
        start = atoms[begin - 1].start
        repeated, extended = text[start : atoms[following - 1].end], text[start : atoms[following].end]
        if _size(repeated, settings) > settings.overlap or _size(extended, settings) > settings.size:
            break
        begin -= 1
    return begin


def _size(text: str, settings: ChunkSettings) -> int:
    return len(text) if settings.size_unit == "characters" else len(_TOKEN.findall(text))
