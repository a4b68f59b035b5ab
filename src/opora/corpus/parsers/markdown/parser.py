"""Parser of Markdown (CommonMark with tables, footnotes, front matter, and HTML inside it)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from opora.corpus.blocks import Block, clean_code, clean_text, markdown_table, one_line
from opora.corpus.parsers.base import ParseContext, ParseError, Reading
from opora.corpus.parsers.markdown.front_matter import split_front_matter
from opora.corpus.parsers.markdown.source import ATTRIBUTES, TEMPLATE_TAG, Note, prepare
from opora.corpus.parsers.text.encoding import decode

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_HEADING = 200
"""Maximum length of a heading, in characters; longer ones are paragraphs above a rule."""
MAX_NESTING = 40
"""Maximum depth of lists and quotations; what is deeper is text."""
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_ALERT = re.compile(r"\[!\w+\]\s*")
_ADDRESS = re.compile(
    r"\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|<!--.{0,1000}?-->|<[^<>]{1,1000}>|^\[[^\]\n]+\]:[^\n]*$",
    re.DOTALL | re.MULTILINE,
)
"""Addresses of links, tags and comments, which no reader sees."""
_HEADING = re.compile(r"(#{1,6})[ \t]+(.{1,200}?)[ \t]*#*")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_MARKUP = re.compile(r"[*_`{\\\[]")
_FENCED = re.compile(r"```[ \t]*[a-z]{0,12} (.*?)```")
"""Fenced code whose lines were joined."""
_GAP = re.compile(r" +(?=[.,;:!?)»])")
"""Blanks that a removed template tag leaves."""
_PROSE = re.compile(r"[^\W\d_]{2,}[,;:.!?]?(?: |$)")


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse Markdown. Raises ParseError if it is no text."""
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n")
    front_matter, body = split_front_matter(text)
    source, notes = prepare(body)
    blocks = [*_read(source), *(block for note in notes for block in _read_note(note))]
    visible = TEMPLATE_TAG.sub(" ", _ADDRESS.sub(" ", body))
    return Reading(blocks, titles=front_matter.titles, source_text=visible, metadata=front_matter.metadata)


def _read(source: str) -> list[Block]:
    return list(_Walk(_markdown().parse(source)).blocks())


@functools.cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])


def _read_note(note: Note) -> Iterator[Block]:
    texts = [one_line(block.text) for block in _read(note.text)]
    if text := " ".join(filter(None, texts)):
        yield Block("note", text, mark=note.mark)


class _Walk:
    """State of a walk over the tokens: the lists around the present one."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.position = 0
        self.lists: list[int | None] = []
        """Number of the next item of each list around; None for bullets."""
        self.mark = ""
        """Mark of the item whose first text comes next."""

    def blocks(self) -> Iterator[Block]:
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            self.position += 1
            yield from self._block(token)

    def _block(self, token: Token) -> Iterator[Block]:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            self.lists.append(int(token.attrGet("start") or 1) if kind.startswith("ordered") else None)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self.lists.pop()
        elif kind == "list_item_open":
            self.mark = self._next_mark(token)
        elif kind == "list_item_close":
            self.mark = ""
        elif kind == "heading_open":
            yield from self._heading(token, self.tokens[self.position])
        elif kind == "inline" and self.tokens[self.position].type == "paragraph_close":
            yield from self._text(inline_text(token))
        elif kind in ("fence", "code_block"):
            yield from self._code(token)
        elif kind == "table_open":
            yield from self._table()
        elif kind == "html_block":
            yield from html_blocks(token.content)

    def _next_mark(self, token: Token) -> str:
        number = self.lists[-1]
        if number is None:
            return "-"
        self.lists[-1] = number + 1
        return f"{number}{token.markup}"

    def _heading(self, token: Token, inline: Token) -> Iterator[Block]:
        self.position += 2
        text = ATTRIBUTES.sub("", inline_text(inline)).strip()
        if len(text) <= MAX_HEADING and "\n" not in inline.content.strip():
            yield Block("heading", one_line(text), level=int(token.tag[1:]))
        else:
            yield Block("paragraph", text)

    def _text(self, text: str) -> Iterator[Block]:
        text = ATTRIBUTES.sub("", _ALERT.sub("", text)).strip()
        if not text:
            return
        if self.mark:
            yield Block("item", text, level=len(self.lists) - 1, mark=self.mark)
            self.mark = ""
        else:
            yield Block("paragraph", text)

    def _code(self, token: Token) -> Iterator[Block]:
        code = clean_code(token.content)
        if token.type == "code_block" and _is_prose(code):
            yield from self._text(one_line(code))
        else:
            yield Block("code", code)

    def _table(self) -> Iterator[Block]:
        rows: list[list[str]] = []
        while (token := self.tokens[self.position]).type != "table_close":
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(inline_text(token))
            self.position += 1
        yield Block("table", markdown_table(rows))


def inline_text(token: Token) -> str:
    """Return the text of an inline token: of links their words, of images the description, of HTML nothing."""
    text = clean_text("".join(_pieces(token.children or []))).strip()
    return _GAP.sub("", text) if "{" in token.content else text


def _pieces(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "text":
            yield TEMPLATE_TAG.sub("", token.content)
        elif token.type == "code_inline":
            yield token.content
        elif token.type == "image":
            yield from _pieces(token.children or [])
        elif token.type == "softbreak":
            yield " "
        elif token.type == "hardbreak" or (token.type == "html_inline" and _BREAK.match(token.content)):
            yield "\n"


def html_blocks(source: str) -> Iterator[Block]:
    """Yield the blocks of a piece of HTML."""
    from lxml import etree

    from opora.corpus.parsers.html.blocks import read_blocks
    from opora.corpus.parsers.html.tree import UNREAD, read_tree

    try:
        root = read_tree(f"<div>{source}</div>")
    except ParseError:
        return
    etree.strip_elements(root, *UNREAD, with_tail=False)
    for image in list(root.iter("img")):
        image.tag, image.text = "span", image.get("alt", "")
    for placed in read_blocks(root):
        yield _read_inline(placed.block)


def _read_inline(block: Block) -> Block:
    """Return a block of HTML whose text is Markdown, as in `<td markdown="block">`, as plain text."""
    if block.kind == "code":
        return block
    if block.kind == "table":
        rows = [_CELL_BORDER.split(line.strip("|")) for line in block.text.split("\n")]
        return block._replace(text=markdown_table([list(map(_inline, row)) for row in rows if not _is_rule(row)]))
    if match := _HEADING.fullmatch(block.text):
        return Block("heading", _inline(match[2]), level=len(match[1]))
    return block._replace(text="\n".join(map(_inline, block.text.split("\n"))))


def _inline(text: str) -> str:
    if not _MARKUP.search(text):
        return text.strip()
    text = ATTRIBUTES.sub("", _FENCED.sub(r"\1", text))
    return " ".join(inline_text(token) for token in _markdown().parseInline(text))


def _is_rule(row: Sequence[str]) -> bool:
    return all(cell == "---" for cell in row)


def _is_prose(code: str) -> bool:
    """Return true if indented text is not code: sentences whose author indents paragraphs."""
    words = _PROSE.findall(code)
    return len(words) >= 8 and sum(map(len, words)) >= 0.85 * len(re.sub(r"\s+", " ", code))
