"""Running headers, footers and page numbers: lines that a document repeats at the edge of its pages.

A line runs if it stands near the edge of its page and the same text stands at the same height of other pages near by,
or if one of its numbers counts the pages. A line at the height where most pages have a running line runs, too: chapters
change its text. Lines beyond the body of the other pages, such as a footer of the first page only, are set apart.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from opora.corpus.parsers.pdf.layout.edges.alone import find_lines_alone
from opora.corpus.parsers.pdf.layout.edges.rows import (
    EDGE_ROWS,
    EDGE_SHARE,
    MAX_RUNNING_CHARS,
    PageLines,
    edge_rows,
    middle,
)
from opora.corpus.parsers.pdf.layout.edges.titles import find_repeated_titles
from opora.corpus.parsers.pdf.layout.lines import Line

ROW_GAP = 1.8
"""Distance of rows that separates a running line from the text, in letter sizes."""
INNER_SHARE = 0.4
"""Part of the page in which its text begins, if it has a running line."""
SAME_HEIGHT = 3.0
"""Largest distance, in points, between the heights of a line that runs."""
NEAR_PAGES = 2
"""Distance of pages that repeat a line: odd and even pages may have lines of their own."""
SLOT_SHARE = 0.5
"""Share of the pages with a running line at a height from which any line of its style at that height runs."""
MAX_SIZE = 1.15
"""Largest size of a line that counts the pages, in sizes of most lines."""
BODY_SLACK = 1.0
"""Distance beyond the body of other pages from which a line is set apart, in letter sizes."""

_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlc]+")
_ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


class _Edge(NamedTuple):
    """A line near an edge. `is_text` tells that it stands and looks like the text behind it."""

    page: int
    line: Line
    zone: str
    y: float
    is_text: bool = False


def find_running(pages: Sequence[PageLines]) -> tuple[set[int], set[int]]:
    """Return the ids (`id(line)`) of the lines that run, and of the lines to set apart from the body."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            sizes[line.size] += len(line.text)
    body = max(sizes, key=sizes.__getitem__, default=10.0)
    edges = [edge for page in pages for edge in _edges(page, body)]
    # sections have numbers, too, and may begin on new pages: their headings are large
    small = [edge for edge in edges if edge.line.size <= MAX_SIZE * body or not re.search(r"[^\W\d_]", edge.line.text)]
    counting = _counting(small, len(pages))
    titles = set() if counting else find_repeated_titles(pages, body)  # numbered pages are one document
    repeated = [edge for edge in _repeated(edges) if id(edge.line) not in titles]
    running = {id(edge.line) for edge in [*repeated, *counting]}
    running |= {id(edge.line) for edge in _in_slots(edges, running)}
    numbered, alone = find_lines_alone(pages, body, running)
    running |= numbered
    unlike = {id(edge.line) for edge in edges if not edge.is_text and abs(edge.line.size - body) > 0.03 * body}
    return running, (_beyond_body(pages, running) & unlike) | (alone - running)


def _edges(page: PageLines, body: float) -> list[_Edge]:
    """Return the lines near the edges of a page, apart from its text; turned lines at its sides, too."""
    edges = [_Edge(page.number, line, "side", line.box[1]) for line in page.lines if line.apart]
    lines = [line for line in page.lines if not line.apart]
    for zone, sign in (("top", 1), ("bottom", -1)):

        def depth(line: Line, sign: int = sign) -> float:
            return middle(line) if sign > 0 else page.height - middle(line)

        rows = edge_rows(sorted(lines, key=depth))
        outer = [row for row in rows if depth(row[0]) <= INNER_SHARE * page.height]
        last = 0 if len(outer) == 1 else _last_apart(outer)  # a table or a figure may follow a single line
        for number, row in enumerate(rows[:EDGE_ROWS]):
            if depth(row[0]) > EDGE_SHARE * page.height:
                break
            # without a gap, only lines of another size, and the outermost one where it counts the pages
            edges += [
                _Edge(page.number, line, zone, middle(line), number > last and line.size == body)
                for line in row
                if number <= last or number == 0 or line.size != body
            ]
    return edges


def _last_apart(rows: Sequence[Sequence[Line]]) -> int:
    """Return the number of the last row with a gap between it and the rows behind it; -1 if there is none."""
    gaps = [abs(middle(inner[0]) - middle(outer[0])) for outer, inner in itertools.pairwise(rows)]
    sizes = [max(outer[0].size, inner[0].size) for outer, inner in itertools.pairwise(rows)]
    wide = [number for number, (gap, size) in enumerate(zip(gaps, sizes, strict=True)) if gap > ROW_GAP * size]
    return max(wide, default=-1)


def _repeated(edges: Sequence[_Edge]) -> list[_Edge]:
    """Return the lines whose text stands at the same height of a page near by."""
    groups: defaultdict[tuple[str, str], list[_Edge]] = defaultdict(list)
    for edge in edges:
        groups[edge.zone, " ".join(edge.line.text.casefold().split())].append(edge)
    repeated: list[_Edge] = []
    for group in groups.values():
        for edge in group:
            # numbers alone are counted below: a table may repeat them
            is_near = any(
                0 < abs(twin.page - edge.page) <= NEAR_PAGES and abs(twin.y - edge.y) <= SAME_HEIGHT for twin in group
            )
            if is_near and not edge.is_text and re.search(r"[^\W\d_]{2}", edge.line.text):
                repeated.append(edge)
    return repeated


