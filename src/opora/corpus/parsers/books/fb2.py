"""Parser of FictionBook 2: sections with their titles, verses, tables and notes; pictures are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from opora.corpus.blocks import MAX_LEVEL, Block, markdown_table, one_line
from opora.corpus.parsers.base import ParseContext, ParseError, Reading
from opora.corpus.parsers.books.xml import read_xml
from opora.corpus.parsers.elements.scripts import write_script
from opora.corpus.parsers.html.parser import declared_charset
from opora.corpus.parsers.storage.archive import Archive
from opora.corpus.parsers.storage.xml import Element
from opora.corpus.parsers.text.encoding import decode
from opora.records import Scalar

_BINARY = re.compile(r"<binary\b[^>]*>[^<]*(?:</binary\s*>|\Z)")
_LEAVES = frozenset("p v text-author date subtitle".split())
_GROUPS = frozenset("epigraph cite poem stanza annotation section body".split())


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse a FictionBook. Raises ParseError if it is no XML or has no text."""
    if data.startswith(b"PK"):
        archive = Archive(data)
        data = archive.read(next((name for name in archive.names if name.lower().endswith(".fb2")), "book.fb2"))
    root = read_xml(_BINARY.sub("", decode(data, declared_charset(data))))
    bodies = root.findall("body")
    if not bodies:
        raise ParseError("no text", "a FictionBook without a body")
    blocks: list[Block] = []
    for body in bodies:
        blocks += (
            _read_notes(body)
            if body.get("name") in ("notes", "comments")
            else _read_section(body, int(body.find("title") is not None))
        )
    titles, facts = _facts(root)
    source = " ".join("".join(node.itertext()) for body in bodies for node in body.iter(*_LEAVES, "td", "th"))
    return Reading(blocks, titles=titles, source_text=source, metadata=facts)


def _read_section(section: Element, level: int) -> Iterator[Block]:
    """Yield the blocks of a section, its title with its level."""
    for child in section:
        if child.tag == "title":
            if title := " ".join(filter(None, (_text(line) for line in child.iter("p", "v")))):
                yield Block("heading", title, level=max(1, min(level, MAX_LEVEL)))
        elif child.tag == "section":
            yield from _read_section(child, level + 1)
        elif child.tag == "stanza":
            yield Block(
                "paragraph", "\n".join(filter(None, (_text(line) for line in child.iter("v", "p", "subtitle"))))
            )
        elif child.tag in _LEAVES:
            yield Block("paragraph", _text(child))
        elif child.tag == "table":
            rows = [[_text(cell) for cell in row if cell.tag in ("td", "th")] for row in child.iter("tr")]
            yield Block("table", markdown_table(rows))
        elif child.tag in _GROUPS:
            yield from _read_section(child, level + 1)


def _read_notes(body: Element) -> Iterator[Block]:
    """Yield each note as a block, with the number in its title as its mark."""
    title = body.find("title")
    if title is not None and (text := " ".join(_text(line) for line in title.iter("p"))):
        yield Block("heading", text, level=1)
    for note in body.iter("section"):
        if note.find("section") is not None:
            continue
        heading = note.find("title")
        mark = " ".join(_text(line) for line in heading.iter("p")) if heading is not None else ""
        # as the text refers to it
        mark = f"[{mark}]" if mark.isdecimal() else mark
        paragraphs = [block.text for block in _read_section(note, 1) if block.kind != "heading" and block.text]
        yield Block("note", "\n".join(paragraphs), mark=mark)


def _text(element: Element) -> str:
    """Return the text of an element in one line; digits in `sup` and `sub` are raised and lowered."""
    for script in element.iter("sup", "sub"):
        script.text = write_script(script.text or "", script.tag)
    return one_line("".join(element.itertext()))


def _facts(root: Element) -> tuple[list[str], dict[str, Scalar]]:
    """Return the title and the facts of a book."""
    info = root.find("description/title-info")
    if info is None:
        return [], {}
    title = info.find("book-title")
    authors = [
        " ".join(filter(None, (_text(part) for part in author.iter("first-name", "middle-name", "last-name"))))
        for author in info.findall("author")
    ]
    facts: dict[str, Scalar] = {}
    if author := ", ".join(filter(None, authors)):
        facts["author"] = author
    date = info.find("date")
    if date is not None and (text := (date.get("value") or _text(date))):
        facts["date"] = text
    return [_text(title)] if title is not None and _text(title) else [], facts
