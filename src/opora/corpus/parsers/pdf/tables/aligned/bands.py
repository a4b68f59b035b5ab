"""Bands of horizontal rulings: lines above and below rows, with no vertical ones, are evidence for a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from opora.corpus.parsers.pdf.chars import Char
from opora.corpus.parsers.pdf.drawings import Ruling
from opora.corpus.parsers.pdf.page import PdfPage
from opora.corpus.parsers.pdf.tables.aligned.lines import SplitLine, find_lines

MIN_RULING, MAX_RULINGS = 48.0, 200
"""Length of a ruling of a table, in points, at least, and number of different ones of a page that are looked at."""
RULING_GAP = 12.0
"""Distance of the rulings of the cells of a row, in points, at most; columns of text are farther apart."""
HEADER_HEIGHT, LINE_STEP = 80.0, 1.6
"""Height of a header, in points, and distance of its lines, in letter sizes, at most."""
SAME_EXTENT = 3.0
"""Ends of the rulings of a table differ by less, in points."""
MIN_RULED, MAX_RULED_GAP = 0.4, 2.2
"""Minimum share of lines with several pieces between the rulings of a table, and largest distance of base lines."""


class RulingBand(NamedTuple):
    """Horizontal rulings of the same length: their ends and heights."""

    x0: float
    x1: float
    heights: list[float]

    def covers(self, lines: Sequence[SplitLine]) -> bool:
        """Return True if the rulings are as long as the lines."""
        left, right = min(line.segments[0].x0 for line in lines), max(line.segments[-1].x1 for line in lines)
        return self.x0 < left + SAME_EXTENT and self.x1 > right - SAME_EXTENT


def find_bands(page: PdfPage, lines: Sequence[SplitLine]) -> list[RulingBand]:
    """Return the heights of horizontal rulings of the same length with mostly lines of several pieces between them."""
    groups = _groups(page)
    bands = [band for group in groups for band in _full_bands(group, lines)]
    headers = [line for line in lines if len(line.segments) > 1 and line.is_bold and has_ruling_below(page, [line])]
    ruled = {(band.x0, y) for band in bands for y in band.heights}
    return bands + [
        group._replace(heights=[y])
        for group in groups
        for y in group.heights
        if (group.x0, y) not in ruled and any(0 < y - line.base < line.size for line in headers)
    ]


def lines_beside_text(page: PdfPage, chars: Sequence[Char]) -> Iterator[tuple[RulingBand, list[SplitLine]]]:
    """Yield the bands of rulings that have other text beside them, with the lines between their rulings."""
    for group in _groups(page):
        if len(group.heights) < 2:
            continue
        top, bottom = group.heights[0], group.heights[-1]
        level = [char for char in chars if top < (char.y0 + char.y1) / 2 < bottom]
        inside = [char for char in level if group.x0 - SAME_EXTENT < char.x0 and char.x1 < group.x1 + SAME_EXTENT]
        if len(inside) < len(level) and inside:
            lines = find_lines(inside)
            for band in _full_bands(group, lines):
                header = _header_above(band, chars)
                yield band, header + [line for line in lines if band.heights[0] < line.base < band.heights[-1]]


def _header_above(band: RulingBand, chars: Sequence[Char]) -> list[SplitLine]:
    """Return the lines of a header above the first ruling: close lines of several pieces."""
    top, lowest = band.heights[0] - HEADER_HEIGHT, band.heights[0]
    lines = find_lines([char for char in chars if top < char.y0 < lowest and band.x0 - 3 < char.x0 < band.x1 + 3])
    header: list[SplitLine] = []
    for line in reversed(lines):
        if lowest < line.base or lowest - line.base > LINE_STEP * line.size or line.segments[-1].x1 > band.x1 + 3:
            break
        header.insert(0, line)
        lowest = line.base
    while header and len(header[0].segments) == 1:
        del header[0]
    return header


def _groups(page: PdfPage) -> list[RulingBand]:
    """Return the horizontal rulings of a page, those of the same length and place together."""
    groups: list[RulingBand] = []
    for ruling in _joined_rulings(page):
        if ruling.x1 - ruling.x0 < MIN_RULING or len(groups) > MAX_RULINGS:
            continue
        for group in groups:
            if abs(ruling.x0 - group.x0) < SAME_EXTENT and abs(ruling.x1 - group.x1) < SAME_EXTENT:
                group.heights.append(ruling.y0)
                break
        else:
            groups.append(RulingBand(ruling.x0, ruling.x1, [ruling.y0]))
    return groups


def _joined_rulings(page: PdfPage) -> list[Ruling]:
    """Return the horizontal rulings of a page from top to bottom; those of the cells of a row are one."""
    rulings = sorted((round(r.y0), r.x0, r) for r in page.rulings if r.y0 == r.y1)
    joined: list[Ruling] = []
    for _, _, ruling in rulings:
        last = joined[-1] if joined else None
        if last and abs(last.y0 - ruling.y0) < 1 and ruling.x0 - last.x1 < RULING_GAP:
            joined[-1] = last._replace(x1=max(last.x1, ruling.x1))
        else:
            joined.append(ruling)
    return joined


def _full_bands(group: RulingBand, lines: Sequence[SplitLine]) -> Iterator[RulingBand]:
    """Yield runs of rulings between which there are mostly lines of several pieces, and no wide gap."""
    band = group.heights[:1]
    for above, below in pairwise(group.heights):
        inside = [line for line in lines if above < line.base < below + 1]
        steps = [low.base - high.base for high, low in pairwise(inside)]
        multiple = sum(len(line.segments) > 1 for line in inside)
        is_full = multiple >= MIN_RULED * len(inside) > 0 and group.covers(inside)
        if not is_full or max(steps, default=0) > MAX_RULED_GAP * inside[0].size:
            if len(band) > 1:
                yield group._replace(heights=band)
            band = []
        band.append(below)
    if len(band) > 1:
        yield group._replace(heights=band)


def has_ruling_below(page: PdfPage, lines: Sequence[SplitLine]) -> bool:
    """Return True if a ruling as long as the lines lies directly below them, and no other text below it nearby."""
    base, size = lines[-1].base, lines[-1].size
    left, right = min(line.segments[0].x0 for line in lines), max(line.segments[-1].x1 for line in lines)
    return any(
        ruling.y0 == ruling.y1 and 0 < ruling.y0 - base < size and ruling.x0 < left + 1 and ruling.x1 > right - 1
        for ruling in page.rulings
    )
