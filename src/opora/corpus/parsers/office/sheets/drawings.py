"""Text of an XLSX that stands in no cell: text boxes, and comments on demand."""

from __future__ import annotations

from collections.abc import Iterator

from opora.corpus.blocks import Block, one_line
from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.storage.archive import Archive
from opora.corpus.parsers.storage.xml import local_name, parse_xml

_DRAWINGS, _COMMENTS = "xl/drawings/drawing", "xl/comments"


def drawn_blocks(archive: Archive, with_comments: bool) -> Iterator[Block]:
    """Yield the paragraphs of text boxes as blocks, and comments as notes. Broken parts are left out."""
    for name in (member.filename for member in archive.members):
        if name.endswith(".xml") and name.startswith(_DRAWINGS):
            yield from (Block("paragraph", text) for text in _texts(archive, name, "p"))
        elif name.endswith(".xml") and name.startswith(_COMMENTS) and with_comments:
            yield from (Block("note", text) for text in _texts(archive, name, "comment"))


def _texts(archive: Archive, name: str, holder: str) -> Iterator[str]:
    try:
        root = parse_xml(archive.read(name))
    except ParseError:
        return
    for element in root.iter():
        if local_name(element) == holder:
            text = "".join(child.text or "" for child in element.iter() if local_name(child) == "t")
            if text.strip():
                yield one_line(text)
