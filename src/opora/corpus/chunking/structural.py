"""Documents to passages: by headings, sentences and table rows, to a budget.

In: a document. Out: passages, each an exact span of the document's text, within one section, with its heading path.

    for passage in cut(document, ChunkSettings(size=800)):
        assert document.text[passage.start : passage.end] == passage.text
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from opora.corpus.settings import ChunkSettings
from opora.records import Document, Passage, Scalar
from opora.text.sentences import sentences

_HEADING = re.compile(r"^(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$")
_RULE = re.compile(r"^[ \t]*\|?[ \t:|-]*-[ \t:|-]*\|?[ \t]*$")
_TOKEN = re.compile(r"\w+|[^\w\s]")


class Unit(NamedTuple):
    """What is not cut: a sentence, or a table row (its header belongs to the first one)."""

    start: int
    end: int
    header: str = ""
    """Of the table that it goes on with; the row can stand below it alone."""
    is_row: bool = False


class Section(NamedTuple):
    heading: tuple[str, ...]
    units: list[Unit]


def cut(document: Document, settings: ChunkSettings) -> Iterator[Passage]:
    """Passages in the order of the text."""
    number = 0
    for section in sections(document.text, document.language):
        units = [piece for unit in section.units for piece in _within(document.text, unit, settings)]
        for start, end, header in _packed(document.text, units, settings):
            yield Passage(
                id=f"{document.id}-{number}",
                document_id=document.id,
                text=document.text[start:end],
                start=start,
                end=end,
                heading=section.heading,
                header=header,
                metadata=_metadata(document, start),
                access=document.access,
            )
            number += 1


def sections(text: str, language: str) -> Iterator[Section]:
    """The text between headings, in units; sections without any are left out, unless the whole text is headings."""
    path: list[tuple[int, str]] = []
    units: list[Unit] = []
    found = False
    for heading, block in _split(text):
        if heading is None:
            units += _units(text, *block, language)
            continue
        if units:
            yield Section(tuple(title for _, title in path), units)
            found, units = True, []
        path = [each for each in path if each[0] < heading[0]] + [heading]
    if units:
        yield Section(tuple(title for _, title in path), units)
    elif not found and text.strip():
        start = len(text) - len(text.lstrip())
        yield Section((), [Unit(start, len(text.rstrip()))])


def _split(text: str) -> Iterator[tuple[tuple[int, str] | None, tuple[int, int]]]:
    """Headings (level, title), and the spans of paragraphs, lists and tables between them, in order."""
    offset = 0
    begin, kind = 0, ""
    for line in [*text.splitlines(keepends=True), ""]:
        match = _HEADING.match(line.rstrip("\n"))
        now = "heading" if match else "table" if _ROW.match(line) else "text" if line.strip() else ""
        if kind and now != kind:
            yield None, (begin, begin + len(text[begin:offset].rstrip()))
            kind = ""
        if match:
            yield (len(match[1]), match[2]), (offset, offset + len(line))
        elif now and not kind:
            begin, kind = offset, now
        offset += len(line)


def _units(text: str, start: int, end: int, language: str) -> Iterator[Unit]:
    if _ROW.match(text[start:end].split("\n", 1)[0]):
        yield from _rows(text, start, end)
        return
    for line_start, line_end in _lines(text, start, end):
        for a, b in sentences(text[line_start:line_end], language):
            yield Unit(line_start + a, line_start + b)


def _rows(text: str, start: int, end: int) -> Iterator[Unit]:
    """Rows of a table; header, rule and first row are one."""
    lines = list(_lines(text, start, end))
    has_rule = len(lines) > 1 and _RULE.match(text[slice(*lines[1])]) is not None
    headed = 2 if has_rule else 1
    header = text[lines[0][0] : lines[headed - 1][1]] if has_rule else ""
    first_end = lines[min(headed, len(lines) - 1)][1]
    yield Unit(lines[0][0], first_end, is_row=True)
    for line_start, line_end in lines[headed + 1 :]:
        yield Unit(line_start, line_end, header, is_row=True)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of the lines that hold something, line break left out; the lines of one paragraph are one."""
    begin = start
    for line in re.finditer(r"[^\n]+", text[start:end]):
        a, b = start + line.start(), start + line.end()
        goes_on = b < end and not re.match(r"\s*(?:[-*+•]|\d+[.)]|\|)\s?", text[b + 1 : b + 8])
        is_table = _ROW.match(text[a:b])
        if is_table or not goes_on or text[a:b].rstrip().endswith("  "):
            yield min(begin, a) if not is_table else a, b
            begin = b + 1


def _within(text: str, unit: Unit, settings: ChunkSettings) -> Iterator[Unit]:
    """The unit itself, or, where it alone is over the budget and no table row, pieces of it cut between words."""
    if unit.is_row or _cost(text[unit.start : unit.end], settings) <= settings.size:
        yield unit
        return
    start = end = unit.start
    for word in re.finditer(r"\S+", text[unit.start : unit.end]):
        a, b = unit.start + word.start(), unit.start + word.end()
        if start < end and _cost(text[start:b], settings) > settings.size:
            yield Unit(start, end)
            start = a
        end = b
    yield Unit(start, end)


def _packed(text: str, units: Sequence[Unit], settings: ChunkSettings) -> Iterator[tuple[int, int, str]]:
    """(start, end, header) of passages: as many units as the budget holds, the last of them once more in the next."""
    first = 0
    while first < len(units):
        header = units[first].header
        last = first
        while last + 1 < len(units):
            wanted = header + text[units[first].start : units[last + 1].end]
            if _cost(wanted, settings) > settings.size:
                break
            last += 1
        yield units[first].start, units[last].end, header
        following = last + 1
        if following < len(units) and not units[following].is_row:
            following = _overlapping(text, units, first, following, settings)
        first = following


def _overlapping(text: str, units: Sequence[Unit], first: int, following: int, settings: ChunkSettings) -> int:
    """Where the next passage begins so that it repeats sentences within the overlap, and still takes the next unit."""
    begin = following
    while begin - 1 > first and not units[begin - 1].is_row:
        repeated = text[units[begin - 1].start : units[following - 1].end]
        whole = text[units[begin - 1].start : units[following].end]
        if _cost(repeated, settings) > settings.overlap or _cost(whole, settings) > settings.size:
            break
        begin -= 1
    return begin


def _cost(text: str, settings: ChunkSettings) -> int:
    return len(text) if settings.unit == "characters" else len(_TOKEN.findall(text))


def _metadata(document: Document, start: int) -> dict[str, Scalar]:
    metadata: dict[str, Scalar] = {
        "source": document.source,
        "title": document.title,
        "language": document.language,
        **{key: value for key, value in document.metadata.items() if key == "format"},
    }
    if document.pages:
        metadata["page"] = max(1, bisect_right(document.pages, start))
    return metadata
