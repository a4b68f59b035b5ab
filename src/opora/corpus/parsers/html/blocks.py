"""Blocks of a page in reading order, each with the element that it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from lxml import etree

from opora.corpus.blocks import Block, clean_lines, one_line
from opora.corpus.parsers.elements.numbers import format_number
from opora.corpus.parsers.html.tables import is_data_table, read_table
from opora.corpus.parsers.html.tree import ends_line, inline_text, is_word_end
from opora.corpus.parsers.text.plain import read_plain

if TYPE_CHECKING:
    from lxml.html import HtmlElement

HEADINGS = {f"h{level}": level for level in range(1, 7)}
MAX_HEADING = 300
"""Maximum length of a heading, in characters; longer ones are paragraphs."""
MIN_PLAIN_TEXT, SAMPLE = 400, 20_000
"""Minimum length of preformatted text that may be prose, and the length that is looked at, in characters."""
MAX_SIGNS, MIN_LINE_WORDS = 0.02, 3
"""Maximum share of the signs of programs in prose, and minimum number of words in its average line."""
_SIGNS = re.compile(r"[{}\[\]<>=;/\\|&$#@*+_~^`]")
_CODE_NAMES = re.compile(r"code|highlight|prettyprint|brush|lang|syntax|screen|terminal", re.IGNORECASE)
_LONG_LINE = 100
_MARK = re.compile(r"(?:[-–—•·▪●*]|\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-zа-яё])[.)])(?=\s)\s*", re.IGNORECASE)
_NUMBER_FORMATS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
"""Type of a list -> name of its number format in Word."""


TextNode = tuple["HtmlElement", Literal["text", "tail"]]


class PlacedBlock(NamedTuple):
    """A block with its place in the tree."""

    block: Block
    element: HtmlElement
    """The innermost element around it that ends a line."""
    nodes: tuple[TextNode, ...]
    """Its pieces of text; none if it shares those of the block before it, from which `br` divides it."""
    linked: int
    """Length of its text that is links, in characters."""


def read_blocks(root: HtmlElement) -> list[PlacedBlock]:
    """Return all blocks of a cleaned tree."""
    return _Reader().read(root)


class _List:
    """State of a list: its depth and the number of its next item."""

    def __init__(self, element: HtmlElement, depth: int) -> None:
        self.depth = depth
        self.kind = element.get("type", "1") if element.tag == "ol" else ""
        start = element.get("start", "1").strip()
        self.number = int(start[:6]) if start.isascii() and start.isdecimal() else 1

    def next_mark(self, item: HtmlElement) -> str:
        if not self.kind:
            return "-"
        value = item.get("value", "")
        if value.isascii() and value.isdecimal():
            self.number = int(value[:6])
        self.number += 1
        return f"{format_number(self.number - 1, _NUMBER_FORMATS.get(self.kind, ''))}."


class _Reader:
    """State of a walk over the tree: the line being read, the lists around it, and the blocks so far."""

    def __init__(self) -> None:
        self.blocks: list[PlacedBlock] = []
        self.pieces: list[str] = []
        self.nodes: list[TextNode] = []
        self.linked = self.links = 0
        self.lists: list[_List] = []
        self.mark = ""
        self.in_definition = 0

    def read(self, root: HtmlElement) -> list[PlacedBlock]:
        walker = etree.iterwalk(root, events=("start", "end"))
        skipped: HtmlElement | None = None
        for event, element in walker:
            if event == "start":
                self.flush_before(element)
                if self.add_whole(element):
                    walker.skip_subtree()
                    skipped = element
                else:
                    self.enter(element)
            else:
                if element is skipped:
                    skipped = None
                else:
                    self.leave(element)
                if element is not root and element.tail:
                    self.add(element.tail, element, "tail")
        self.flush(root)
        return self.blocks

    def flush_before(self, element: HtmlElement) -> None:
        if ends_line(element):
            parent = element.getparent()
            self.flush(parent if parent is not None else element)

    def add(self, text: str, element: HtmlElement, part: Literal["text", "tail"]) -> None:
        if self.pieces and is_word_end(self.pieces[-1], element, text):
            self.pieces.append(" ")
        self.pieces.append(text)
        if not text.isspace():
            self.nodes.append((element, part))
            if self.links:
                self.linked += len(text.strip())

    def add_whole(self, element: HtmlElement) -> bool:
        """Add a heading, a table or code with all that is in it. Return False for other elements."""
        tag = element.tag
        if tag in HEADINGS or (tag == "div" and element.get("role") == "heading"):
            text = one_line(inline_text(element))
            level = HEADINGS.get(tag) or _heading_level(element)
            block = Block("heading", text, level) if len(text) <= MAX_HEADING else Block("paragraph", text)
            self.place(block, element)
        elif tag == "table" and is_data_table(element):
            table = read_table(element)
            for title in table.titles:
                self.place(Block("paragraph", title), element)
            self.place(Block("table", table.markdown), element)
        elif tag in ("pre", "listing", "xmp", "plaintext"):
            self.place_preformatted(element)
        else:
            return False
        return True

    def place(self, block: Block, element: HtmlElement) -> None:
        if block.text:
            linked = sum(len("".join(link.itertext()).strip()) for link in element.iter("a"))
            self.blocks.append(PlacedBlock(block, element, tuple(_text_nodes(element)), linked))

    def place_preformatted(self, element: HtmlElement) -> None:
        """Add code, or the paragraphs of a text that is only written in lines of its own."""
        text = _read_code(element)
        blocks = read_plain(text).blocks if _is_plain_text(element, text) else [Block("code", text)]
        for at, block in enumerate(block for block in blocks if block.text):
            if at == 0:
                self.place(block, element)
            else:
                self.blocks.append(PlacedBlock(block, element, (), 0))

    def enter(self, element: HtmlElement) -> None:
        tag = element.tag
        if tag in ("ul", "ol", "menu", "dir"):
            self.lists.append(_List(element, len(self.lists)))
        elif tag == "li":
            self.mark = self.lists[-1].next_mark(element) if self.lists else "-"
        elif tag == "dd":
            self.in_definition += 1
        elif tag == "br":
            self.pieces.append("\n")
        elif tag == "a":
            self.links += 1
        if element.text:
            self.add(element.text, element, "text")

    def leave(self, element: HtmlElement) -> None:
        if ends_line(element):
            self.flush(element)
        tag = element.tag
        if tag in ("ul", "ol", "menu", "dir"):
            self.lists.pop()
            self.mark = ""
        elif tag == "li":
            self.mark = ""
        elif tag == "dd":
            self.in_definition -= 1
        elif tag == "a":
            self.links -= 1

    def flush(self, element: HtmlElement) -> None:
        """End the line; what was read since the last block becomes an item or paragraphs."""
        if not self.nodes:
            self.pieces = []
            return
        lines = clean_lines(_collapse(self.pieces)).split("\n")
        linked, nodes = self.linked, tuple(self.nodes)
        self.linked, self.nodes, self.pieces = 0, [], []
        if lines == [""]:
            return
        depth = len(self.lists) - 1
        if self.mark or (self.in_definition and not self.lists):
            self.blocks.append(
                PlacedBlock(_item(" ".join(lines), self.mark or "-", max(depth, 0)), element, nodes, linked)
            )
            self.mark = ""
            return
        for paragraph in _paragraphs(lines):
            self.blocks.append(PlacedBlock(Block("paragraph", paragraph), element, nodes, linked))
            linked, nodes = 0, ()


def _text_nodes(element: HtmlElement) -> Iterator[TextNode]:
    for child in element.iter():
        if child.text and not child.text.isspace():
            yield child, "text"
        if child is not element and child.tail and not child.tail.isspace():
            yield child, "tail"


def _collapse(pieces: list[str]) -> str:
    """Join pieces of text; line breaks of the source are blanks, only `br` (a piece of its own) breaks a line."""
    return "".join(piece if piece == "\n" else re.sub(r"\s+", " ", piece) for piece in pieces)


def _item(text: str, mark: str, depth: int) -> Block:
    """Return a list item; a mark that the text itself begins with replaces a bullet."""
    if mark == "-" and (match := _MARK.match(text)) and text[match.end() :]:
        own = match[0].strip()
        return Block("item", text[match.end() :], depth, own if own[-1] in ".)" else "-")
    return Block("item", text, depth, mark)


def _paragraphs(lines: list[str]) -> list[str]:
    """Return the paragraphs of lines that `br` ends: empty lines divide them, and where lines are long, each end."""
    if max(map(len, lines)) > _LONG_LINE:
        return [line for line in lines if line]
    paragraphs = "\n".join(lines).split("\n\n")
    return [text for paragraph in paragraphs if (text := paragraph.strip("\n"))]


def _read_code(element: HtmlElement) -> str:
    text = inline_text(element, br="\n").replace("\r\n", "\n").expandtabs(4)
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n")).rstrip()


def _is_plain_text(element: HtmlElement, text: str) -> bool:
    """Return True for a long text of words and hardly any signs, as old pages hold laws and letters."""
    if (
        len(text) < MIN_PLAIN_TEXT
        or element.find(".//code") is not None
        or _CODE_NAMES.search(element.get("class") or "")
    ):
        return False
    sample = text[:SAMPLE]
    signs = len(_SIGNS.findall(sample))
    return signs < MAX_SIGNS * len(sample) and len(sample.split()) > MIN_LINE_WORDS * len(sample.split("\n"))


def _heading_level(element: HtmlElement) -> int:
    level = element.get("aria-level", "2")
    return int(level) if level in ("1", "2", "3", "4", "5", "6") else 2
