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

from opora.corpus.parsers.base import Parsed, ParseError
from opora.corpus.parsers.markdown import first_heading, join_blocks, markdown_table, one_line
from opora.text.language_pack import language_packs


def parse(data: bytes) -> Parsed:
    """Parse a DOCX. Raises ParseError if the bytes are not a DOCX or hold no text."""
    try:
        document = Document(io.BytesIO(data))
        text = join_blocks(_blocks(document.iter_inner_content()))
    except MemoryError:
        raise
    except Exception as error:  # python-docx and lxml raise many kinds of exceptions
        raise ParseError("corrupt", f"{type(error).__name__}: {error}"[:200]) from None
    if not text:
        raise ParseError("no text")
    return Parsed(title=one_line(document.core_properties.title or "") or first_heading(text), text=text)


def _blocks(content: Iterator[Paragraph | Table]) -> Iterator[str]:
    """Yield blocks of Markdown; the items of a list form one block."""
    items: list[str] = []
    for element in content:
        item = _list_item(element, len(items) + 1) if isinstance(element, Paragraph) else ""
        if item:
            items.append(item)
            continue
        if items:
            yield "\n".join(items)
            items = []
        if isinstance(element, Table):
            yield markdown_table([[cell.text for cell in row.cells] for row in element.rows])
        elif text := one_line(element.text):
            yield f"{'#' * _heading_level(element)} {text}".lstrip()
    if items:
        yield "\n".join(items)


def _heading_level(paragraph: Paragraph) -> int:
    style = _style(paragraph)
    if style in _style_names("title"):
        return 1
    match = re.match(rf"(?:{'|'.join(_style_names('heading'))})\s*(\d)", style)
    return min(6, max(1, int(match[1]))) if match else 0


def _list_item(paragraph: Paragraph, number: int) -> str:
    """Return the paragraph as a list item, or an empty string if it is not one."""
    style = _style(paragraph)
    properties = paragraph._p.pPr
    numbered = properties is not None and properties.numPr is not None
    if _heading_level(paragraph) or not (numbered or style.startswith(_style_names("list"))):
        return ""
    mark = f"{number}." if any(part in style for part in _style_names("numbered")) else "-"
    return f"{mark} {text}" if (text := one_line(paragraph.text)) else ""


def _style(paragraph: Paragraph) -> str:
    """Return the name of the style of a paragraph, in lower case."""
    return (paragraph.style.name or "").lower() if paragraph.style else ""


@functools.cache
def _style_names(kind: Literal["title", "heading", "list", "numbered"]) -> tuple[str, ...]:
    """Return the names of the styles of a kind in all languages: Word writes them in the language of its user."""
    return tuple(name for pack in language_packs() for name in getattr(pack.word_styles, kind))
