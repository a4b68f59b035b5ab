"""Headings that are told by their look: short, bold or centred or large lines above ordinary text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from opora.corpus.blocks import Block

MAX_HEADING = 200
"""Maximum length of a heading, in characters; a longer one is a clause in a heading style."""
MAX_SENTENCE = 120
"""Maximum length of a heading that ends like a sentence."""
MAX_BY_LOOK = 150
"""Maximum length of a heading that is told by its look."""
MAX_LINES = 6
"""Maximum number of lines of a heading or title."""
MAX_BOLD_SHARE = 0.4
"""Share of bold letters above which bold says nothing."""
LARGER = 1.15
"""Ratio of font sizes from which a line counts as larger than the text."""
_END = tuple(";,:!?")
_NUMBER = re.compile(r"(\d{1,3}(?:\.\d{1,3})*)[.)]?\s")
_FORM = re.compile(r"_{3}|\.{5}|…{2}")
"""Lines to be filled in, such as a signature."""
_CAPTION = re.compile(r"\w+\.? +(?:№ *)?[\dА-ЯA-Z][\d.]*\b")
"""Captions of tables: `Table 3`."""
_NUMBERED = re.compile(r"\w+ (?:№ *)?(?:\d[\d.]*|[IVXLC]+)\b[.:]?")
"""Numbered headings such as `Chapter 1.`"""
MIN_STYLED = 3
"""Number of headings by style above which all others stand just below them."""
MAX_RANK = 2


class Look(NamedTuple):
    """Looks of a paragraph; each is True if the whole paragraph has it."""

    is_bold: bool = False
    is_centred: bool = False
    is_capital: bool = False
    size: float = 0.0
    """Size of most of its letters, in points."""
    has_tabs: bool = False
    has_line_above: bool = False
    """True if no empty paragraph stands above."""
    indent: int = 0
    """Indent, in twentieths of a point."""


class StoryPiece(NamedTuple):
    """A block and the look of its paragraph, if it may be a heading."""

    block: Block
    look: Look | None = None
    code: str = ""
    """Text with its white space, if it is set like code."""


def is_heading_text(text: str) -> bool:
    """Return False for a text in a heading style that is a clause rather than a heading."""
    return len(text) <= (MAX_SENTENCE if text.endswith((".", ";", ",", ":")) else MAX_HEADING)


def mark_by_look(pieces: Sequence[StoryPiece]) -> list[StoryPiece]:
    """Return the pieces, with headings that only their look tells marked as such."""
    size, bold_share = _usual_look(pieces)
    candidates = [_stands_out(piece, size, bold_share <= MAX_BOLD_SHARE) for piece in pieces]
    groups = list(_groups(pieces, candidates))
    looks = Counter(_signature(pieces[group[0]]) for group in groups if candidates[group[0]])
    signatures = sorted(looks)
    styled = sum(piece.block.kind == "heading" for piece in pieces)
    marked: list[StoryPiece] = []
    styled_level = 0
    for group in groups:
        members = [pieces[index] for index in group]
        text = " ".join(_full_text(piece.block) for piece in members)
        if members[0].block.kind == "heading":
            styled_level = members[0].block.level
            marked.append(StoryPiece(members[0].block._replace(text=text)))
            continue
        if not candidates[group[0]] or text[:1].islower() or not _has_text_below(pieces, candidates, group[-1]):
            marked += members
            continue
        number = _NUMBER.match(text)
        depth = number[1].count(".") if number else 0
        signature = _signature(members[0])
        is_title = not marked and looks[signature] == 1
        rank = 0 if styled > MIN_STYLED or is_title else min(MAX_RANK, signatures.index(signature))
        marked.append(StoryPiece(Block("heading", text, level=min(6, styled_level + 1 + rank + depth))))
    return marked


def first_lines(pieces: Sequence[StoryPiece]) -> str:
    """Return the first lines that are larger than the text or centred and bold, as one: a title page or the like."""
    size, _ = _usual_look(pieces)
    lines: list[StoryPiece] = []
    for piece in pieces[:20]:
        look = piece.look
        is_title = look is not None and (look.size >= size * LARGER or (look.is_centred and look.is_bold))
        if is_title and not _FORM.search(piece.block.text) and (not lines or _is_alike(piece, lines[-1])):
            lines.append(piece)
        elif lines:
            break
    text = " ".join(piece.block.text for piece in lines[:MAX_LINES])
    return text if len(text) <= MAX_HEADING else ""


def _usual_look(pieces: Sequence[StoryPiece]) -> tuple[float, float]:
    """Return the usual font size and the share of bold text."""
    sizes: Counter[float] = Counter()
    bold = 0
    for block, look, _ in pieces:
        if look:
            sizes[look.size] += len(block.text)
            bold += len(block.text) if look.is_bold else 0
    return (sizes.most_common(1)[0][0], bold / max(1, sizes.total())) if sizes else (0.0, 0.0)


def _stands_out(piece: StoryPiece, size: float, bold_counts: bool) -> bool:
    block, look, _ = piece
    text = block.text
    if look is None or block.kind not in ("paragraph", "item") or block.mark == "-" or look.has_tabs:
        return False
    if not 2 < len(text) <= MAX_BY_LOOK or text.endswith(_END) or _FORM.search(text):
        return False
    if text.endswith(".") and (len(text) > MAX_BY_LOOK / 2 or ". " in text[4:]):
        return False
    if not text[:1].isupper() and not text[:1].isdigit() and text[:1] not in '«"“':
        return False
    is_larger = look.size >= size * LARGER
    is_shouted = look.is_capital and (look.is_centred or bool(block.mark) or bool(_NUMBER.match(text)))
    return sum(map(str.isalpha, text)) > 2 and ((look.is_bold and bold_counts) or is_larger or is_shouted)


def _signature(piece: StoryPiece) -> tuple[float, bool, bool]:
    """Return a key by which looks are ranked: larger, then centred, then capital letters come first."""
    look = piece.look or Look()
    return -round(look.size), not look.is_centred, not look.is_capital


def _groups(pieces: Sequence[StoryPiece], candidates: Sequence[bool]) -> Iterator[list[int]]:
    """Yield indexes of pieces; the lines of a heading, such as `Chapter 1` above its name, together."""
    group: list[int] = []
    for index, piece in enumerate(pieces):
        is_heading = bool(group) and (candidates[group[0]] or pieces[group[0]].block.kind == "heading")
        if group and not (is_heading and len(group) < MAX_LINES and _continues(piece, pieces[group[-1]])):
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def _continues(piece: StoryPiece, above: StoryPiece) -> bool:
    """Return True if a line belongs to the heading above: both centred, alike, without a gap, and no new number."""
    block, look, _ = piece
    if block.kind != "paragraph" or look is None or above.look is None or not look.has_line_above:
        return False
    if not (look.is_centred and above.look.is_centred and (look.is_bold or look.is_capital)):
        return False
    is_short = len(block.text) <= MAX_BY_LOOK and not block.text.endswith(_END)
    return is_short and not _FORM.search(block.text) and _is_alike(piece, above)


def _is_alike(piece: StoryPiece, above: StoryPiece) -> bool:
    """Return True for a line that looks like the line above and does not begin with a number of its own."""
    if piece.look is None or above.look is None or piece.block.mark:
        return False
    starts = _NUMBER.match(piece.block.text) or _NUMBERED.match(piece.block.text)
    return not starts and piece.look.size == above.look.size and piece.look.is_bold == above.look.is_bold


def _has_text_below(pieces: Sequence[StoryPiece], candidates: Sequence[bool], index: int) -> bool:
    """Return True if ordinary text follows, after other headings at most."""
    for piece, stands_out in zip(pieces[index + 1 : index + 4], candidates[index + 1 : index + 4], strict=True):
        if not stands_out:
            is_caption = piece.block.kind == "table" and bool(_CAPTION.match(pieces[index].block.text))
            return piece.block.kind != "heading" and not is_caption and not _FORM.search(piece.block.text)
    return False


def _full_text(block: Block) -> str:
    return f"{block.mark} {block.text}" if block.mark else block.text
