"""Parser of plain text in any encoding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import PurePath
from textwrap import dedent

from opora.corpus.blocks import Block, clean_characters, clean_code
from opora.corpus.parsers.base import ParseContext, Reading
from opora.corpus.parsers.pdf.layout.hyphens import HyphenJoiner
from opora.corpus.parsers.text.encoding import decode
from opora.corpus.parsers.text.pages import split_pages
from opora.corpus.parsers.text.tables import is_rule, read_aligned_table, read_drawn_table, read_tabbed_table
from opora.corpus.parsers.text.wrapping import (
    ENDS,
    FULL,
    PlainParagraph,
    close_gaps,
    find_width,
    read_line,
    read_paragraphs,
)

CODE_SUFFIXES = frozenset(
    ".py .js .ts .c .h .cpp .hpp .java .cs .go .rs .rb .pl .sh .bat .ps1 .sql .yaml .yml .toml .ini .cfg .conf .css .r"
    " .m .lua .kt .swift .scala .vb .pas .bsl .os .properties .env .log".split()
)
"""Files that are one block of code: sources, configurations, logs."""
MAX_VERSE = 60
"""Maximum length of the lines of a poem or an address, in characters."""
MAX_HEADING = 120
MIN_SIGNS = 3
"""Signs that code has at least: an indented item of a list has one or two, `1) a warning;`."""
_ATX = re.compile(r"(#{1,6})[ \t]+(\S.*?)[ \t]*#*")
_UNDERLINE = re.compile(r"([=\-~^*+])\1{2,}")
_SIGNS = re.compile(r"[{}()\[\]<>=;:/\\|&$#@*+_]")
_ITEM_MARK = re.compile(r"^\s*[^\W_]{1,3}[.)]\s")


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse plain text: its lines become paragraphs, lists, tables and code. Raises ParseError for binary data."""
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n").replace("\x1a", "")
    if PurePath(context.name).suffix.lower() in CODE_SUFFIXES:
        return Reading([Block("code", clean_code(text))])
    return read_plain(text)


def read_plain(text: str) -> Reading:
    """Read plain text, such as that of a `pre` element."""
    text = clean_characters(text)
    pages = split_pages(text)
    width = find_width([read_line(line) for page in pages for line in page if line.strip()])
    joiner = HyphenJoiner(line.strip() for page in pages for line in page if line.strip())
    blocks: list[Block] = []
    for number, page in enumerate(pages, 1):
        page_number = number if len(pages) > 1 else 0
        page_blocks = [block._replace(page=page_number) for block in _page_blocks(page, width, joiner)]
        if blocks and page_blocks and _goes_on(blocks[-1], page_blocks[0]):
            blocks[-1] = blocks[-1]._replace(text=f"{blocks[-1].text} {page_blocks.pop(0).text}")
        blocks += page_blocks
    return Reading(blocks, page_count=len(pages) if len(pages) > 1 else 0)


def _page_blocks(lines: Sequence[str], width: int, joiner: HyphenJoiner) -> Iterator[Block]:
    levels: list[str] = []
    for is_filled, group in groupby(close_gaps(lines, width), lambda line: bool(line.strip())):
        if is_filled:
            yield from _group_blocks(list(group), width, joiner, levels)


def _group_blocks(raw: list[str], width: int, joiner: HyphenJoiner, levels: list[str]) -> Iterator[Block]:
    """Yield the blocks of lines without a blank line between them; `levels` are the underlines of headings so far."""
    if len(raw) == 1 and (match := _ATX.fullmatch(raw[0].strip())) and len(match[2]) <= MAX_HEADING:
        yield Block("heading", match[2], level=len(match[1]))
        return
    raw = raw[1:] if len(raw) >= 3 and raw[0].strip() == raw[2].strip() and _is_underline(raw[1], raw[0]) else raw
    if len(raw) >= 2 and _is_underline(raw[0], raw[1]):
        sign = raw[1].strip()[0]
        levels += [sign] if sign not in levels else []
        yield Block("heading", raw[0].strip(), level=levels.index(sign) + 1)
        raw = raw[2:]
    yield from _split_tables(raw, width, joiner)


def _is_underline(title: str, line: str) -> bool:
    title, line = title.strip(), line.strip()
    is_long_enough = 0.5 * len(title) <= len(line) <= len(title) + 20
    return bool(_UNDERLINE.fullmatch(line)) and is_long_enough and len(title) <= MAX_HEADING and not is_rule(title)


def _split_tables(raw: list[str], width: int, joiner: HyphenJoiner) -> Iterator[Block]:
    """Yield the tables among the lines, and blocks of the lines around them."""
    start = 0
    for is_tabular, group in groupby(range(len(raw)), lambda index: _divider(raw[index])):
        rows = [raw[index] for index in group]
        table = None
        if is_tabular == "tab":
            table = read_tabbed_table(rows)
        elif is_tabular == "bar":
            table = read_drawn_table(rows)
        if table:
            first = raw.index(rows[0], start)
            yield from _text_blocks(raw[start:first], width, joiner)
            yield Block("table", table)
            start = first + len(rows)
    yield from _text_blocks(raw[start:], width, joiner)


def _divider(line: str) -> str:
    if "\t" in line.strip():
        return "tab"
    return "bar" if re.search(r"[|│║┃]", line) or is_rule(line) else ""


def _text_blocks(raw: list[str], width: int, joiner: HyphenJoiner) -> Iterator[Block]:
    lines = [read_line(line) for line in raw if not is_rule(line)]
    if not lines:
        return
    is_justified = width and sum(line.length >= FULL * width for line in lines[:-1]) >= 0.5 * len(lines[:-1])
    if not is_justified and (table := read_aligned_table(raw)):
        yield Block("table", table)
    elif _is_code(raw):
        yield Block("code", clean_code(dedent("\n".join(raw))))
    else:
        yield from _write(list(read_paragraphs(lines, width, joiner)))


def _is_code(raw: Sequence[str]) -> bool:
    """Return true for indented lines with many signs."""
    text = "".join("".join(_ITEM_MARK.sub("", line) for line in raw).split())
    is_indented = all(line.startswith(("    ", "\t")) for line in raw)
    return is_indented and len(_SIGNS.findall(text)) >= max(MIN_SIGNS, 0.08 * len(text))


def _write(paragraphs: Sequence[PlainParagraph]) -> Iterator[Block]:
    is_verse = len(paragraphs) >= 3 and all(
        len(paragraph.text) <= MAX_VERSE and not paragraph.mark for paragraph in paragraphs
    )
    if is_verse:
        yield Block("paragraph", "\n".join(paragraph.text for paragraph in paragraphs))
        return
    indents = _Indents()
    for paragraph in paragraphs:
        if paragraph.mark:
            yield Block("item", paragraph.text, level=indents.depth(paragraph.indent), mark=paragraph.mark)
        else:
            yield Block("paragraph", paragraph.text)


class _Indents:
    """Indents of the lists around an item."""

    def __init__(self) -> None:
        self.stack: list[int] = []

    def depth(self, indent: int) -> int:
        """Return the depth of an item with this indent, from 0."""
        while self.stack and self.stack[-1] > indent:
            self.stack.pop()
        if not self.stack or self.stack[-1] < indent:
            self.stack.append(indent)
        return len(self.stack) - 1


def _goes_on(last: Block, first: Block) -> bool:
    """Return true if a paragraph continues on the next page."""
    is_open = last.kind in ("paragraph", "item") and last.text[-1] not in ENDS
    return is_open and first.kind == "paragraph" and first.text[0].islower()
