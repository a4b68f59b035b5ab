"""Pieces of text that stand apart on their lines: the cells of tables without rulings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from opora.corpus.parsers.pdf.chars import ASCENT, Char
from opora.corpus.parsers.pdf.layout.words import PdfWord, find_words

CELL_GAP = 0.7
"""Smallest distance between cells of a row, in letter sizes; words of a line are closer."""
SAME_LINE = 0.35
"""Base lines of one row differ by less, in letter sizes."""
SAME_GAP = 1.2
"""Gaps of a justified line differ by less, in points."""
SAME_TWO_GAPS = 0.5
"""The same for a line of three words."""
_MARK = re.compile(r"[•▪●◦‣·–—-]|\d{1,2}[.)]|[a-zа-я]\)")


class Segment(NamedTuple):
    """Letters between two wide gaps of a line."""

    x0: float
    x1: float
    base: float
    size: float
    chars: list[Char]


class SplitLine:
    """A line of text as its segments from left to right. Its words are found when they are needed."""

    def __init__(self, segments: list[Segment], segment_words: list[list[PdfWord]] | None = None) -> None:
        self.segments = segments
        if segment_words is not None:
            self.segment_words = segment_words

    @cached_property
    def segment_words(self) -> list[list[PdfWord]]:
        """The words of each segment."""
        return [find_words(segment.chars) for segment in self.segments]

    @property
    def words(self) -> list[PdfWord]:
        """Words from left to right."""
        return [word for words in self.segment_words for word in words]

    @property
    def base(self) -> float:
        """Base line, in points."""
        return self.segments[0].base

    @property
    def size(self) -> float:
        """Size of the largest letters, in points."""
        return max(segment.size for segment in self.segments)

    @property
    def least_size(self) -> float:
        """Size of the letters of the smallest piece, in points: that of a table beside text."""
        return min(segment.size for segment in self.segments)

    @property
    def is_bold(self) -> bool:
        """True if all its words are bold."""
        return all(word.bold for word in self.words)


def find_lines(chars: Sequence[Char]) -> list[SplitLine]:
    """Return the lines of upright text, from top to bottom."""
    lines = [SplitLine(row) for row in _find_rows(chars)]
    return [_unless_justified(line) for line in lines]


def _find_rows(chars: Sequence[Char]) -> list[list[Segment]]:
    segments = _segments(chars)
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda segment: segment.base):
        if rows and segment.base - rows[-1][0].base <= SAME_LINE * min(segment.size, rows[-1][0].size):
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return [_merge(sorted(row)) for row in rows]


def _segments(chars: Sequence[Char]) -> list[Segment]:
    """Return runs of letters in the order of the file that continue on one line without a wide gap."""
    segments: list[Segment] = []
    run: list[Char] = []
    top = right = 0.0
    for char in chars:
        if char.angle or char.text.isspace():
            if run and not char.angle:
                run.append(char)
            continue
        slack = char.size
        if run and (abs(char.y0 - top) > SAME_LINE * slack or not -slack < char.x0 - right < CELL_GAP * slack):
            segments.append(_segment(run))
            run = []
        if not run:
            top = char.y0
        run.append(char)
        right = char.x1
    if run:
        segments.append(_segment(run))
    return segments


def _segment(run: list[Char]) -> Segment:
    letters = [char for char in run if not char.text.isspace()]
    main = max(letters, key=lambda char: char.size)
    base = main.y0 + ASCENT * (main.y1 - main.y0)
    return Segment(letters[0].x0, max(char.x1 for char in letters), base, main.size, run)


def _merge(row: list[Segment]) -> list[Segment]:
    """Join the segments of a line that are not apart: the file may hold them in any order."""
    merged = [row[0]]
    for segment in row[1:]:
        last = merged[-1]
        if segment.x0 - last.x1 < CELL_GAP * min(last.size, segment.size):
            merged[-1] = last._replace(x1=max(last.x1, segment.x1), chars=[*last.chars, *segment.chars])
        else:
            merged.append(segment)
    return merged


def _unless_justified(line: SplitLine) -> SplitLine:
    """Return a line whose gaps are all the same as one segment: it is justified; so with items of lists."""
    row = line.segments
    if len(row) == 1:
        return line
    gaps = [right.x0 - left.x1 for left, right in pairwise(line.words)]
    spread = max(gaps) - min(gaps)
    is_justified = (
        spread < (SAME_GAP if len(gaps) > 2 else SAME_TWO_GAPS) and len(gaps) > 1 and max(gaps) < 2.5 * line.size
    )
    is_item = len(row) == 2 and _MARK.fullmatch("".join(char.text for char in row[0].chars).strip())
    if not is_justified and not is_item:
        return line
    return SplitLine([_joined(row)], [line.words])


def _joined(row: Sequence[Segment]) -> Segment:
    return row[0]._replace(x1=row[-1].x1, chars=[char for segment in row for char in segment.chars])
