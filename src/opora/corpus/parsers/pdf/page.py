"""Pages of a PDF as pdfium shows them: characters with their boxes and fonts, visible rulings, images.

All coordinates are in points from the top left corner of the page as it is shown, rounded to 0.1 pt.

    for page in read_pages(data):
        "".join(char.text for char in page.chars)
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.pdf.drawings import Box, Ruling, read_drawings
from opora.corpus.parsers.pdf.geometry import PageFrame

HYPHEN_AT_LINE_END = 2
"""Code that pdfium gives for a hyphen, or a soft hyphen, at the end of a line (U+FFFE in its plain text)."""
ASCENT = 0.75
"""Part of the height of a character's box that lies above the base line."""
MAX_COORDINATE = 20_000.0
"""Largest coordinate, in points, that a page may have (PDF 2.0, annex C: 14,400)."""

_BOLD = re.compile(r"bold|black|heavy|demi|medi$|cmbx|sfbx|sfsx|cmssbx", re.IGNORECASE)
_ITALIC = re.compile(r"ital|obli|cmti|cmsl|sfti|sfsl|slanted|kursiv", re.IGNORECASE)
_SUBSET = re.compile(r"^[A-Z]{6}\+")


class Char(NamedTuple):
    """A character as it is shown. `angle` is that of its line, in degrees counterclockwise.

    Letters of a ligature share its box. Spaces are kept if the file holds them.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool
    italic: bool
    font: str
    angle: int


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


class _Style(NamedTuple):
    size: float
    bold: bool
    italic: bool
    font: str
    angle: int


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
            chars = _read_chars(text_page, frame)
            text = text_page.get_text_range() if chars else ""
        finally:
            text_page.close()
        return PdfPage(index + 1, frame.width, frame.height, chars, rulings, images, text)
    finally:
        page.close()


def _read_chars(text_page: pdfium.PdfTextPage, frame: PageFrame) -> list[Char]:
    """Return the characters of a page in the order of pdfium, without those it made up and those off the page."""
    raw = text_page.raw
    get_unicode, get_object = pdfium_c.FPDFText_GetUnicode, pdfium_c.FPDFText_GetTextObject
    is_generated, read_box = pdfium_c.FPDFText_IsGenerated, _box_reader(raw, frame)
    styles: dict[int, _Style] = {}
    chars: list[Char] = []
    for index in range(pdfium_c.FPDFText_CountChars(raw)):
        code = get_unicode(raw, index)
        address = ctypes.cast(get_object(raw, index), ctypes.c_void_p).value
        if code in (0, 10, 13) or not address or (code == 32 and is_generated(raw, index) == 1):
            continue
        style = styles.get(address)
        if style is None:
            style = styles[address] = _read_style(raw, index, frame)
        box = read_box(index, style.angle, style.size)
        if box is not None:
            chars.append(Char(_char(code), *box, *style))
    return chars


def _char(code: int) -> str:
    if code in (HYPHEN_AT_LINE_END, 0xFFFE):
        return "-"
    return chr(code) if code < 0xD800 or 0xE000 <= code < 0x110000 else "\ufffd"


def _box_reader(raw: Any, frame: PageFrame) -> Callable[[int, int, float], Box | None]:
    """Return a function from index, angle and size to the box of a character; None if it is not on the page.

    Across the line a box depends on the base line and the size of the font only, so that letters of a line agree:
    it begins `ASCENT` sizes above the base line and ends `1 - ASCENT` sizes below.
    """
    rect, sides, base = pdfium_c.FS_RECTF(), [ctypes.c_double() for _ in range(4)], [ctypes.c_double() for _ in "xy"]
    rect_ref, side_refs, base_refs = ctypes.byref(rect), [*map(ctypes.byref, sides)], [*map(ctypes.byref, base)]
    (left, right, bottom, top), (base_x, base_y) = sides, base
    get_loose, get_tight = pdfium_c.FPDFText_GetLooseCharBox, pdfium_c.FPDFText_GetCharBox
    get_base, width, height = pdfium_c.FPDFText_GetCharOrigin, frame.width, frame.height

    def read(index: int, angle: int, size: float) -> Box | None:
        get_base(raw, index, *base_refs)
        x, y = frame.point(base_x.value, base_y.value)
        if angle == frame.turns == 0 and get_loose(raw, index, rect_ref) and rect.right > rect.left:
            x0, x1, y0, y1 = x, x + rect.right - rect.left, y, y
        elif get_tight(raw, index, *side_refs):
            x0, y0, x1, y1 = frame.place(left.value, bottom.value, right.value, top.value)
        else:
            return None
        if angle == 0:
            y0, y1 = y - ASCENT * size, y + (1 - ASCENT) * size
        elif angle == 90:
            x0, x1 = x - ASCENT * size, x + (1 - ASCENT) * size
        elif angle == 270:
            x0, x1 = x - (1 - ASCENT) * size, x + ASCENT * size
        if not (x1 >= 0 and x0 <= width and y1 >= 0 and y0 <= height and x1 - x0 < MAX_COORDINATE):
            return None
        return round(x0, 1), round(y0, 1), round(x1, 1), round(y1, 1)

    return read


def _read_style(raw: Any, index: int, frame: PageFrame) -> _Style:
    matrix, flags = pdfium_c.FS_MATRIX(), ctypes.c_int()
    scale, angle = 1.0, 0
    if pdfium_c.FPDFText_GetMatrix(raw, index, ctypes.byref(matrix)):
        scale = math.hypot(matrix.c, matrix.d)
        angle = frame.angle(matrix.a, matrix.b)
    buffer = ctypes.create_string_buffer(128)
    length = pdfium_c.FPDFText_GetFontInfo(raw, index, buffer, 128, ctypes.byref(flags))
    font = _SUBSET.sub("", buffer.raw[: max(0, min(length, 128) - 1)].decode("utf-8", "replace"))
    size = pdfium_c.FPDFText_GetFontSize(raw, index) * scale
    bold = bool(_BOLD.search(font)) or bool(flags.value & 1 << 18)
    italic = bool(_ITALIC.search(font)) or bool(flags.value & 1 << 6)
    return _Style(round(size, 1) if math.isfinite(size) else 0.0, bold, italic, font, angle)
