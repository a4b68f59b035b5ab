"""Sections, blocks and atoms of a document in Markdown: the pieces that chunks are packed from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from opora.corpus.blocks import FENCE, HEADING
from opora.corpus.sections.forms import is_contents_heading, is_remark
from opora.corpus.sections.places import find_places, read_caption
from opora.text.sentences import sentences

_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$")
_RULE = re.compile(r"^[ \t]*\|?[ \t:|-]*-[ \t:|-]*\|?[ \t]*$")
_LINE_START = re.compile(r"\s*(?:[-*+•]|\d+[.)]|[^\W\d_]\)|\|)\s?")
"""Start of a list item or table row: the line above does not continue there."""
_NOTE = re.compile(r"(?P<mark>[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\[\^?\w{1,4}\]|\*{1,3}\)?):?\s")
"""Start of a note, whose mark stands in the paragraph above it."""
_CONTENTS = re.compile(r"(?:\.{4,}|(?:\. ){4,}|…{2,})\s*\d{1,4}\s*$")
"""End of a line of a table of contents: dots and the number of a page."""


MAX_ABOVE = 4_000
"""Characters above a table or note that are searched for its caption or mark."""


class Atom(NamedTuple):
    """The smallest piece that is kept whole: a sentence, a table row, a line of code, or a heading without text.

    The first row of a table includes its header. `begins`: a clause begins here; `is_glued`: it stays with the atom
    before it where both fit.
    """

    start: int
    end: int
    table_header: str = ""
    """Header of a row that can stand without the first row above it."""
    is_row: bool = False
    begins: bool = False
    is_glued: bool = False


class _Heading(NamedTuple):
    level: int
    title: str
    start: int
    end: int


def sections(text: str, language: str, title: str = "") -> Iterator[tuple[tuple[str, ...], list[Atom]]]:
    """Yield (path of headings, atoms) of sections that hold text.

    Headings without text or headings below them, such as `Статья 5. Утратила силу.`, are the text of a section of
    their own, below the headings that they have in common. A heading that is the `title` of the document needs none.
    """
    path: list[_Heading] = []
    atoms: list[Atom] = []
    bare: list[_Heading] = []
    bare_path: list[_Heading] = []
    places = find_places(text)
    begins = places.clause_starts()
    titles = frozenset(_key(match[2]) for match in HEADING.finditer(text))
    last: _Heading | None = None
    for heading, block in _blocks(text):
        if heading is None:
            if bare:
                yield _titles(bare_path), [Atom(head.start, head.end) for head in bare]
                bare = []
            in_contents = bool(path) and is_contents_heading(path[-1].title)
            last = None
            if block[2] == "text":
                for atom in _sentences(text, *block[:2], language, begins, None if in_contents else titles):
                    kept = places.closed.get(atom.start, len(path)) if atom.begins else len(path)
                    if kept < len(path):
                        if atoms:
                            yield _titles(path), atoms
                        path, atoms = path[:kept], []
                    atoms.append(atom)
            else:
                atoms += _rows_or_code(text, *block)
            continue
        if atoms:
            yield _titles(path), atoms
            atoms = []
        if last and last.title not in ("", title) and heading.level <= last.level:
            bare_path = _common(bare_path, path[:-1]) if bare else path[:-1]
            bare.append(last)
        path = [entry for entry in path if entry.level < heading.level] + [heading]
        last = heading
    if atoms:
        yield _titles(path), atoms
    elif last and (last.title or bare):
        bare_path = _common(bare_path, path[:-1]) if bare else path[:-1]
        yield _titles(bare_path), [Atom(head.start, head.end) for head in [*bare, last] if head.title]


def _titles(path: Sequence[_Heading]) -> tuple[str, ...]:
    return tuple(heading.title for heading in path)


def _common(left: Sequence[_Heading], right: Sequence[_Heading]) -> list[_Heading]:
    return [a for a, b in zip(left, right, strict=False) if a == b]


def _blocks(text: str) -> Iterator[tuple[_Heading | None, tuple[int, int, str]]]:
    """Yield, in order, headings, and paragraphs, lists, tables and code as (None, (start, end, kind))."""
    offset, block_start, block_kind, fence = 0, 0, "", ""
    for line in [*text.splitlines(keepends=True), ""]:
        mark = FENCE.match(line)
        heading = None if fence else HEADING.match(line.rstrip("\n"))
        closes = bool(fence and mark and mark[1].startswith(fence) and not line[mark.end() :].strip())
        if fence:
            kind = "code" if line else ""
        elif mark:
            kind, fence = "code", mark[1]
        else:
            kind = "heading" if heading else "table" if _ROW.match(line) else "text" if line.strip() else ""
        if block_kind and kind != block_kind:
            yield None, (block_start, block_start + len(text[block_start:offset].rstrip()), block_kind)
            block_kind = ""
        if heading:
            start = offset + heading.start(2)
            yield _Heading(len(heading[1]), heading[2], start, offset + heading.end(2)), (0, 0, "")
        elif kind and not block_kind:
            block_start, block_kind = offset, kind
        offset += len(line)
        if closes:
            fence = ""
            yield None, (block_start, block_start + len(text[block_start:offset].rstrip()), block_kind)
            block_kind = ""


def _rows_or_code(text: str, start: int, end: int, kind: str) -> Iterator[Atom]:
    if kind == "table":
        above = text[max(0, start - MAX_ABOVE) : start].rstrip().rpartition("\n")[2]
        yield from _rows(text, start, end, has_caption=read_caption(above) is not None)
        return
    spans = [(start + line.start(), start + line.end()) for line in re.finditer(r"[^\n]*\S[^\n]*", text[start:end])]
    yield from (Atom(*span, is_glued=number > 0) for number, span in enumerate(spans))


def _sentences(
    text: str, start: int, end: int, language: str, begins: frozenset[int], titles: frozenset[str] | None
) -> Iterator[Atom]:
    """Yield the sentences of paragraphs and items, without entries of a table of contents: lines with dots before the
    number of a page that name one of `titles`, or all such lines if `titles` is None."""
    is_note = _is_note(text, start)
    for line_start, line_end in _lines(text, start, end):
        line = text[line_start:line_end]
        entry = _CONTENTS.search(line)
        if entry and (titles is None or _key(line[: entry.start()]) in titles):
            continue
        indent = len(line) - len(line.lstrip())
        for number, (first, last) in enumerate(sentences(line, language)):
            is_start = number == 0 and line_start + indent in begins
            yield Atom(line_start + first, line_start + last, begins=is_start, is_glued=is_note or is_remark(line))
            is_note = False


def _key(title: str) -> str:
    return "".join(filter(str.isalnum, title)).lower()


def _is_note(text: str, start: int) -> bool:
    """Return True for a note whose mark stands in the paragraph above it, which it stays with."""
    note = _NOTE.match(text, start)
    above = text[max(0, start - MAX_ABOVE) : start].rstrip().rpartition("\n\n")[2]
    return note is not None and note["mark"] in above


def _rows(text: str, start: int, end: int, has_caption: bool) -> Iterator[Atom]:
    """Yield the rows of a table; header, rule and first row are one atom, which stays with its caption."""
    lines = list(_lines(text, start, end))
    has_rule = len(lines) > 1 and _RULE.match(text[slice(*lines[1])]) is not None
    header_lines = 2 if has_rule else 1
    table_header = text[lines[0][0] : lines[header_lines - 1][1]] if has_rule else ""
    first_end = lines[min(header_lines, len(lines) - 1)][1]
    yield Atom(lines[0][0], first_end, is_row=True, is_glued=has_caption)
    for line_start, line_end in lines[header_lines + 1 :]:
        yield Atom(line_start, line_end, table_header, is_row=True)


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
