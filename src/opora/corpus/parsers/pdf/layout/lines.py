"""Lines of text of a page, in reading order, with the tables between them."""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

from opora.corpus.parsers.pdf.chars import Char
from opora.corpus.parsers.pdf.layout.columns.regions import order_regions
from opora.corpus.parsers.pdf.layout.columns.strips import Placed
from opora.corpus.parsers.pdf.layout.margins import split_margins
from opora.corpus.parsers.pdf.layout.words import WORD_GAP, PdfWord, find_words
from opora.corpus.parsers.pdf.page import PdfPage

SMALL = 0.85
"""Size of a superscript beside that of its line, at most."""
RAISED = 0.15
"""Height of a superscript above the base line, in letter sizes, at least."""
MIN_BODY_CHARS = 200
"""Number of turned characters from which they are read as text, not set apart as a note."""

BARRIER = 0.5
"""Length of a horizontal ruling that columns do not cross, as a share of the width of the page."""

UNNAMED = frozenset(("Cc", "Co"))
"""Categories of characters without a name: one before a line is a bullet from a font of signs."""

SUPERSCRIPTS = str.maketrans("0123456789+-−=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾")
_RAISED_MARK = re.compile(r"[\d*†‡§]{1,3}")
_SUPERSCRIPT = re.compile(r"[-+−]?\d{1,4}(?:,\d{1,3})*")


class Line(NamedTuple):
    """A line of text. Its box is that of the page as shown; `x0`, `x1`, `base` are those of the upright text.

    `region` counts the columns and bands of the document; `left` and `right` are the sides of its region.
    `mark` is a superscript before the text: that of a footnote. `apart` marks turned text beside the body.
    """

    text: str
    page: int
    box: tuple[float, float, float, float]
    x0: float
    x1: float
    base: float
    size: float
    bold: bool
    italic: bool
    region: int
    left: float
    right: float
    mark: str = ""
    apart: bool = False


T = TypeVar("T", bound=Placed)


def read_lines(page: PdfPage, tables: Sequence[T], region: int, doubts: list[float] | None = None) -> list[Line | T]:
    """Return the lines and tables of a page in reading order; `region` is the number of its first region.

    `doubts` takes up a figure for each gap that may or may not be one between columns.
    """
    doubts = [] if doubts is None else doubts
    groups: dict[int, list[Char]] = {}
    for char in page.chars:
        if not tables or not any(_is_inside(char, table) for table in tables):
            groups.setdefault(char.angle, []).append(char)
    main = max(groups, key=lambda angle: len(groups[angle]), default=0)
    main = main if main % 90 == 0 else 0
    items: list[Line | T] = []
    for angle in sorted(groups.keys() | {main}, key=lambda angle: angle != main):
        upright = groups.get(angle, [])
        if angle and angle % 90 == 0:
            upright = [_turn(char, angle, page) for char in upright]
        placed = tables if angle == main else ()
        apart = angle != main and len(upright) < MIN_BODY_CHARS
        for line in _group_lines(upright, placed, page, angle, region, doubts):
            items.append(line._replace(apart=apart or line.apart) if isinstance(line, Line) else line)
        region = max((item.region + 1 for item in items if isinstance(item, Line)), default=region)
    return items


def _is_inside(char: Char, table: Placed) -> bool:
    x, y = (char.x0 + char.x1) / 2, (char.y0 + char.y1) / 2
    return table.x0 <= x <= table.x1 and table.y0 <= y <= table.y1


def _turn(char: Char, angle: int, page: PdfPage) -> Char:
    """Return a character in the coordinates of a page that is turned so that its text is upright."""
    x0, y0, x1, y1 = turn_box((char.x0, char.y0, char.x1, char.y1), angle, page.width, page.height)
    return char._replace(x0=x0, y0=y0, x1=x1, y1=y1)


def turn_box(
    box: tuple[float, float, float, float], angle: int, width: float, height: float
) -> tuple[float, float, float, float]:
    """Return a box of a page of this width and height after text at `angle` is turned upright."""
    x0, y0, x1, y1 = box
    if angle == 90:
        return height - y1, x0, height - y0, x1
    if angle == 180:
        return width - x1, height - y1, width - x0, height - y0
    return (y0, width - x1, y1, width - x0) if angle == 270 else box


def _turn_back(box: tuple[float, float, float, float], angle: int, page: PdfPage) -> tuple[float, float, float, float]:
    width, height = (page.height, page.width) if angle in (90, 270) else (page.width, page.height)
    x0, y0, x1, y1 = turn_box(box, -angle % 360, width, height)
    return round(x0, 1), round(y0, 1), round(x1, 1), round(y1, 1)


