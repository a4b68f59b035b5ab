"""Parser of DOCX: headings, lists, tables and paragraphs, in document order."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Iterator
from typing import Literal

from docx import Document
from docx.table import Table
from docx.text.paragraph import Paragraph

from opora.corpus.blocks import Block, markdown_table, one_line
from opora.corpus.parsers.base import ParseContext, ParseError, Reading
from opora.text.language_pack import language_packs


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse a DOCX. Raises ParseError if the bytes are not a DOCX."""
    try:
        document = Document(io.BytesIO(data))
        blocks = list(_blocks(document.iter_inner_content()))
    except MemoryError:
        raise
    except Exception as error:  # python-docx and lxml raise many kinds of exceptions
        raise ParseError("corrupt", f"{type(error).__name__}: {error}"[:200]) from None
    return Reading(blocks, titles=[document.core_properties.title or ""])


def _blocks(content: Iterator[Paragraph | Table]) -> Iterator[Block]:
    """Yield the blocks in document order."""
    items = 0
    for element in content:
        if isinstance(element, Table):
            yield Block("table", markdown_table([[cell.text for cell in row.cells] for row in element.rows]))
        elif mark := _list_mark(element, items + 1):
            items += 1
            yield Block("item", one_line(element.text), mark=mark)
            continue
        elif level := _heading_level(element):
            yield Block("heading", one_line(element.text), level=level)
        else:
            yield Block("paragraph", one_line(element.text))
        items = 0


def _heading_level(paragraph: Paragraph) -> int:
    style = _style(paragraph)
    if style in _style_names("title"):
        return 1
    match = re.match(rf"(?:{'|'.join(_style_names('heading'))})\s*(\d)", style)
    return min(6, max(1, int(match[1]))) if match else 0


def _list_mark(paragraph: Paragraph, number: int) -> str:
    """Return the mark of the paragraph if it is a list item, or an empty string."""
    style = _style(paragraph)
    properties = paragraph._p.pPr
    numbered = properties is not None and properties.numPr is not None
    if _heading_level(paragraph) or not (numbered or style.startswith(_style_names("list"))):
        return ""
    return f"{number}." if any(part in style for part in _style_names("numbered")) else "-"


def _style(paragraph: Paragraph) -> str:
    """Return the name of the style of a paragraph, in lower case."""
    return (paragraph.style.name or "").lower() if paragraph.style else ""


@functools.cache
def _style_names(kind: Literal["title", "heading", "list", "numbered"]) -> tuple[str, ...]:
    """Return the names of the styles of a kind in all languages: Word writes them in the language of its user."""
    return tuple(name for pack in language_packs() for name in getattr(pack.word_styles, kind))
