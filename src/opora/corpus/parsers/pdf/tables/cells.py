"""Text of table cells: which characters lie in which cell, and their lines, turned text included."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from opora.corpus.parsers.pdf.chars import Char
from opora.corpus.parsers.pdf.layout.words import PdfWord, find_words
from opora.corpus.parsers.pdf.tables.grid import CellSpan, RulingGrid
from opora.text.terms import russian_analyzer

TOUCHING = 0.1
"""Letters closer than this many sizes are one word, and lie in one cell."""
MAX_OVERFLOW = 80.0
"""Length of text that leaves a table on its right, in points, at most."""
TIGHT = 0.02
"""Distance of letters of one word where a border runs through it, in sizes."""
ROW_TOLERANCE, INDEX_TOLERANCE = 0.3, 0.6
"""Words whose base lines differ by less than this many sizes are on one line; the second is that of small letters."""
SMALL = 0.85
"""Letters below this share of the largest size are small: indices and exponents."""
CUT_SLACK = 11.0
"""Width that a full line leaves free in its cell, in points: the margins of word processors, and less than a letter."""
_LAST_WORD, _FIRST_WORD = re.compile(r"[А-ЯЁа-яё]+$"), re.compile(r"[а-яё]+")
_LEADER = re.compile(r"\s*(?:\.\s?){4,}$|\s*…{2,}$|\s+\.{2,3}$")


class CellLine(NamedTuple):
    """A line of text in a cell. `base` is its base line, `width` its width and that of its first word, in points."""

    text: str
    base: float
    width: float
    first_width: float
    has_leader: bool = False  # dots that led to the next cell; they are not in the text


def cell_chars(grid: RulingGrid, chars: Sequence[Char]) -> dict[CellSpan, list[Char]]:
    """Return the characters that lie in each cell. A word that crosses a border goes to the cell of its middle."""
    owners = {
        (row, column): span
        for span in grid.cells
        for row in range(span.row0, span.row1)
        for column in range(span.column0, span.column1)
    }
    inside: dict[CellSpan, list[Char]] = {span: [] for span in grid.cells}
    last_row, last_column = len(grid.ys) - 2, len(grid.xs) - 2
    for run in _runs(chars, grid.xs):
        first, last = run[0], run[-1]
        x = (min(first.x0, last.x0) + max(first.x1, last.x1)) / 2
        y = (min(first.y0, last.y0) + max(first.y1, last.y1)) / 2
        row = min(max(0, bisect_right(grid.ys, y) - 1), last_row)
        column = min(max(0, bisect_right(grid.xs, x) - 1), last_column)
        # a gap in the grid: no letter is lost
        span = owners.get((row, column)) or CellSpan(row, column, row + 1, column + 1)
        inside.setdefault(span, []).extend(run)
    return inside


def _runs(chars: Sequence[Char], borders: Sequence[float] = ()) -> Iterator[list[Char]]:
    """Yield runs of letters that touch each other, in the order of the file; text of two cells may touch, too."""
    run: list[Char] = []
    for char in chars:
        if run and not (_touches(run[-1], char) and not _begins_cell(run[-1], char, borders)):
            yield run
            run = []
        run.append(char)
    if run:
        yield run


def _begins_cell(last: Char, char: Char, borders: Sequence[float]) -> bool:
    """Return True if a letter after a border begins the text of the next cell, into which the text before runs."""
    if char.angle or bisect_right(borders, last.x0) == bisect_right(borders, char.x0):
        return False
    is_new = char.text.isalnum() and (
        (last.text.islower() and char.text.isupper()) or last.text.isdigit() != char.text.isdigit()
    )
    return is_new or abs(char.x0 - last.x1) > TIGHT * char.size + 0.1


def _touches(last: Char, char: Char) -> bool:
    if char.angle != last.angle or char.text.isspace() or last.text.isspace():
        return False
    slack = TOUCHING * char.size
    if char.angle in (90, 270):
        gap = last.y0 - char.y1 if char.angle == 90 else char.y0 - last.y1
        return abs(char.x0 - last.x0) < slack and abs(gap) < slack
    return abs(char.y0 - last.y0) < slack and abs(char.x0 - last.x1) < slack


def chars_inside(grid: RulingGrid, chars: Sequence[Char]) -> list[Char]:
    """Return the characters of a page that lie in a grid; words that begin inside are taken whole."""
    x0, y0, x1, y1 = grid.xs[0], grid.ys[0], grid.xs[-1], grid.ys[-1]
    inside: list[Char] = []
    last_kept = False
    for last, char in pairwise([None, *chars]):
        if char is None:
            continue
        x, y = (char.x0 + char.x1) / 2, (char.y0 + char.y1) / 2
        kept = x0 <= x <= x1 and y0 <= y <= y1
        if not kept and last_kept and last is not None and char.angle == 0 and y0 <= y <= y1:
            kept = x1 < x < x1 + MAX_OVERFLOW and _touches(last, char)
        if kept:
            inside.append(char)
        last_kept = kept
    return inside


def cell_lines(chars: Sequence[Char]) -> list[CellLine]:
    """Return the lines of a cell, from top to bottom; text turned by 90 or 270 degrees is read along its direction."""
    angles = {char.angle for char in chars if not char.text.isspace()}
    if not angles:
        return []
    if angles <= {90, 270}:
        chars = [_upright(char) for char in chars if char.angle in angles]
    return [_line(words) for words in _rows(find_words(chars))]


def _upright(char: Char) -> Char:
    if char.angle == 90:  # upwards: the next line is on the right
        return char._replace(x0=-char.y1, x1=-char.y0, y0=char.x0, y1=char.x1, angle=0)
    return char._replace(x0=char.y0, x1=char.y1, y0=-char.x1, y1=-char.x0, angle=0)


def _rows(words: Sequence[PdfWord]) -> list[list[PdfWord]]:
    """Return the words of each line. Small letters go to the nearest line of large ones."""
    largest = max(word.size for word in words)
    rows: list[list[PdfWord]] = []
    small = []
    for word in sorted(words, key=lambda word: word.base):
        if word.size < SMALL * largest:
            small.append(word)
        elif rows and word.base - rows[-1][0].base <= ROW_TOLERANCE * word.size:
            rows[-1].append(word)
        else:
            rows.append([word])
    bases = [row[0].base for row in rows]
    alone: list[list[PdfWord]] = []
    for word in small:
        nearest = min(range(len(bases)), key=lambda index: abs(bases[index] - word.base))
        if abs(bases[nearest] - word.base) <= INDEX_TOLERANCE * largest:
            rows[nearest].append(word)
        elif alone and word.base - alone[-1][0].base <= ROW_TOLERANCE * word.size:
            alone[-1].append(word)
        else:
            alone.append([word])
    return sorted([*rows, *alone], key=lambda row: row[0].base)


def _line(words: Sequence[PdfWord]) -> CellLine:
    base = words[0].base
    ordered = sorted(words, key=lambda word: word.x0)
    pieces = [ordered[0].text]
    for last, word in pairwise(ordered):
        is_index = not word.space and word.x0 - last.x1 < TOUCHING * max(word.size, last.size)
        pieces.append(word.text if is_index else f" {word.text}")
    text = "".join(pieces)
    plain = _LEADER.sub("", text)
    width, first = ordered[-1].x1 - ordered[0].x0, ordered[0].x1 - ordered[0].x0
    return CellLine(plain or text, base, width, first, has_leader=bool(plain) and plain != text)


def join_cell_lines(lines: Sequence[CellLine], width: float) -> str:
    """Return the text of a cell of this width: words that are divided at the end of a line are joined."""
    text = ""
    for last, line in pairwise([None, *lines]):
        if line is None or last is None:
            text = line.text if line else ""
        elif len(text) > 1 and text[-1] in "-\u00ad" and text[-2].isalpha() and line.text[:1].islower():
            text = text[:-1] + line.text
        else:
            text += line.text if _is_cut(last, line, width) else f" {line.text}"
    return text


def _is_cut(line: CellLine, below: CellLine, width: float) -> bool:
    """Return True if the border of a narrow cell cuts a word without a hyphen, as word processors do."""
    left, right = _LAST_WORD.search(line.text), _FIRST_WORD.match(below.text)
    if not left or not right or width - line.width > CUT_SLACK + 2 * line.width / len(line.text):
        return False
    is_known = russian_analyzer().word_is_known
    whole, first, second = left[0] + right[0], left[0], right[0]
    if is_known(whole.lower()):
        return not (is_known(first.lower()) and is_known(second))
    return not is_known(second) and not below.text.startswith(f"{second}.")  # an ending such as `ые`
