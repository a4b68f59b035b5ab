"""Parser of PDF: pages from pdfium, their tables, the layout of their text.

The text layer of each page is checked first (`scans`); tables are found next (`tables`); the rest is read in columns,
lines and paragraphs (`layout`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pypdfium2 as pdfium

from opora.corpus.blocks import one_line
from opora.corpus.parsers.base import ParseContext, ParseError, Reading
from opora.corpus.parsers.pdf.layout.document import DocumentLayout
from opora.corpus.parsers.pdf.layout.marks import OutlineEntry
from opora.corpus.parsers.pdf.page import open_document, read_page
from opora.corpus.parsers.pdf.scans import PageReader
from opora.corpus.parsers.pdf.tables.finding import find_tables
from opora.corpus.parsers.pdf.tables.table import PdfTable
from opora.text.words import folded_words

MAX_OUTLINE = 5000
"""Number of entries of an outline that are read."""
TITLE_WORDS_IN_TEXT = 0.7
"""Share of the words of the title in the metadata that the text must hold: printers write names of files there."""
TITLE_SEARCH_CHARS = 5000


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse a PDF. Raises ParseError if the bytes are not a PDF, are encrypted, or hold no text."""
    document = open_document(data)
    try:
        return _read(document, context)
    finally:
        document.close()


def _read(document: pdfium.PdfDocument, context: ParseContext) -> Reading:
    reader, layout = PageReader(document, context), DocumentLayout()
    count = len(document)
    if not count:
        raise ParseError("corrupt", "no pages")
    tables: list[PdfTable] = []
    for index in range(count):
        page = reader.check(read_page(document, index))
        tables = find_tables(page, tables)
        layout.add_page(page, tables)
    reader.check_document()
    blocks = layout.blocks(list(_outline(document)))
    return Reading(
        blocks,
        titles=list(dict.fromkeys([*_stated_titles(document, layout.source_text), *layout.titles])),
        source_text=layout.source_text,
        page_count=count,
        suspicions=[*reader.suspicions, *layout.suspicions],
    )


def _outline(document: pdfium.PdfDocument) -> Iterator[OutlineEntry]:
    """Yield the entries of the outline; a broken one ends where it breaks."""
    try:
        for bookmark in itertools.islice(document.get_toc(), MAX_OUTLINE):
            title, destination = one_line(bookmark.get_title() or ""), bookmark.get_dest()
            index = destination.get_index() if destination else None
            if title:
                yield OutlineEntry(title, bookmark.level + 1, 0 if index is None else index + 1)
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return


def _stated_titles(document: pdfium.PdfDocument, text: str) -> list[str]:
    """Return the title in the metadata if the document itself begins with its words."""
    title = one_line(document.get_metadata_value("Title"))
    title_words, beginning = set(folded_words(title)), set(folded_words(text[:TITLE_SEARCH_CHARS]))
    is_true = len(title_words & beginning) >= TITLE_WORDS_IN_TEXT * len(title_words) > 0
    return [title] if is_true else []
