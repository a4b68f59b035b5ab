"""Words of a page from its characters.

A word ends where a gap is large beside the size of the letters and beside the gaps around it, not at a fixed distance:
TeX sets words 0.2 sizes apart without a space character, spaced-out letters and digits stand farther apart than that.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from opora.corpus.parsers.pdf.chars import ASCENT, Char

ROW_TOLERANCE = 0.12
"""Largest distance between the base lines of a row, in letter sizes."""
WORD_GAP = 0.125
"""Smallest gap between words without a space character, in letter sizes, beyond the usual gap of the row's letters."""
FONT_CHANGE_GAP = 0.1
"""The same where the font changes."""
SPACE_GAP = 0.04
"""Smallest gap between words with a space character: some files hold spaces that are pulled back to nothing."""
TRUSTED_GAP = 0.218
"""The same in a row that holds space characters, at least one to `TRUSTED_SHARE` letters; between the letters of a
short row, if its page holds so many."""
TRUSTED_SHARE = 15
SEGMENT_GAP = 1.0
"""Gap that separates the parts of a row whose letters are measured together, in letter sizes."""
SPACED_OUT = 4
"""Smallest number of single letters with equal gaps that are one spaced-out word."""


class PdfWord(NamedTuple):
    """A run of letters without a gap. `base` is the base line; `space` tells that a space stands before the word."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    base: float
    size: float
    bold: bool
    italic: bool
    space: bool = True


def find_words(chars: Sequence[Char]) -> list[PdfWord]:
    """Return the words of upright characters, row by row, from left to right."""
    has_spaces = sum(char.text == " " for char in chars) * TRUSTED_SHARE >= len(chars)
    return [word for row in _rows(chars) for segment in _segments(row) for word in _segment_words(segment, has_spaces)]


def _rows(chars: Sequence[Char]) -> Iterator[list[Char]]:
    """Yield the characters of each base line, from left to right; characters printed twice are kept once."""
    above = 1 - ASCENT
    bases = [ASCENT * y1 + above * y0 for _, _, y0, _, y1, *_ in chars]
    row: list[tuple[int, Char]] = []
    start = limit = 0.0
    for index in sorted(range(len(chars)), key=bases.__getitem__):
        char, base = chars[index], bases[index]
        if base - start > 0.6 and row and base - start > ROW_TOLERANCE * min(char.size, limit):
            yield _in_order(row)
            row = []
        if not row:
            start, limit = base, char.size
        row.append((index, char))
    if row:
        yield _in_order(row)


def _in_order(row: list[tuple[int, Char]]) -> list[Char]:
    row.sort(key=lambda pair: (pair[1].x0, pair[0]))
    kept: list[Char] = []
    last_index = -2
    for index, char in row:
        if index != last_index + 1 and kept and char.text == kept[-1].text:
            overlap = kept[-1].x1 - char.x0
            if overlap > 0.6 * (char.x1 - char.x0) > 0:
                continue
        kept.append(char)
        last_index = index
    return kept


def _segments(row: Sequence[Char]) -> Iterator[list[Char]]:
    """Yield the parts of a row that stand far apart."""
    segment: list[Char] = []
    right = 0.0
    for char in row:
        x0, x1 = char.x0, char.x1
        if x0 - right > SEGMENT_GAP and segment and x0 - right > SEGMENT_GAP * char.size:
            yield segment
            segment, right = [], x1
        segment.append(char)
        if x1 > right:
            right = x1
    if segment:
        yield segment


def _segment_words(segment: Sequence[Char], has_spaces: bool) -> Iterator[PdfWord]:
    """Yield the words of a part of a row; `has_spaces` tells that space characters tell the words of its page."""
    letters: list[Char] = []
    gaps: list[float] = []
    has_space: list[bool] = []
    pending, right = False, 0.0
    for char in segment:
        text, x0, _, x1, _, size = char[:6]
        if text.isspace():
            pending = True
            continue
        gaps.append((x0 - right) / (size if size > 1.0 else 1.0) if letters else 0.0)
        has_space.append(pending)
        pending = False
        if x1 > right or not letters:
            right = x1
        letters.append(char)
    if not letters:
        return
    base = _letter_gap(gaps[1:], has_space[1:])
    spaced = _spaced_out(letters, gaps, has_space)
    word_gap, font_gap = WORD_GAP, FONT_CHANGE_GAP
    is_name = has_spaces and len(letters) <= TRUSTED_SHARE and all(char.text.isalpha() for char in letters)
    if is_name or sum(has_space) * TRUSTED_SHARE >= len(letters):
        word_gap = TRUSTED_GAP
    start = 0
    least = base + min(SPACE_GAP, word_gap, font_gap)
    for index, gap in enumerate(gaps):
        if gap <= least or not index:  # most letters
            continue
        last, char = letters[index - 1], letters[index]
        changes = last.font != char.font or abs(last.size - char.size) > 0.1
        border = SPACE_GAP if has_space[index] else font_gap if changes else word_gap
        if border == TRUSTED_GAP and last.text.islower() and char.text.isupper():
            border = WORD_GAP
        if index not in spaced and gap - base > border:
            yield _word(letters[start:index], start > 0)
            start = index
    yield _word(letters[start:], start > 0)


def _letter_gap(gaps: Sequence[float], has_space: Sequence[bool]) -> float:
    """Return the usual gap between letters of one word, in letter sizes; 0 unless the letters are spaced out."""
    inner = [gap for gap, space in zip(gaps, has_space, strict=True) if not space]
    if len(inner) < 3:
        return 0.0
    return max(0.0, statistics.median(inner)) if any(gap > 0.02 for gap in inner) else 0.0


def _spaced_out(letters: Sequence[Char], gaps: Sequence[float], has_space: Sequence[bool]) -> set[int]:
    """Return the indices of letters that continue a spaced-out word: `0 3 / 2 5 / 2 0 1 6`, `Р Е Ш И Л`."""
    inside: set[int] = set()
    if not any(
        a > SPACE_GAP and b > SPACE_GAP and c > SPACE_GAP for a, b, c in zip(gaps[1:], gaps[2:], gaps[3:], strict=False)
    ):
        return inside
    start = 0
    for index in range(1, len(letters) + 1):
        is_same = (
            index < len(letters)
            and gaps[index] > SPACE_GAP
            and (index - start < 2 or abs(gaps[index] - gaps[start + 1]) < 0.06)
            and _kind(letters[index].text) == _kind(letters[start].text) != ""
        )
        if is_same:
            continue
        first, end = start, index
        if first and gaps[first] <= SPACE_GAP:  # the last letter of a word
            first += 1
        if end < len(letters) and gaps[end] <= SPACE_GAP:  # the first letter of a word
            end -= 1
        run = range(first + 1, end)
        spaces = sum(has_space[i] for i in run)
        kind = _kind(letters[start].text)
        # Columns of figures and formulas hold single digits and Latin letters between spaces, too.
        if len(run) + 1 >= SPACED_OUT and (spaces == 0 or kind == "cyrillic"):
            inside.update(run)
        start = index
    return inside


def _kind(text: str) -> str:
    if text.isdigit() or text in "./:-":
        return "digit"
    if "а" <= text.lower() <= "я" or text in "ёЁ":
        return "cyrillic"
    return "letter" if text.isalpha() else ""


def _word(letters: Sequence[Char], space: bool) -> PdfWord:
    first = letters[0]
    text = "".join([char.text for char in letters])
    x1 = max([char.x1 for char in letters])
    main, bold, italic = first, first.bold, first.italic
    font, size = first.font, first.size
    if any(char.font != font or char.size != size for char in letters):
        main = max(letters, key=lambda char: char.size)
        bold = 2 * sum(char.bold for char in letters) > len(letters)
        italic = 2 * sum(char.italic for char in letters) > len(letters)
    base = round(ASCENT * main.y1 + (1 - ASCENT) * main.y0, 2)
    return PdfWord(text, first.x0, main.y0, x1, main.y1, base, main.size, bold, italic, space)
