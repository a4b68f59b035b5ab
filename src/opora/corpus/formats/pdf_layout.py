"""What the lines of a PDF belong to: running lines dropped, lines grouped into headings, paragraphs and list items.

In: pages as `pdf_page` reads them. Out: `Block`s of lines, and `TableRun`s (a table may go on over pages), in order.

    for group in group_items(drop_running_lines(pages), style_of(pages)): ...

Geometry tells: gaps, indents, short last lines, size, weight. These are heuristics; the thresholds are shares of sizes
that the document itself shows.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from opora.corpus.formats.pdf_page import Line, Page, Table

MARGIN = 0.12
"""Share of a page's height, at its top and at its bottom, in which running lines stand."""
LARGER = 1.12
"""A line this many times larger than the body text heads something."""
COLUMN = 60.0
"""Points within which lines that begin side by side are of one column."""

_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:(?:page|p\.|seite|страница|стр\.?|с\.)\s*)?\d{1,4}(?:\s*(?:/|of|von|из)\s*\d{1,4})?[-–—\s]*",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?:;…]['\"»”)\]]*$")
BULLET = re.compile(r"(?:[•●▪■◦○‣⁃·∙➢✓\uf0b7\uf0a7]|[-–—](?= )) *(?=\S)")
NUMBER = re.compile(r"(?:\d{1,2}(?:\.\d{1,2}){0,3}[.)]|[a-zа-я0-9]\)) (?=\S)")


class Style(NamedTuple):
    """What is usual in a document: the size of its body text, the distance of lines by size, where columns end."""

    body: float
    leading: dict[float, float]
    lines: dict[int, list[Line]]

    def max_gap(self, size: float) -> float:
        return 1.3 * self.leading.get(size, 1.6 * size)

    def is_short(self, line: Line) -> bool:
        """True for a line that leaves much of its column free."""
        column = [each for each in self.lines[line.page] if abs(each.left - line.left) < COLUMN]
        right, left = max(each.right for each in column), min(each.left for each in column)
        return line.right < right - 0.2 * (right - left)


class Block(NamedTuple):
    """Lines of one heading, paragraph or list item."""

    lines: list[Line]

    @property
    def is_item(self) -> bool:
        return bool(BULLET.match(self.lines[0].text) or NUMBER.match(self.lines[0].text))


class TableRun(NamedTuple):
    """A table with its continuations on the pages that follow."""

    tables: list[Table]


def drop_running_lines(pages: Sequence[Page]) -> list[Page]:
    """Without headers, footers and page numbers: lines near the edge that recur, digits aside, on half the pages."""
    places: dict[tuple[str, int], set[int]] = defaultdict(set)
    for page in pages:
        for line in _edge_lines(page):
            places[_place(line)].add(page.number)
    written = sum(1 for page in pages if page.items)
    recurring = {place for place, numbers in places.items() if len(numbers) >= max(2, written / 2)}
    kept = []
    for page in pages:
        running = {
            id(line) for line in _edge_lines(page) if _place(line) in recurring or _PAGE_NUMBER.fullmatch(line.text)
        }
        kept.append(page._replace(items=[item for item in page.items if id(item) not in running]))
    return kept


def style_of(pages: Sequence[Page]) -> Style:
    lines = {page.number: [item for item in page.items if isinstance(item, Line)] for page in pages}
    sizes: Counter[float] = Counter()
    gaps: dict[float, list[float]] = defaultdict(list)
    for of_page in lines.values():
        for line in of_page:
            sizes[line.size] += len(line.text)
        for above, below in pairwise(of_page):
            gap = above.base - below.base
            if above.size == below.size and 0.8 * above.size < gap < 2.5 * above.size:
                gaps[above.size].append(gap)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    # of two or three gaps any may be one between paragraphs
    leading = {size: median(found) for size, found in gaps.items() if len(found) > 3}
    return Style(body, leading, lines)


def group_items(pages: Sequence[Page], style: Style) -> Iterator[Block | TableRun]:
    group: Block | TableRun | None = None
    for page in pages:
        for item in page.items:
            if isinstance(group, Block) and isinstance(item, Line) and _continues(group, item, style):
                group.lines.append(item)
            elif isinstance(group, TableRun) and isinstance(item, Table) and _goes_on(group.tables[-1], item):
                group.tables.append(item)
            else:
                if group:
                    yield group
                group = Block([item]) if isinstance(item, Line) else TableRun([item])
    if group:
        yield group


def is_heading(block: Block, style: Style) -> bool:
    """True for a larger block, or for a short one in bold that ends like no sentence."""
    first = block.lines[0]
    text = " ".join(line.text for line in block.lines)
    if not any(map(str.isalpha, text)):
        return False
    if first.size >= LARGER * style.body:
        return len(text) <= 250
    bold = all(line.bold for line in block.lines) and first.size >= 0.95 * style.body
    return bold and len(text) <= 150 and not re.search(r"[.,;:]$", text)


def heading_levels(blocks: Sequence[Block]) -> dict[float, int]:
    """Size -> level, from 1 for the largest of the sizes that headings have."""
    sizes = sorted({block.lines[0].size for block in blocks}, reverse=True)
    return {size: min(level, 6) for level, size in enumerate(sizes, 1)}


def _edge_lines(page: Page) -> list[Line]:
    lines = [item for item in page.items if isinstance(item, Line)]
    return [line for line in lines if not MARGIN * page.height < line.base < (1 - MARGIN) * page.height]


def _place(line: Line) -> tuple[str, int]:
    return re.sub(r"\d+", "#", line.text), round(line.base / 4)


def _continues(block: Block, line: Line, style: Style) -> bool:
    """True if a line goes on with what the block holds."""
    last = block.lines[-1]
    if abs(line.size - last.size) >= 1:
        return False
    ended = bool(_SENTENCE_END.search(last.text))
    short = style.is_short(last)
    if line.bold != last.bold and (ended or short):
        return False
    if _begins_item(line, last, ended or short):
        return False
    gap = last.base - line.base
    if line.page != last.page or gap < 0:  # the next page or column
        return not ended and not (line.bold and short)
    if gap > style.max_gap(line.size):
        return False
    if block.is_item:
        return line.left > block.lines[0].left + 1 or not ended
    indented = line.left > last.left + 0.8 * line.size
    return not (ended and (short or indented))


def _begins_item(line: Line, last: Line, is_free: bool) -> bool:
    if BULLET.match(line.text) and not re.match(r"[-–—]", line.text):
        return True
    if not BULLET.match(line.text) and not NUMBER.match(line.text):
        return False
    # a dash or a number may also begin any line of running text
    return is_free or bool(NUMBER.match(last.text) and abs(line.left - last.left) < 2)


def _goes_on(table: Table, after: Table) -> bool:
    """True for the part of the same table on the next page."""
    return (
        after.page == table.page + 1
        and len(after.columns) == len(table.columns)
        and all(abs(x - y) < 4 for x, y in zip(table.columns, after.columns, strict=True))
    )
