"""Lines and tables of all pages as Markdown blocks: running lines dropped, paragraphs rejoined, headings recognised.

In: pages as `pdf_page` reads them. Out: Markdown blocks; `PAGE` stands before the first text of each page.

    blocks_of(drop_running_lines(pages))        # ['\\f# Rules', 'One paragraph that was three lines.', ...]
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from opora.corpus.formats.parsed import PAGE, heading, paragraph, table
from opora.corpus.formats.pdf_page import Line, Page, Table

MARGIN = 0.12
"""Share of a page's height, at its top and at its bottom, in which running lines stand."""
_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:(?:page|p\.|seite|страница|стр\.?|с\.)\s*)?\d{1,4}(?:\s*(?:/|of|von|из)\s*\d{1,4})?[-–—\s]*", re.IGNORECASE
)
_BULLET = re.compile(r"[•●▪■◦○‣⁃·∙➢✓\uf0b7\uf0a7] *(?=\S)")
_DASH = re.compile(r"[-–—] (?=\S)")
_NUMBERED = re.compile(r"(?:\d{1,2}(?:\.\d{1,2}){0,3}[.)]|\(?[a-zа-я0-9]\)) (?=\S)")
_SENTENCE_END = re.compile(r"[.!?:;…]['\"»”)\]]*$")


class Style(NamedTuple):
    """What is usual in a document: the size of its body text, and the distance of lines by size."""

    body: float
    leading: dict[float, float]
    levels: dict[float, int]

    def max_gap(self, size: float) -> float:
        return 1.3 * self.leading.get(size, 1.6 * size)


class Block:
    """Lines that belong together."""

    def __init__(self, line: Line, is_heading: bool) -> None:
        self.lines, self.is_heading = [line], is_heading
        self.is_item = not is_heading and bool(marker_of(line.text, ""))


def drop_running_lines(pages: Sequence[Page]) -> list[Page]:
    """Without headers, footers and page numbers: lines near the edge that recur, digits aside, on half the pages."""
    places: dict[tuple[str, int], set[int]] = defaultdict(set)
    for page in pages:
        for line in _edge_lines(page):
            places[_place(line)].add(page.number)
    full = sum(1 for page in pages if page.items)
    recurring = {place for place, numbers in places.items() if len(numbers) >= max(2, full / 2)}
    kept = []
    for page in pages:
        edge = {id(line) for line in _edge_lines(page) if _place(line) in recurring or _PAGE_NUMBER.fullmatch(line.text)}
        kept.append(page._replace(items=[item for item in page.items if id(item) not in edge]))
    return kept


def blocks_of(pages: Sequence[Page]) -> Iterator[str]:
    style = style_of(pages)
    joiner = Joiner(line.text for page in pages for line in page.items if isinstance(line, Line))
    reached = 0
    for group in _groups(pages, style):
        first = group.lines[0].page if isinstance(group, Block) else group.page
        marks = PAGE * (first - reached)
        reached = first
        if isinstance(group, Table):
            rows = [[joiner.join(cell) for cell in row] for row in group.rows]
            yield marks + table([row for row in rows if any(row)])
            reached += sum(row.count(PAGE) > 0 for row in map("".join, rows))
            continue
        text = joiner.join(_with_page_marks(group.lines))
        if group.is_heading:
            yield marks + heading(_level(group.lines[0], style), text)
        elif group.is_item:
            yield marks + marker_of(text, "") + _BULLET.sub("", text, count=1).removeprefix("– ").removeprefix("— ")
        else:
            yield marks + paragraph(text)
        reached = group.lines[-1].page
    yield PAGE * (max((page.number for page in pages), default=0) - reached)