def _counting(edges: Sequence[_Edge], page_count: int) -> list[_Edge]:
    """Return the lines that are alike but for their numbers, one of which counts the pages."""
    groups: defaultdict[tuple[str, str], list[tuple[_Edge, list[int]]]] = defaultdict(list)
    for edge in edges:
        shape, numbers = _shape(edge.line.text)
        if numbers:
            groups[edge.zone, shape].append((edge, numbers))
    counting: list[_Edge] = []
    page_offsets: set[int] = set()
    for (zone, _), group in groups.items():
        for position in range(len(group[0][1])):
            for same in _alike_but_for(position, group):
                offsets: defaultdict[int, list[_Edge]] = defaultdict(list)
                for edge, number in same:
                    offsets[number - edge.page].append(edge)
                for offset, counted in offsets.items():
                    pages = {edge.page for edge in counted}
                    if len(pages) >= 2 and (len(pages) >= 3 or page_count <= 8 or len(counted) >= 0.5 * len(same)):
                        counting += counted
                        page_offsets.add(offset)
                if zone == "bottom":  # pages may be left out; above the text, `Appendix 3` would count, too
                    counting += _same_height([edge for edge, _ in same])
    if page_count <= 2:
        page_offsets.add(0)
    for (zone, shape), group in groups.items():  # a number alone that counts like those of other pages
        if zone != "side" and not re.search(r"[^\W_#]", shape) and shape.count("#") == 1:
            counting += [edge for edge, numbers in group if numbers[0] - edge.page in page_offsets]
    return counting


def _alike_but_for(position: int, group: Sequence[tuple[_Edge, list[int]]]) -> list[list[tuple[_Edge, int]]]:
    """Return the lines that differ in the number at a position only, with that number: more tells that it is text."""
    alike: defaultdict[tuple[int, ...], list[tuple[_Edge, int]]] = defaultdict(list)
    for edge, numbers in group:
        alike[*numbers[:position], *numbers[position + 1 :]].append((edge, numbers[position]))
    return list(alike.values())


def _same_height(edges: Sequence[_Edge]) -> list[_Edge]:
    """Return the lines at the height of most of them, if they stand so on three pages."""
    middle = statistics.median(edge.y for edge in edges)
    same = [edge for edge in edges if abs(edge.y - middle) <= 1.5]
    return same if len({edge.page for edge in same}) >= 3 else []


def _shape(text: str) -> tuple[str, list[int]]:
    """Return the folded text with `#` for each number, also Roman, and the numbers."""
    numbers: list[int] = []
    words: list[str] = []
    for word in re.findall(r"\d+|[^\W\d_]+|[^\w\s]|_", text.casefold()):
        value = int(word) if _NUMBER.fullmatch(word) and len(word) < 7 and word.isascii() else _roman(word)
        if value:
            numbers.append(value)
        words.append("#" if value else word)
    return " ".join(words), numbers


def _roman(word: str) -> int:
    if not _ROMAN.fullmatch(word) or len(word) > 8:
        return 0
    values = [_ROMAN_DIGITS[letter] for letter in word]
    return sum(-v if any(v < w for w in values[i + 1 : i + 2]) else v for i, v in enumerate(values))


def _in_slots(edges: Sequence[_Edge], running: set[int]) -> list[_Edge]:
    """Return the lines that stand where most pages have a running line of the same style."""
    slots: Counter[tuple[str, int, float, bool]] = Counter()
    for key, _ in {(_slot(edge), edge.page): None for edge in edges if id(edge.line) in running}:
        slots[key] += 1
    pages = len({edge.page for edge in edges})
    wide = {key for key, count in slots.items() if count >= 3 and count >= SLOT_SHARE * pages / 2}
    return [
        edge for edge in edges if _slot(edge) in wide and not edge.is_text and len(edge.line.text) <= MAX_RUNNING_CHARS
    ]


def _slot(edge: _Edge) -> tuple[str, int, float, bool]:
    return edge.zone, round(edge.y / 2), edge.line.size, edge.line.bold


def _beyond_body(pages: Sequence[PageLines], running: set[int]) -> set[int]:
    """Return the lines below, or from page 2 above, the body of the other pages."""
    bodies = [
        (min(map(middle, lines)), max(map(middle, lines)))
        for page in pages
        if (lines := [line for line in page.lines if not line.apart and id(line) not in running])
    ]
    if len(bodies) < 3:
        return set()
    skipped = max(1, len(bodies) // 10)  # pages that have such lines themselves
    top, bottom = sorted(first for first, _ in bodies)[skipped], sorted(last for _, last in bodies)[-1 - skipped]
    heights = Counter(round(page.height) for page in pages)
    common = heights.most_common(1)[0][0]
    beyond: set[int] = set()
    for page in pages:
        if abs(page.height - common) > 1:
            continue
        for line in page.lines:
            y = middle(line)
            is_below = y > bottom + BODY_SLACK * line.size
            is_above = page.number > 1 and y < top - BODY_SLACK * line.size
            if (is_below or is_above) and id(line) not in running:
                beyond.add(id(line))
    return beyond
