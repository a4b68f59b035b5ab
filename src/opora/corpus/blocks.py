"""Blocks: the form in which every parser hands over a document, and the Markdown that they are written as.

A parser yields headings, paragraphs, list items, tables, code and notes in reading order. `write_markdown` joins them
and tells at which offset each page begins and where each line of the text stands on its page.

    write_markdown([Block("heading", "Fees", level=1), Block("item", "Oil", mark="2.1.")]).text
    # '# Fees\n\n2.1. Oil'
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

BlockKind = Literal["heading", "paragraph", "item", "table", "code", "note"]
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
MAX_LEVEL = 6
_REPLACED = {
    **dict.fromkeys((*range(9), 11, *range(13, 32), *range(127, 160)), " "),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
    **INVISIBLE,
}
"""Characters without a meaning in text: controls, halves of surrogate pairs, those without width."""
_SPACES = re.compile(r"[^\S\n]+")
HEADING = re.compile(r"^(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
"""Headings and fences of code, as `write_markdown` writes them, for those who read the text again."""
_TICKS = re.compile(r"^ {0,3}(`{3,})", re.MULTILINE)
_LOOKALIKE = re.compile(r"^[ \t]*(#{1,6}[ \t]|\|.*\|[ \t]*$|`{3,}|~{3,})", re.MULTILINE)


class LineBox(NamedTuple):
    """Place of a line of text on its page. `start:end` are offsets in a block's text, later in the document's.

    `page` counts from 1; the box is in points from the top left corner of the page as it is shown.
    """

    start: int
    end: int
    page: int
    x0: float
    y0: float
    x1: float
    y1: float


class Block(NamedTuple):
    """A block of a document. `text` is clean; a table is a pipe table, code keeps its indents.

    `level` is the level of a heading, from 1, or the depth of a list item, from 0. `mark` is the mark of an item, as
    the document shows it (`-`, `2.`, `2.2.1.`, `a)`), or of a note. `page` counts from 1; 0 in formats without pages.
    `lines` are relative to `text`.
    """

    kind: BlockKind
    text: str
    level: int = 0
    mark: str = ""
    page: int = 0
    lines: tuple[LineBox, ...] = ()


class Written(NamedTuple):
    """A document as Markdown; `pages` and `lines` have offsets in `text`, in characters."""

    text: str
    pages: tuple[int, ...]
    lines: tuple[LineBox, ...]


def write_markdown(blocks: Iterable[Block], page_count: int = 0) -> Written:
    """Join blocks, with blank lines except between the items of a list; blocks without text are left out.

    Code stands between fences. Text that Markdown would take for a heading or a table gets a backslash before it. A
    page without blocks has the offset of the next page.
    """
    pieces: list[str] = []
    lines: list[LineBox] = []
    starts: dict[int, int] = {}
    length, last_kind = 0, ""
    for block in map(_escape, blocks):
        if not block.text.strip():
            continue
        gap = "" if not pieces else "\n" if last_kind == block.kind == "item" else "\n\n"
        before, after = gap + _prefix(block), _suffix(block)
        body = length + len(before)
        starts.setdefault(block.page, length + len(gap))
        for line in block.lines:
            starts.setdefault(line.page, body + line.start)  # a paragraph may go on over several pages
            lines.append(line._replace(start=body + line.start, end=body + line.end))
        pieces += [before, block.text, after]
        length, last_kind = body + len(block.text) + len(after), block.kind
    offsets = [length]
    for page in range(page_count, 0, -1):
        offsets.insert(0, min(starts.get(page, offsets[0]), offsets[0]))
    return Written("".join(pieces), tuple(offsets[:-1]), tuple(lines))


def _prefix(block: Block) -> str:
    if block.kind == "heading":
        return "#" * min(MAX_LEVEL, max(1, block.level)) + " "
    if block.kind == "item":
        return "  " * block.level + (f"{block.mark} " if block.mark else "- ")
    if block.kind == "code":
        return _fence(block.text) + "\n"
    return f"{block.mark} " if block.mark else ""


def _suffix(block: Block) -> str:
    return "\n" + _fence(block.text) if block.kind == "code" else ""


def _fence(code: str) -> str:
    """Return a fence that is longer than any in the code."""
    return "`" * max(3, 1 + max(map(len, _TICKS.findall(code)), default=0))


def _escape(block: Block) -> Block:
    """Return the block with a backslash before each line of text that would read as a heading, a table or code."""
    if block.kind in ("code", "table") or not _LOOKALIKE.search(block.text):
        return block
    places = [match.start(1) for match in _LOOKALIKE.finditer(block.text)]
    if block.kind in ("heading", "item") or block.mark:
        # its first line has a mark before it
        places = [place for place in places if "\n" in block.text[:place]]
    bounds = [0, *places, len(block.text)]
    text = "\\".join(block.text[start:end] for start, end in pairwise(bounds))
    moved = [
        line._replace(
            start=line.start + sum(place <= line.start for place in places),
            end=line.end + sum(place < line.end for place in places),
        )
        for line in block.lines
    ]
    return block._replace(text=text, lines=tuple(moved))


def clean_text(text: str) -> str:
    """Normalise to NFC, remove soft hyphens, zero-width and control characters, and collapse white space to blanks."""
    return _SPACES.sub(" ", clean_characters(text))


def clean_lines(text: str) -> str:
    """Return clean text without white space around its lines."""
    return "\n".join(line.strip() for line in clean_text(text).split("\n")).strip()


def clean_code(text: str) -> str:
    """Return code or a drawing of characters with its white space, without empty lines around it; tabs are blanks."""
    lines = [line.rstrip() for line in clean_characters(text.expandtabs(4)).split("\n")]
    return "\n".join(lines).strip("\n")


def clean_characters(text: str) -> str:
    """Normalise to NFC, remove soft hyphens and characters without width, and turn control characters to blanks."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").translate(_REPLACED)


def one_line(text: str) -> str:
    """Return clean text without line breaks."""
    return " ".join(clean_text(text).split())


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Return a pipe table whose first row is the header. Short rows are padded, empty rows are left out."""
    cells = [[one_line(cell).replace("|", "\\|") for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return ""
    width = max(map(len, cells))
    lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in cells]
    return "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])
