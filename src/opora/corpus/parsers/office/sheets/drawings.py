"""Text of an XLSX that stands in no cell: text boxes, and comments on demand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

from opora.corpus.blocks import Block, one_line
from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.office.packages import local_name, parse_xml, read_member

_DRAWINGS, _COMMENTS = "xl/drawings/drawing", "xl/comments"
_DAMAGE = (zipfile.BadZipFile, ValueError, OSError, NotImplementedError)


def drawn_blocks(data: bytes, with_comments: bool) -> Iterator[Block]:
    """Yield the paragraphs of text boxes as blocks, and comments as notes. Broken parts are left out."""
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except _DAMAGE:
        return
    for name in names:
        if name.endswith(".xml") and name.startswith(_DRAWINGS):
            yield from (Block("paragraph", text) for text in _texts(data, name, "p"))
        elif name.endswith(".xml") and name.startswith(_COMMENTS) and with_comments:
            yield from (Block("note", text) for text in _texts(data, name, "comment"))


def _texts(data: bytes, name: str, holder: str) -> Iterator[str]:
    try:
        root = parse_xml(read_member(data, name) or b"")
    except ParseError:
        return
    for element in root.iter():
        if local_name(element) == holder:
            text = "".join(child.text or "" for child in element.iter() if local_name(child) == "t")
            if text.strip():
                yield one_line(text)
