"""PDF: text in reading order with headings, lists and ruled tables.

In: the bytes of the file. Out: Markdown with a page mark before each page, and the pages that have no text.

    parse_pdf(data).text        # '\\f# Rules\\n\\nShort.\\n\\n\\f| Unit | Mass |\\n| --- | --- |\\n...'

The text comes through pdfium in the order of the page's content stream; what it means is told from geometry: tables
from ruled lines, headings from size and weight, paragraphs from gaps. These are heuristics. Tables without ruled lines
come out as lines of text.
"""

from __future__ import annotations

from pypdfium2 import PdfDocument, PdfiumError

from opora.corpus.formats.parsed import Parsed, RefusedError
from opora.corpus.formats.pdf_layout import blocks_of, drop_running_lines
from opora.corpus.formats.pdf_page import Page, read_page


def parse_pdf(data: bytes) -> Parsed:
    """Raises RefusedError: corrupt, encrypted, or no text on any page."""
    try:
        document = PdfDocument(data)
    except PdfiumError as error:
        reason = "encrypted" if "password" in str(error).lower() else "corrupt"
        raise RefusedError(reason, str(error)) from None
    try:
        pages, unreadable = _pages(document)
        title = str(document.get_metadata_value("Title") or "")
    finally:
        document.close()
    suspect = tuple(page.number for page in pages if not page.items)
    if len(suspect) == len(pages):
        reason = "corrupt" if unreadable or not pages else "no text"
        raise RefusedError(reason, f"{len(pages)} pages, none with a text layer; it may be a scan")
    return Parsed("\n\n".join(blocks_of(drop_running_lines(pages))), title, suspect)


def _pages(document: PdfDocument) -> tuple[list[Page], int]:
    pages, unreadable = [], 0
    for index in range(len(document)):
        try:
            page = document[index]
            pages.append(read_page(page, index + 1))
            page.close()
        except PdfiumError:
            pages.append(Page(index + 1, 0.0, []))
            unreadable += 1
    return pages, unreadable
