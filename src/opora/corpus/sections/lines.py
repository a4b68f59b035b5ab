"""Lines of a document: its blocks with text, and headings that join or split them.

A heading may stand in several blocks (`ГЛАВА 1`, then its title), or at the beginning of a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opora.corpus.blocks import Block, LineBox
from opora.corpus.sections.forms import Form, read_form
from opora.text.entities.place_names import place_names
from opora.text.words import fold

_NUMBER_MARK = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){0,5}\.?|[IVXLC]{1,7}\.)")
MAX_APPENDIX = 300
"""Characters of a heading `Приложение N 1 / к приказу ...` whose lines belong together."""
_MARKER = r"(?P<marker>(?:[^\W\d_] ){4,}[^\W\d_]|[^\W\d_]{5,})"
_RULING_FIRST = re.compile(rf"^(?P<cut>\s*{_MARKER}\s*:)\s+(?=\S)")
_RULING_LAST = re.compile(rf"(?<=\s)(?P<cut>{_MARKER}\s*:\s*)$")
_ENDED = re.compile(r"[.;:!?»\")]\s*$")


@dataclass
class TextLine:
    """A block with text. `text` includes the number of an automatically numbered item."""

    block: Block
    text: str
    form: Form | None

    @property
    def is_marked(self) -> bool:
        """True for a heading that the parser marked."""
        return self.block.kind == "heading"

    @property
    def is_text(self) -> bool:
        """True for a block that may be or continue a heading."""
        return self.block.kind in ("heading", "paragraph") or len(self.text) > len(self.block.text)


@dataclass
class Heading:
    """A heading: the text of lines `start:end`, up to `split_at` if the text of the section follows in it.

    `kind` is that of its form, `annex` for the title of an attached document, or `title`; `depth` counts the parts of a
    decimal number.
    """

    start: int
    end: int
    kind: str
    number: str = ""
    split_at: int | None = None

    @property
    def depth(self) -> int:
        return self.number.count(".") + 1 if self.kind == "decimal" else 1

    @property
    def is_wrapped(self) -> bool:
        """True for a heading that joins or splits lines."""
        return self.end > self.start + 1 or self.split_at is not None


def read_lines(blocks: Sequence[Block]) -> list[TextLine]:
    """Return the lines of a document. A paragraph is split where a line in it has the form of an article or chapter."""
    lines = []
    for source in blocks:
        for block in map(_stripped, (part for piece in _divide(source) for part in _divide_at_rulings(piece))):
            if not block.text.strip():
                continue
            is_numbered = block.kind == "item" and _NUMBER_MARK.fullmatch(block.mark)
            text = f"{block.mark} {block.text}" if is_numbered else block.text
            may_be_heading = block.kind in ("heading", "paragraph") or is_numbered
            lines.append(TextLine(block, text, read_form(text) if may_be_heading else None))
    return lines


def write_heading(lines: Sequence[TextLine], heading: Heading, level: int) -> Iterator[Block]:
    """Yield the heading as one block, and the text behind it as another."""
    joined = _join([_with_mark(line) for line in lines[heading.start : heading.end]])
    if heading.split_at is None:
        yield joined._replace(kind="heading", level=level, mark="")
        return
    first, rest = split_block(joined, heading.split_at)
    yield first._replace(kind="heading", level=level, mark="")
    if rest.text:
        yield rest._replace(kind="paragraph", level=0, mark="")


def split_block(block: Block, at: int) -> tuple[Block, Block]:
    """Return the text before and behind the offset `at`, without white space around them, with their lines."""
    before = block.text[:at].rstrip()
    start = at + len(block.text[at:]) - len(block.text[at:].lstrip())
    return _cut(block, 0, len(before)), _cut(block, start, len(block.text))


def _stripped(block: Block) -> Block:
    """Return a paragraph or heading without white space around it."""
    if block.kind not in ("paragraph", "heading") or block.text == block.text.strip():
        return block
    return _cut(block, len(block.text) - len(block.text.lstrip()), len(block.text.rstrip()))


def _with_mark(line: TextLine) -> Block:
    """Return the block with the number of an item as part of its text."""
    shift = len(line.text) - len(line.block.text)
    if not shift:
        return line.block
    boxes = tuple(box._replace(start=box.start + shift, end=box.end + shift) for box in line.block.lines)
    return line.block._replace(text=line.text, lines=boxes, mark="")


def _join(blocks: Sequence[Block]) -> Block:
    """Return the blocks as one, line breaks as blanks."""
    boxes: list[LineBox] = []
    text = ""
    for block in blocks:
        gap = " " if text else ""
        offset = len(text) + len(gap)
        boxes += [box._replace(start=box.start + offset, end=box.end + offset) for box in block.lines]
        # without boxes no offset depends on the white space
        text += gap + (block.text.replace("\n", " ") if block.lines else " ".join(block.text.split()))
    return blocks[0]._replace(text=text, lines=tuple(boxes))


def _cut(block: Block, start: int, end: int) -> Block:
    boxes = [
        box._replace(start=max(box.start, start) - start, end=min(box.end, end) - start)
        for box in block.lines
        if box.start < end and box.end > start
    ]
    page = boxes[0].page if boxes else block.page
    return block._replace(text=block.text[start:end], lines=tuple(boxes), page=page)


def _divide_at_rulings(block: Block) -> Iterator[Block]:
    """Yield the pieces of a paragraph of a judgment with the marker `УСТАНОВИЛ:`, in capitals or with letters set
    apart, at its beginning or end."""
    if block.kind != "paragraph" or ":" not in block.text:
        yield block
        return
    for pattern, is_first in ((_RULING_FIRST, True), (_RULING_LAST, False)):
        match = pattern.search(block.text)
        skipped = _letters_before_ruling(match["marker"]) if match else -1
        if match and skipped >= 0 and not (is_first and skipped):
            at = match.end("cut") if is_first else match.start("cut") + skipped
            yield from filter(lambda piece: piece.text, split_block(block, at))
            return
    yield block


def _letters_before_ruling(marker: str) -> int:
    """Return the length of what stands before the ruling word, as `и ` in `и р е ш и л`; -1 if there is no such word
    in capitals or with letters set apart."""
    rulings, word = place_names().rulings, fold(marker.replace(" ", ""))
    if " " not in marker:
        return 0 if marker.isupper() and word in rulings else -1
    return next((2 * at for at in range(min(3, len(word))) if word[at:] in rulings), -1)


def _divide(block: Block) -> Iterator[Block]:
    """Yield the pieces of a paragraph whose lines begin with an article, a chapter and the like."""
    if block.kind != "paragraph" or "\n" not in block.text:
        yield block
        return
    whole = read_form(block.text)
    if whole and whole.kind == "appendix" and len(block.text) <= MAX_APPENDIX:
        yield block
        return
    ranks = place_names().ranks
    cuts, offset, before = [], 0, ""
    for line in block.text.split("\n"):
        form = read_form(line)
        if (
            form
            and form.kind in ranks
            and (not before or _ENDED.search(before))
            and (form.is_pointed or not form.title)
        ):
            cuts += [offset, offset + len(line)]
        before, offset = line, offset + len(line) + 1
    rest, done = block, 0
    for cut in dict.fromkeys(cuts):
        if done < cut < len(block.text):
            piece, rest = split_block(rest, cut - done)
            done = len(block.text) - len(rest.text)
            yield from (piece,) * bool(piece.text)
    yield from (rest,) * bool(rest.text)
