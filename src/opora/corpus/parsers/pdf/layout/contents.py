"""Tables of contents: lines that end with dots and the number of a page. They are no text, but they name headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from opora.corpus.parsers.pdf.layout.lines import Line
from opora.corpus.parsers.pdf.layout.marks import OutlineEntry

MIN_ENTRIES = 2
"""Smallest number of entries with dots that follow each other."""
MIN_BARE_ENTRIES = 5
"""The same without dots: lines that end with numbers at the right edge."""
MAX_WRAPPED = 2
"""Largest number of lines of an entry before its last."""
MAX_HEADING_CHARS = 40
"""Largest length of the line over the entries that is taken for their heading."""
EDGE = 2.5
"""Largest distance, in points, of a number from the right edge."""

SAME_INDENT = 4.0
"""Largest difference, in points, between entries of one level."""

_DEPTH = re.compile(r"(\d{1,3}(?:\.\d{1,3})*)\.?\s")
_DOTS = r"(?:(?:\.\s?){4,}|…{2,}|·{4,}|(?:_\s?){6,})"
_DOTTED = re.compile(rf"^(?P<title>.*?)\s*{_DOTS}\s*(?P<page>\d{{1,4}}|[ivxlc]{{1,7}})\s*$")
_PAGE_ENDS = frozenset("0123456789ivxlc")
_BARE = re.compile(r"^(?P<title>.*[^\W\d_].*?)\s+(?P<page>\d{1,4})$")


class ContentsEntry(NamedTuple):
    """An entry of a table of contents. `page` is the number it states; 0 if it is Roman."""

    title: str
    page: int
    x0: float


def find_contents(lines: Sequence[Line], page_count: int) -> tuple[set[int], list[ContentsEntry]]:
    """Return the ids (`id(line)`) of the lines of tables of contents, and their entries."""
    dropped: set[int] = set()
    entries: list[ContentsEntry] = []
    for pattern, least in ((_DOTTED, MIN_ENTRIES), (_BARE, MIN_BARE_ENTRIES)):
        free = [line for line in lines if id(line) not in dropped]
        for start, end, run in _runs(free, pattern, least, page_count):
            first = start
            if start and _is_heading(free[start - 1], free[start]):
                first = start - 1
            dropped.update(id(line) for line in free[first:end])
            entries += run
    return dropped, entries


def _runs(
    lines: Sequence[Line], pattern: re.Pattern[str], least: int, page_count: int
) -> list[tuple[int, int, list[ContentsEntry]]]:
    """Return the runs of entries: first line, line after the last, entries."""
    runs: list[tuple[int, int, list[ContentsEntry]]] = []
    start = end = 0
    entries: list[ContentsEntry] = []
    for index, line in enumerate(lines):
        if not _may_match(line.text, pattern) or (match := pattern.match(line.text)) is None:
            continue
        page = int(match["page"]) if match["page"].isdigit() else 0
        if pattern is _BARE and page > page_count:
            continue
        is_next = bool(entries) and index - end <= MAX_WRAPPED and line.page - lines[end - 1].page <= 1
        if is_next and pattern is _BARE:
            is_next = abs(line.x1 - lines[end - 1].x1) <= EDGE
        if is_next and page and page < entries[-1].page:
            is_next = False
        if not is_next:
            if _is_table(entries, least, page_count):
                runs.append((start, end, entries))
            start = end = index
            entries = []
        title = " ".join([*(wrapped.text for wrapped in lines[end:index]), match["title"]])
        entries.append(ContentsEntry(title.strip(), page, line.x0))
        end = index + 1
    if _is_table(entries, least, page_count):
        runs.append((start, end, entries))
    return runs


def _may_match(text: str, pattern: re.Pattern[str]) -> bool:
    """Return False, fast, for most lines that a pattern does not match."""
    end = text.rstrip()[-1:]
    if pattern is _BARE:
        return end.isdigit()
    return end in _PAGE_ENDS and any(leader in text for leader in ("..", ". .", "……", "··", "__", "_ _"))


def _is_table(entries: Sequence[ContentsEntry], least: int, page_count: int) -> bool:
    """Return True if entries are enough for a table of contents; a price list also has dots and numbers."""
    if len(entries) < least:
        return False
    return len(entries) > least or all(entry.page <= page_count for entry in entries)


def _is_heading(above: Line, first: Line) -> bool:
    is_short = len(above.text) <= MAX_HEADING_CHARS and not above.text.endswith((".", ";", ","))
    return is_short and above.page == first.page


def contents_outline(entries: Sequence[ContentsEntry]) -> list[OutlineEntry]:
    """Return the entries of tables of contents as an outline; levels come from numbers, else from indents."""
    indents: list[float] = []
    for x0 in sorted({entry.x0 for entry in entries}):
        if not indents or x0 - indents[-1] > SAME_INDENT:
            indents.append(x0)
    outline = []
    for entry in entries:
        match = _DEPTH.match(entry.title)
        level = match[1].count(".") + 1 if match else sum(x0 <= entry.x0 for x0 in indents)
        outline.append(OutlineEntry(entry.title, level))
    return outline
