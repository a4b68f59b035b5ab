"""Text in the margins of a page: side notes, set apart from the text beside them, and numbers of lines, left out."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

from opora.corpus.parsers.pdf.layout.words import PdfWord

MIN_ROWS = 8
"""Number of rows of text from which a page has margins."""
NOTE_SIZE = 0.93
"""Size of the letters of a side note, in sizes of the text, at most."""
MARGIN_GAP = 0.8
"""Distance between the text and its margins, in letter sizes, at least."""
BLOCK_STEP = 2.2
"""Distance of base lines that separates side notes, in letter sizes."""
MAX_WIDTH = 0.4
"""Width of a margin, as a share of that of the text, at most: what is wider is a column of small letters."""
SAME_ROW = 0.15
"""Distance of base lines of one row, in letter sizes, at most."""
MIN_NOTE_LETTERS = 4
MIN_LINE_NUMBERS = 5
OUTLIERS = 20
"""One of so many rows may reach into a margin."""


def split_margins(words: list[PdfWord]) -> tuple[list[PdfWord], list[list[PdfWord]]]:
    """Return the words of the text, and those of each side note, from top to bottom."""
    sizes: Counter[float] = Counter()
    for word in words:
        sizes[word.size] += len(word.text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    rows = _text_rows(words, body)
    if len(rows) < MIN_ROWS or body <= 0:
        return words, []
    left = sorted(min(word.x0 for word in row) for row in rows)[len(rows) // OUTLIERS] - MARGIN_GAP * body
    right = sorted(max(word.x1 for word in row) for row in rows)[-1 - len(rows) // OUTLIERS] + MARGIN_GAP * body
    top, bottom = rows[0][0].base - body, rows[-1][0].base + body
    bases = [row[0].base for row in rows]
    taken: set[int] = set()
    notes: list[list[PdfWord]] = []
    for side in (
        [word for word in words if word.x1 <= left and top <= word.base <= bottom],
        [word for word in words if word.x0 >= right and top <= word.base <= bottom],
    ):
        if _are_line_numbers(side, bases, body):
            taken.update(map(id, side))
            continue
        width = max((word.x1 for word in side), default=0.0) - min((word.x0 for word in side), default=0.0)
        for block in _blocks(side) if width <= MAX_WIDTH * (right - left) else ():
            is_small = all(word.size <= NOTE_SIZE * body for word in block)
            is_row = abs(block[0].base - block[-1].base) < SAME_ROW * body
            if is_row and any(abs(block[0].base - base) < SAME_ROW * body for base in bases):
                continue  # a label before its text
            if is_small and sum(map(str.isalpha, "".join(word.text for word in block))) >= MIN_NOTE_LETTERS:
                notes.append(block)
                taken.update(map(id, block))
    return [word for word in words if id(word) not in taken], sorted(notes, key=lambda note: note[0].base)


def _text_rows(words: Sequence[PdfWord], body: float) -> list[list[PdfWord]]:
    """Return the rows of words as large as the text, numbers left out, from top to bottom."""
    large = [word for word in words if word.size > NOTE_SIZE * body and not word.text.isdigit()]
    rows: list[list[PdfWord]] = []
    for word in sorted(large, key=lambda word: word.base):
        if rows and word.base - rows[-1][0].base <= 0.3 * body:
            rows[-1].append(word)
        else:
            rows.append([word])
    return rows


def _are_line_numbers(words: Sequence[PdfWord], bases: Sequence[float], body: float) -> bool:
    """Return True if words are numbers that count the rows of the text; those of paragraphs count fewer."""
    if len(words) < MIN_LINE_NUMBERS or not all(word.text.isdecimal() and len(word.text) < 5 for word in words):
        return False
    ordered = sorted(words, key=lambda word: word.base)
    steps = 0
    for above, below in itertools.pairwise(ordered):
        between = sum(above.base + 0.3 * body < base <= below.base + 0.3 * body for base in bases)
        steps += int(below.text) - int(above.text) == between
    return steps >= 0.8 * (len(ordered) - 1)


def _blocks(words: Sequence[PdfWord]) -> list[list[PdfWord]]:
    """Return the words that stand close below each other."""
    blocks: list[list[PdfWord]] = []
    for word in sorted(words, key=lambda word: (word.base, word.x0)):
        if blocks and word.base - blocks[-1][-1].base <= BLOCK_STEP * word.size:
            blocks[-1].append(word)
        else:
            blocks.append([word])
    return blocks