class _Placed(NamedTuple):
    """A table among the words of a page: its number in the list of tables."""

    x0: float
    y0: float
    x1: float
    y1: float
    table: int
    size: float = 10.0
    text: str = "table table table"


def _group_lines(
    chars: Sequence[Char], tables: Sequence[T], page: PdfPage, angle: int, region: int, doubts: list[float]
) -> Iterator[Line | T]:
    text, side_notes = split_margins(find_words(chars))
    items: list[PdfWord | _Placed] = [*text]
    for number, table in enumerate(tables):
        box = turn_box((table.x0, table.y0, table.x1, table.y1), angle, page.width, page.height)
        items.append(_Placed(*box, number))
    barriers = [] if angle else [(r.x0, r.x1, r.y0) for r in page.rulings if r.x1 - r.x0 > BARRIER * page.width]
    for number, part in enumerate(order_regions(items, barriers, doubts), region):
        words = [item for item in part if isinstance(item, PdfWord)]
        placed = sorted((item for item in part if isinstance(item, _Placed)), key=lambda item: item.y0)
        left = min((item.x0 for item in part), default=0.0)
        right = max((item.x1 for item in part), default=0.0)
        for row in _rows(words):
            top = min(word.y0 for word in row)
            while placed and placed[0].y0 < top:
                yield tables[placed.pop(0).table]
            yield _line(row, page, angle, number, (left, right))
        yield from (tables[item.table] for item in placed)
        region = number + 1
    for number, note in enumerate(side_notes, region):
        sides = min(word.x0 for word in note), max(word.x1 for word in note)
        for row in _rows(note):
            yield _line(row, page, angle, number, sides)._replace(apart=True)


def _rows(words: Sequence[PdfWord]) -> list[list[PdfWord]]:
    """Return the words of each line, from left to right; raised and lowered words belong to the line they overlap."""
    rows: list[list[PdfWord]] = []
    spans: list[tuple[float, float, float]] = []  # top, base line, size of the largest word
    for word in sorted(words, key=lambda word: word.base):
        top, base = word.base - 0.7 * word.size, word.base
        for index in range(len(rows) - 1, max(-1, len(rows) - 3), -1):
            shared = min(base, spans[index][1]) - max(top, spans[index][0])
            ratio = word.size / (spans[index][2] or 1.0)
            least = 0.5 if SMALL <= ratio <= 1 / SMALL else 0.2  # raised and lowered text is small
            if shared >= least * min(base - top, spans[index][1] - spans[index][0]):
                rows[index].append(word)
                if word.size > spans[index][2]:
                    spans[index] = (top, base, word.size)
                break
        else:
            rows.append([word])
            spans.append((top, base, word.size))
    order = sorted(range(len(rows)), key=lambda index: spans[index][1])
    return [sorted(rows[index], key=lambda word: word.x0) for index in order]


def _line(row: Sequence[PdfWord], page: PdfPage, angle: int, region: int, sides: tuple[float, float]) -> Line:
    sizes: Counter[float] = Counter()
    for word in row:
        sizes[word.size] += len(word.text)
    size = sizes.most_common(1)[0][0]
    base = statistics.median(word.base for word in row if word.size == size)
    text, mark = _text(row, size, base)
    letters = sum(len(word.text) for word in row)
    bold = sum(len(word.text) for word in row if word.bold) >= 0.97 * letters
    italic = sum(len(word.text) for word in row if word.italic) >= 0.9 * letters
    x0, x1 = row[0].x0, max(word.x1 for word in row)
    y0, y1 = min(word.y0 for word in row), max(word.y1 for word in row)
    box = _turn_back((x0, y0, x1, y1), angle, page)
    return Line(text, page.number, box, x0, x1, base, size, bold, italic, region, *sides, mark)


def _text(row: Sequence[PdfWord], size: float, base: float) -> tuple[str, str]:
    """Return the text of a line and the raised mark before it."""
    pieces: list[str] = []
    mark, last = "", None
    for index, word in enumerate(row):
        text = word.text
        if index == 0 and len(row) > 1 and len(text) == 1 and unicodedata.category(text) in UNNAMED:
            text = "•"
        raised = base - word.base > RAISED * size and word.size <= SMALL * size
        if raised and index == 0 and len(row) > 1 and _RAISED_MARK.fullmatch(text):
            mark = text
            continue
        if raised and _SUPERSCRIPT.fullmatch(text):
            text = text.translate(SUPERSCRIPTS)
        if last is not None:
            same = abs(last.base - word.base) < 0.6
            if same or word.x0 - last.x1 > WORD_GAP * min(size, last.size):
                pieces.append(" ")
        pieces.append(text)
        last = word
    return "".join(pieces), mark
