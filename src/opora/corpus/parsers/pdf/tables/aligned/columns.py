"""Columns of a table without rulings: where its lines have text, and which words belong to which column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from opora.corpus.parsers.pdf.layout.words import PdfWord
from opora.corpus.parsers.pdf.tables.aligned.lines import Segment, SplitLine

MAX_CROSSING = 0.2
"""Share of lines that may have text between two columns."""
SPLIT_GAP = 0.42
"""Gap at which text across columns is divided, in letter sizes; blanks between words are narrower."""
NARROW_GAP = 0.3
"""The same before a word that begins at the left side of a column."""
SAME_SIDE = 1.5
"""Words that begin a column, or end it, differ by less, in points."""
COLUMN_SLACK = 1.0
"""Distance, in points, by which columns may touch."""
MIN_SPLIT_LINES, MIN_BOTH_SIDES = 3, 0.8
"""Number of lines from which a narrow strip divides a column, and share of them with text on both sides."""
MIN_ALIGNED = 0.6
"""Share of the words at one side of a column that lie below each other."""

MIN_HEADER_PARTS = 0.7
"""Share of the pieces of a line of a header that stand where the columns do."""

Columns = list[tuple[float, float]]


def find_columns(lines: Sequence[SplitLine]) -> Columns:
    """Return the extents of the columns: where more than a few lines have text, divided at narrow strips."""
    multiple = [line for line in lines if len(line.segments) > 1]
    few = int(MAX_CROSSING * len(multiple))
    sides = [(segment.x0, segment.x1) for line in multiple for segment in line.segments]
    events = sorted([(x0, 1) for x0, _ in sides] + [(x1, -1) for _, x1 in sides])
    columns: Columns = []
    count = 0
    for x, step in events:
        if count <= few < count + step:
            if columns and x < columns[-1][1] + COLUMN_SLACK:
                x = columns.pop()[0]
            columns.append((x, x))
        elif count + step <= few < count:
            columns[-1] = (columns[-1][0], x)
        count += step
    return [part for column in columns for part in _split(column, multiple)]


def _split(column: tuple[float, float], lines: Sequence[SplitLine]) -> Iterator[tuple[float, float]]:
    """Yield the parts of a column that a narrow white strip divides, with words below each other on its right."""
    words = [[word for word in line.words if word.x0 < column[1] and word.x1 > column[0]] for line in lines]
    words = [row for row in words if row]
    start = column[0]
    if len(words) >= MIN_SPLIT_LINES:
        size = median(word.size for row in words for word in row)
        for left, right in _strips([word for row in words for word in row]):
            both = [row for row in words if row[0].x1 <= left and row[-1].x0 >= right]
            begins = [next(word.x0 for word in row if word.x0 >= right) for row in both]
            is_wide = right - left > SPLIT_GAP * size and len(both) >= max(MIN_SPLIT_LINES, MIN_BOTH_SIDES * len(words))
            if is_wide and max(begins) - min(begins) < COLUMN_SLACK:
                yield start, left
                start = right
    yield start, column[1]


def _strips(words: Sequence[PdfWord]) -> Iterator[tuple[float, float]]:
    """Yield the spaces between words that no word crosses."""
    ordered = sorted(words, key=lambda word: word.x0)
    right = ordered[0].x1
    for word in ordered[1:]:
        if word.x0 > right:
            yield right, word.x0
        right = max(right, word.x1)


def line_cells(line: SplitLine, columns: Columns, *, is_header: bool = False) -> list[str]:
    """Return the text of each column; a heading across columns is repeated, other text is written once."""
    cells = [""] * len(columns)
    for part, touched in line_parts(line, columns):
        text = " ".join(word.text for word in part)
        for index in touched if is_header and len(line.segments) > 1 else touched[:1]:
            cells[index] = f"{cells[index]} {text}".strip()
    return cells


def cell_words(line: SplitLine, columns: Columns) -> list[list[PdfWord]]:
    """Return the words of each column."""
    cells: list[list[PdfWord]] = [[] for _ in columns]
    for part, touched in line_parts(line, columns):
        cells[touched[0]] += part
    return cells


def line_parts(line: SplitLine, columns: Columns) -> Iterator[tuple[list[PdfWord], list[int]]]:
    """Yield runs of words with the columns that they touch. Text across columns is divided where it can be."""
    lefts = [left for left, _ in columns]
    for words, segment in zip(line.segment_words, line.segments, strict=True):
        if len(touched_columns(segment.x0, segment.x1, columns)) == 1:
            yield words, touched_columns(segment.x0, segment.x1, columns)
            continue
        part = [words[0]]
        for last, word in pairwise(words):
            gap = (word.x0 - last.x1) / max(1.0, segment.size)
            begins = any(abs(word.x0 - left) < SAME_SIDE for left in lefts)
            if gap > SPLIT_GAP or (begins and gap > NARROW_GAP):
                yield part, touched_columns(part[0].x0, part[-1].x1, columns)
                part = []
            part.append(word)
        yield part, touched_columns(part[0].x0, part[-1].x1, columns)


def touched_columns(x0: float, x1: float, columns: Columns) -> list[int]:
    """Return the columns that a piece of text overlaps, or the nearest one."""
    touched = [index for index, (left, right) in enumerate(columns) if x0 < right and x1 > left]
    middle = (x0 + x1) / 2
    return touched or [min(range(len(columns)), key=lambda at: abs(sum(columns[at]) / 2 - middle))]


def is_aligned(lines: Sequence[SplitLine], columns: Columns, index: int) -> bool:
    """Return True if the cells of a column begin, end or have their middles below each other."""
    cells = [words for line in lines if (words := cell_words(line, columns)[index])]
    sides = [(words[0].x0, words[-1].x1, (words[0].x0 + words[-1].x1) / 2) for words in cells]
    return any(_most_agree([side[kind] for side in sides]) for kind in range(3))


def _most_agree(places: Sequence[float]) -> bool:
    best = max((sum(abs(place - other) < SAME_SIDE for other in places) for place in places), default=0)
    return best >= MIN_ALIGNED * len(places)


def is_header_line(line: SplitLine, columns: Columns) -> bool:
    """Return True if most pieces of a line begin, end or have their middle where the columns do that they touch."""
    parts = list(line_parts(line, columns))
    agree = 0
    for words, touched in parts:
        left, right = columns[touched[0]][0], columns[touched[-1]][1]
        x0, x1 = words[0].x0, words[-1].x1
        agree += min(abs(x0 - left), abs(x1 - right), abs(x0 + x1 - left - right) / 2) < 2 * SAME_SIDE
    return agree >= MIN_HEADER_PARTS * len(parts)


def begins_columns(line: SplitLine, columns: Columns) -> bool:
    """Return True if every piece of a line stands in one column, and begins, ends or has its middle where it does."""
    for words, touched in line_parts(line, columns):
        left, right = columns[touched[0]]
        x0, x1 = words[0].x0, words[-1].x1
        if len(touched) > 1 or min(abs(x0 - left), abs(x1 - right), abs(x0 + x1 - left - right) / 2) > SAME_SIDE:
            return False
    return True


def overlaps(segment: Segment, columns: Columns) -> bool:
    """Return True if a segment touches one of the columns."""
    return any(segment.x0 < x1 and segment.x1 > x0 for x0, x1 in columns)
