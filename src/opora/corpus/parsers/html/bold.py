"""Headings that a page writes as paragraphs in bold letters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from opora.corpus.blocks import MAX_LEVEL, Block
from opora.corpus.parsers.html.blocks import PlacedBlock, TextNode

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_BOLD_HEADING = 120
"""Maximum length of a heading in bold letters, in characters."""
MIN_TEXT_BELOW = 40
"""Minimum length of the paragraph that follows it, in characters."""
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_OPEN_END = re.compile(r"[.,;:!…]\W*$")


def mark_bold_headings(content: Sequence[PlacedBlock]) -> list[Block]:
    """Return the blocks, with short bold paragraphs above text as headings one level below the last heading.

    Several in a row are the lines of a title or an address.
    """
    marked: list[Block] = []
    level, was_bold = 1, False
    for at, item in enumerate(content):
        block, is_bold = item.block, _is_heading(item)
        if block.kind == "heading":
            level = block.level
        elif is_bold and not was_bold and any(map(_is_text, content[at + 1 : at + 2])):
            block = Block("heading", block.text, level=min(level + 1, MAX_LEVEL))
        was_bold = is_bold
        marked.append(block)
    return marked


def _is_heading(item: PlacedBlock) -> bool:
    block = item.block
    if block.kind != "paragraph" or not item.nodes or not 5 <= len(block.text) <= MAX_BOLD_HEADING:
        return False
    is_line = "\n" not in block.text and not _OPEN_END.search(block.text) and block.text[0].isalnum()
    return is_line and item.linked == 0 and all(_is_bold(node, item.element) for node in item.nodes)


def _is_text(item: PlacedBlock) -> bool:
    """Return True for text that a heading may stand above: a list, a table, or a paragraph that is no heading."""
    if item.block.kind in ("item", "table", "code"):
        return True
    return item.block.kind == "paragraph" and len(item.block.text) >= MIN_TEXT_BELOW and not _is_heading(item)


def _is_bold(node: TextNode, block: HtmlElement) -> bool:
    element, part = node
    current = element if part == "text" else element.getparent()
    while current is not None:
        if current.tag in ("b", "strong") or _BOLD.search(current.get("style") or ""):
            return True
        if current is block:
            return False
        current = current.getparent()
    return False
