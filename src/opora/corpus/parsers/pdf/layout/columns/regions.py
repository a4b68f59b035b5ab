"""Regions of a page in reading order: columns are told by the white strips between them.

The best white strip of a region divides it: first comes the part above the strip, then the columns on its left and
right, then the part below; each part is divided again. A strip of words that happen to stand apart (a river), the
space between the cells of a table and that after the marks of a list divide nothing.
Method: recursive X-Y cut (Nagy, Seth, 1984) over maximal white rectangles (Breuel, 2002).
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from opora.corpus.parsers.pdf.layout.columns.strips import PlacedBox, Strip, is_gutter

MIN_STRIP = 0.65
"""Smallest width of a strip, in median letter sizes."""
MIN_STRIP_POINTS = 5.0
MIN_LINES = 3
"""Smallest number of lines beside a strip, on the side that has more; the other side has at least two."""
RIVER_LINES = 8
"""Number of lines from which a strip cannot be a river."""
ALIGNED = 0.5
"""Smallest share of lines right of a short strip that begin at one of two places."""
PARAGRAPH_GAP = 1.9
"""Distance between base lines that separates what stands beside a strip from what does not, in letter sizes."""
MAX_BLANK, MAX_BLANK_POINTS = 4.5, 48.0
"""Height of a blank band over the whole width that ends columns, in letter sizes and in points: that of a figure."""
MAX_CANDIDATES = 14
MAX_ACTIVE = 64
MAX_DEPTH = 16


T = TypeVar("T", bound=PlacedBox)
Barrier = tuple[float, float, float]
"""Horizontal ruling: x0, x1, y."""


class _Side(NamedTuple):
    """Lines on one side of a strip: tops and bottoms, lefts, numbers of words, numbers of letters."""

    spans: list[tuple[float, float]]
    lefts: list[float]
    widths: list[float]
    words: list[int]
    letters: list[int]


def order_regions(
    items: Sequence[T], barriers: Sequence[Barrier], doubts: list[float], depth: int = 0
) -> list[list[T]]:
    """Return the items of each region, in reading order of the regions.

    `barriers` are long horizontal rulings: a strip does not cross them. `doubts` takes up the share of wide gaps of
    each strip that may as well be a river.
    """
    strip = _best_strip(items, barriers, doubts) if depth < MAX_DEPTH and len(items) >= 2 * MIN_LINES else None
    if strip is None:
        return [list(items)] if items else []
    middle = (strip.x0 + strip.x1) / 2
    above: list[T] = []
    left: list[T] = []
    right: list[T] = []
    below: list[T] = []
    for item in items:
        y = (item.y0 + item.y1) / 2
        if y < strip.y0:
            above.append(item)
        elif y > strip.y1:
            below.append(item)
        else:
            (left if (item.x0 + item.x1) / 2 < middle else right).append(item)
    return [
        region for part in (above, left, right, below) for region in order_regions(part, barriers, doubts, depth + 1)
    ]


def _best_strip(items: Sequence[PlacedBox], barriers: Sequence[Barrier], doubts: list[float]) -> Strip | None:
    """Return the strip that divides the items best; None if none does."""
    size = statistics.median(item.size for item in items) or 1.0
    candidates = _white_strips(items, barriers, max(MIN_STRIP_POINTS, MIN_STRIP * size), size)
    best, best_score = None, 0.0
    for strip in sorted(candidates, key=lambda strip: strip.y0 - strip.y1)[:MAX_CANDIDATES]:
        if strip.y1 - strip.y0 <= best_score:
            break
        trimmed, score = _judge(items, strip, size, doubts)
        if score > best_score:
            best, best_score = trimmed, score
    return best


def _white_strips(items: Sequence[PlacedBox], barriers: Sequence[Barrier], width: float, size: float) -> list[Strip]:
    """Return the maximal white rectangles between items that are at least so wide and three lines high."""
    left, right = min(item.x0 for item in items), max(item.x1 for item in items)
    top, step = min(item.y0 for item in items), max(1.0, size / 3)
    active: dict[tuple[float, float], float] = {}
    strips: list[Strip] = []

    def close(key: tuple[float, float], start: float, end: float) -> None:
        if key[0] > left and key[1] < right and end - start >= MIN_LINES * size:
            strips.append(Strip(key[0], key[1], start, end))

    rows = _occupied(items, top, step)
    for x0, x1, height in barriers:
        if 0 <= (row := int((height - top) / step)) < len(rows):
            rows[row].append((x0, x1))
    empty = 0
    for number, spans in enumerate(rows):
        if not spans:
            empty += 1
            continue
        if empty * step > max(MAX_BLANK_POINTS, MAX_BLANK * size):
            for key, start in active.items():
                close(key, start, top + (number - empty) * step)
            active = {}
        empty = 0
        y = top + number * step
        gaps = _gaps(spans, left, right, width)
        survivors: dict[tuple[float, float], float] = {}
        for (x0, x1), start in active.items():
            if not any(lo <= x0 and hi >= x1 for lo, hi in gaps):
                close((x0, x1), start, y)
            for lo, hi in gaps:
                key = max(lo, x0), min(hi, x1)
                if key[1] - key[0] >= width:
                    survivors[key] = min(start, survivors.get(key, start))
        for gap in gaps:
            survivors.setdefault(gap, y)
        if len(survivors) > MAX_ACTIVE:
            survivors = dict(sorted(survivors.items(), key=lambda pair: pair[1])[:MAX_ACTIVE])
        active = survivors
    for key, start in active.items():
        close(key, start, top + len(rows) * step)
    return strips


def _occupied(items: Sequence[PlacedBox], top: float, step: float) -> list[list[tuple[float, float]]]:
    """Return the spans that items take of thin rows; their upper and lower edges are left out."""
    count = int((max(item.y1 for item in items) - top) / step) + 1
    rows: list[list[tuple[float, float]]] = [[] for _ in range(min(count, 5000))]
    for item in items:
        edge = 0.2 * min(item.y1 - item.y0, item.size or 1.0)
        first, last = int((item.y0 + edge - top) / step), int((item.y1 - edge - top) / step)
        for row in rows[first : last + 1]:
            row.append((item.x0, item.x1))
    return rows


def _gaps(spans: list[tuple[float, float]], left: float, right: float, width: float) -> list[tuple[float, float]]:
    spans.sort()
    gaps, end = [], left
    for x0, x1 in spans:
        if x0 - end >= width:
            gaps.append((end, x0))
        end = max(end, x1)
    if right - end >= width:
        gaps.append((end, right))
    return gaps


def _judge(items: Sequence[PlacedBox], strip: Strip, size: float, doubts: list[float]) -> tuple[Strip, float]:
    """Return the strip without what does not belong to it, and its height where it divides two columns, else 0."""
    left, right = _sides(items, strip)
    if min(len(left.spans), len(right.spans)) < 2 or max(len(left.spans), len(right.spans)) < MIN_LINES:
        return strip, 0.0
    strip = _trim(strip, left, right, size, at_end=strip.y1 >= max(item.y1 for item in items) - size)
    left, right = _sides(items, strip)
    lines = min(len(left.spans), len(right.spans))
    if lines < 2 or not (_is_text(left) and _is_text(right)):
        return strip, 0.0
    top = max(left.spans[0][0], right.spans[0][0])
    bottom = min(left.spans[-1][1], right.spans[-1][1])
    if bottom - top < 1.5 * size:
        return strip, 0.0
    if lines < RIVER_LINES and not (_is_aligned(right) and not _is_grid(left, right, size)):
        return strip, 0.0
    if not is_gutter(items, strip, size, doubts):
        return strip, 0.0
    return strip, strip.y1 - strip.y0


def _sides(items: Sequence[PlacedBox], strip: Strip) -> tuple[_Side, _Side]:
    middle = (strip.x0 + strip.x1) / 2
    left: list[PlacedBox] = []
    right: list[PlacedBox] = []
    for item in items:
        if strip.y0 <= (item.y0 + item.y1) / 2 <= strip.y1:
            (left if item.x1 <= middle else right).append(item)
    return _side(left), _side(right)


def _side(items: list[PlacedBox]) -> _Side:
    side = _Side([], [], [], [], [])
    right = 0.0
    for item in sorted(items, key=lambda item: (item.y0 + item.y1, item.x0)):
        middle = (item.y0 + item.y1) / 2
        if not side.spans or middle > side.spans[-1][1] - 0.25 * (item.size or 1.0):
            side.spans.append((item.y0, item.y1))
            side.lefts.append(item.x0)
            side.widths.append(0.0)
            side.words.append(0)
            side.letters.append(0)
            right = item.x1
        right = max(right, item.x1)
        side.lefts[-1] = min(side.lefts[-1], item.x0)
        side.widths[-1] = right - side.lefts[-1]
        side.words[-1] += 1
        side.letters[-1] += sum(map(str.isalpha, item.text))
    return side


def _trim(strip: Strip, left: _Side, right: _Side, size: float, *, at_end: bool) -> Strip:
    """Cut off lines that stand on one side only and apart from the rest: parts of what is above or below."""
    top = max(left.spans[0][0], right.spans[0][0])
    bottom = min(left.spans[-1][1], right.spans[-1][1])
    spans = sorted(left.spans + right.spans)
    start, end = strip.y0, strip.y1
    for last, span in itertools.pairwise(spans):
        if span[0] <= top + 0.1 and span[0] - last[0] > PARAGRAPH_GAP * size:
            start = (last[1] + span[0]) / 2 if last[1] < span[0] else span[0]
        if not at_end and last[1] >= bottom - 0.1 and span[0] - last[0] > PARAGRAPH_GAP * size:
            end = min(end, (last[1] + span[0]) / 2)
    return strip._replace(y0=start, y1=end) if start < end else strip


def _is_text(side: _Side) -> bool:
    """Return True if a side holds text, not marks, figures or labels of a word."""
    words = sum(side.words) / len(side.words)
    worded = sum(letters >= 3 for letters in side.letters) / len(side.letters)
    return words >= 2 and worded >= 0.5


def _is_aligned(side: _Side) -> bool:
    """Return True if most lines begin at one of two places (the second is that of indents)."""
    counts: dict[int, int] = {}
    for x in side.lefts:
        counts[round(x / 2)] = counts.get(round(x / 2), 0) + 1
    best = sum(sorted(counts.values(), reverse=True)[:2])
    return best >= ALIGNED * len(side.lefts)


def _is_grid(left: _Side, right: _Side, size: float) -> bool:
    """Return True if the lines of both sides are the cells of a table: on the same height, far apart or short."""
    tops = {round(span[0]) for span in left.spans}
    paired = sum(any(round(span[0]) + d in tops for d in (-1, 0, 1)) for span in right.spans)
    if paired < 0.9 * len(right.spans) or len(left.spans) != len(right.spans):
        return False
    steps = [below[0] - above[0] for above, below in itertools.pairwise(left.spans)]
    full = statistics.median(side_width / max(side.widths) for side in (left, right) for side_width in side.widths)
    return statistics.median(steps) > PARAGRAPH_GAP * size or full < 0.6
