"""Pages of a PDF as pdfium shows them: characters with their boxes and fonts, visible rulings, images.

All coordinates are in points from the top left corner of the page as it is shown, rounded to 0.1 pt.

    for page in read_pages(data):
        "".join(char.text for char in page.chars)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pypdfium2 as pdfium

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.pdf.accents import compose_accents
from opora.corpus.parsers.pdf.chars import Char, CharReader
from opora.corpus.parsers.pdf.drawings import Box, Ruling, read_drawings
from opora.corpus.parsers.pdf.geometry import PageFrame


@dataclass(frozen=True, slots=True)
class PdfPage:
    """A page. `number` counts from 1; `plain_text` is pdfium's own reading of it."""

    number: int
    width: float
    height: float
    chars: list[Char] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)
    images: list[Box] = field(default_factory=list)
    plain_text: str = ""


def open_document(data: bytes) -> pdfium.PdfDocument:
    """Open a PDF. Raises ParseError if it needs a password or is no PDF."""
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise ParseError("encrypted", "a password is required") from None
        raise ParseError("corrupt", str(error)[:200]) from None


def read_pages(data: bytes) -> Iterator[PdfPage]:
    """Yield the pages of a PDF, each released before the next. Raises ParseError; a broken page is empty."""
    document = open_document(data)
    try:
        for index in range(len(document)):
            yield read_page(document, index)
    finally:
        document.close()


def read_page(document: pdfium.PdfDocument, index: int) -> PdfPage:
    """Return page `index` (from 0) of an open document; an empty one if pdfium cannot load it."""
    try:
        page = document[index]
    except pdfium.PdfiumError:
        return PdfPage(index + 1, 0.0, 0.0)
    try:
        frame = PageFrame.of(page)
        rulings, images = read_drawings(page, frame)
        try:
            text_page = page.get_textpage()
        except pdfium.PdfiumError:
            return PdfPage(index + 1, frame.width, frame.height, [], rulings, images)
        try:
            reader = CharReader(text_page, frame)
            chars = compose_accents(reader.read())
            is_cut = reader.off_page > 0  # print shops leave text beside the page
            text = "" if not chars else text_page.get_text_bounded() if is_cut else text_page.get_text_range()
        finally:
            text_page.close()
        return PdfPage(index + 1, frame.width, frame.height, chars, rulings, images, text)
    finally:
        page.close()
