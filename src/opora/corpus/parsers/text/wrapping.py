"""Paragraphs of plain text whose lines were broken at a width.

A line continues in the next one if the first word of the next had no room in it. Lines that end early were ended on
purpose: in poems, addresses, titles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from opora.corpus.parsers.pdf.layout.hyphens import SOFT_HYPHEN, HyphenJoiner
from opora.corpus.parsers.text.spacing import unspace_letters

MIN_LINE, MAX_WIDTH = 40, 250
"""Lines that are shorter, and widths that are larger, do not show a width that lines are broken at."""
FULL = 0.85
"""Minimum length of a full line, relative to the width."""
MIN_FULL_SHARE = 0.5
"""Minimum share of full lines in a text that is broken at a width."""
SLACK = 4
"""Characters that a line may lack more than the first word of the next one."""
INDENT = 2
"""Minimum number of blanks by which the first line of a paragraph is set in."""
CENTRED = 6
"""Minimum number of blanks before a centred line, and the most that those behind it may differ."""
ENDS = ".:;!?…"
_BULLET = re.compile(r"([-–—*•●▪◦·■□►➢✓]|o(?= {2,}))[ \t]+(?=\S)")
_NUMBER = re.compile(r"(\(?\d{1,3}[.)]|\(?[^\W\d_]\)|\d{1,3}(?:\.\d{1,3})+[.)]?)[ \t]+(?=\S)")
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{1,3})+")


class PlainLine(NamedTuple):
    """A line: its indent in blanks, its text, and the length of both."""

    indent: int
    text: str
    length: int


class PlainParagraph(NamedTuple):
    """A paragraph, or an item of a list if it has a mark."""

    text: str
    mark: str = ""
    indent: int = 0


def read_line(raw: str) -> PlainLine:
    """Return a line of a file."""
    expanded = raw.expandtabs(8).rstrip()
    text = expanded.lstrip()
    return PlainLine(len(expanded) - len(text), " ".join(unspace_letters(text).split()), len(expanded))


def find_width(lines: Sequence[PlainLine]) -> int:
    """Return the width that the lines were broken at; 0 if they were not."""
    lengths = sorted(line.length for line in lines if line.length >= MIN_LINE)
    if len(lengths) < 3:
        return 0
    width = lengths[int(0.98 * (len(lengths) - 1))]
    full = sum(FULL * width <= length for length in lengths)
    return width if width <= MAX_WIDTH and full >= MIN_FULL_SHARE * len(lengths) else 0


def close_gaps(lines: Sequence[str], width: int) -> list[str]:
    """Return the lines without blank lines inside paragraphs: where a sentence goes on, or after each line."""
    if not width:
        return list(lines)
    filled = [index for index, line in enumerate(lines) if line.strip()]
    pairs = list(pairwise(filled))
    is_double_spaced = len(pairs) >= 10 and sum(second - first == 2 for first, second in pairs) >= 0.95 * len(pairs)
    removed = set()
    for first, second in pairs:
        if second - first == 2 and (
            is_double_spaced or _goes_on(read_line(lines[first]), read_line(lines[second]), width)
        ):
            removed.add(first + 1)
    return [line for index, line in enumerate(lines) if index not in removed]


def _goes_on(line: PlainLine, following: PlainLine, width: int) -> bool:
    is_open = line.text[-1].isalnum() or line.text[-1] == ","
    is_full = line.length >= 0.75 * width
    return is_open and is_full and following.text[0].islower() and following.indent <= line.indent


def read_paragraphs(lines: Sequence[PlainLine], width: int, joiner: HyphenJoiner) -> Iterator[PlainParagraph]:
    """Yield the paragraphs of lines without a blank line between them; `width` is that of the document."""
    group = _Group(lines, width)
    first, texts, mark = lines[0], [""], ""
    for index, line in enumerate(lines):
        line_mark, text = _split_mark(line.text)
        if index > 0 and group.continues(index, bool(line_mark), first if mark else None):
            texts.append(line.text)
            continue
        if index > 0:
            yield PlainParagraph(join_lines(texts, joiner), mark, first.indent)
        first, texts, mark = line, [text], line_mark
    yield PlainParagraph(join_lines(texts, joiner), mark, first.indent)


def join_lines(lines: Sequence[str], joiner: HyphenJoiner) -> str:
    """Return the lines of a paragraph as one; words divided between two lines become whole. `¬` is a soft hyphen."""
    soft = [line.removesuffix("¬") + SOFT_HYPHEN if line.endswith("¬") else line for line in lines[:-1]]
    following = lines[1:]
    joined = (joiner.join(line, after).removesuffix(after) for line, after in zip(soft, following, strict=True))
    return "".join([*joined, lines[-1]])


def _split_mark(text: str) -> tuple[str, str]:
    match = _BULLET.match(text) or _NUMBER.match(text)
    if match is None:
        return "", text
    rest = text[match.end() :]
    if _DOTTED.fullmatch(match[1]) and not rest[0].isupper():
        # a number in the text: `2.5 million`
        return "", text
    return match[1], rest


class _Group:
    """Lines without a blank line between them, and the width that they were broken at."""

    def __init__(self, lines: Sequence[PlainLine], width: int) -> None:
        self.lines = lines
        self.width = (find_width(lines[:-1]) if len(lines) > 4 else 0) or width
        self.page_width = width or self.width
        self.margin = min(line.indent for line in lines)

    def continues(self, index: int, has_mark: bool, item: PlainLine | None) -> bool:
        """Return true if a line goes on with the paragraph of the line above, whose first line is `item` in lists."""
        line, following, width = self.lines[index - 1], self.lines[index], self.width
        text, start = line.text, following.text
        ends = text[-1] in ENDS
        room = width - line.length - 1 - len(start.split(" ", 1)[0])
        if has_mark and (ends or text[-1] == "," or room > SLACK):
            return False
        is_within = width == 0 or room <= SLACK or not start[0].isupper()
        if item is not None and following.indent > item.indent and is_within:
            return not has_mark
        if width and not has_mark and not ends and self._is_title(line, following):
            return True
        if width and self._is_set_in(index):
            return False
        is_open = text[-1].isalnum() or text[-1] in ",-–—¬" or (0 < 0.5 * width <= line.length and not ends)
        if start[0].islower() and is_open:
            return width > 0 or not self.lines[0].text[0].islower()
        if width:
            return room <= SLACK and line.length >= 0.6 * width
        # a title in capitals
        is_title = text.isupper() and start.isupper() and not ends
        return is_title and len(self.lines) <= 8 and len(text) >= 25 and " " in start

    def _is_title(self, line: PlainLine, following: PlainLine) -> bool:
        """Return true if both lines are centred ones of a title; captions of a form, in parentheses, are none."""
        if line.text[-1] == ")" or following.text[0] == "(":
            return False
        indents = line.indent, following.indent
        off = max(abs(centred.indent + centred.length - self.page_width) for centred in (line, following))
        is_open = following.text[0].islower() and min(indents) > 0 and max(indents) >= CENTRED and off <= SLACK
        is_alike = line.text.isupper() == following.text.isupper() or following.text[0].islower()
        return is_open or (is_alike and min(indents) >= CENTRED and off <= CENTRED)

    def _is_set_in(self, index: int) -> bool:
        """Return true if a line is set in as the first line of a paragraph is."""
        indent = self.lines[index].indent
        if indent < self.margin + INDENT:
            return False
        if index + 1 < len(self.lines):
            return self.lines[index + 1].indent < indent
        return index > 1 or self.lines[index - 1].indent >= self.margin + INDENT
