"""Characters of a page with their boxes, from the text page of pdfium."""

from __future__ import annotations

import ctypes
import functools
import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from opora.corpus.parsers.pdf.geometry import PageFrame

HYPHEN_AT_LINE_END = 2
"""Code that pdfium gives for a hyphen, or a soft hyphen, at the end of a line (U+FFFE in its plain text)."""
ASCENT = 0.75
"""Part of the height of a character's box that lies above the base line."""
MAX_COORDINATE = 20_000.0
"""Largest extent, in points, of a page or a character (PDF 2.0, annex C: 14,400)."""

_BOLD = re.compile(r"bold|black|heavy|demi|medi$|cmbx|sfbx|sfsx|cmssbx", re.IGNORECASE)
_ITALIC = re.compile(r"ital|obli|cmti|cmsl|sfti|sfsl|slanted|kursiv", re.IGNORECASE)
_SUBSET = re.compile(r"^[A-Z]{6}\+")


class Char(NamedTuple):
    """A character as it is shown. `angle` is that of its line, in degrees counterclockwise.

    Along the line its box reaches from its origin to its advance; across the line it begins `ASCENT` sizes above the
    base line and ends `1 - ASCENT` sizes below, so that letters of a line agree. Letters of a ligature share a box.
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


class _Style(NamedTuple):
    size: float
    bold: bool
    italic: bool
    font: str
    angle: int
    handle: Any
    """Font of pdfium."""
    width_scale: float
    """Width, in points, of a letter as wide as its font is large."""
    advances: dict[int, float]
    """Advance of each character, in points, shared by objects of one font and scale."""


class _FastCalls(NamedTuple):
    """Functions of pdfium that are called for every character, with addresses as plain numbers.

    The wrappers of pypdfium2 make an object for each pointer, and release the lock of Python: that takes most of the
    time.
    """

    get_unicode: Callable[[int | None, int], int]
    get_object: Callable[[int | None, int], int | None]
    is_generated: Callable[[int | None, int], int]
    get_origin: Callable[[int | None, int, int, int], int]


@functools.cache
def _fast_calls() -> _FastCalls:
    page, index, number, pointer = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p

    def call(function: Any, result: Any, *arguments: Any) -> Any:
        return ctypes.PYFUNCTYPE(result, *arguments)(ctypes.cast(function, ctypes.c_void_p).value or 0)

    return _FastCalls(
        call(pdfium_c.FPDFText_GetUnicode, number, page, index),
        call(pdfium_c.FPDFText_GetTextObject, pointer, page, index),
        call(pdfium_c.FPDFText_IsGenerated, index, page, index),
        call(pdfium_c.FPDFText_GetCharOrigin, index, page, index, pointer, pointer),
    )


class CharReader:
    """Reads the characters of one page; keeps the buffers that pdfium writes into, and what it said of each object."""

    def __init__(self, text_page: pdfium.PdfTextPage, frame: PageFrame) -> None:
        self.raw, self.frame = text_page.raw, frame
        self.off_page = 0
        """Number of letters that are not on the visible page."""
        self._styles: dict[int, _Style] = {}
        self._advances: dict[tuple[str, float, float, int], dict[int, float]] = {}
        self._rect, self._width = pdfium_c.FS_RECTF(), ctypes.c_float()
        self._sides = [ctypes.c_double() for _ in range(4)]
        self._rect_ref, self._width_ref = ctypes.byref(self._rect), ctypes.byref(self._width)
        self._side_refs = [ctypes.byref(side) for side in self._sides]

    def read(self) -> list[Char]:
        """Return the characters in the order of pdfium, without those that it made up and those off the page."""
        raw, point, styles = self.raw, self.frame.point, self._styles
        text_page = ctypes.cast(raw, ctypes.c_void_p).value
        get_unicode, get_object, is_generated, get_origin = _fast_calls()
        x, y = ctypes.c_double(), ctypes.c_double()
        x_ref, y_ref, last = ctypes.addressof(x), ctypes.addressof(y), (math.nan, math.nan)
        last_base, last_size, y0, y1 = math.nan, math.nan, 0.0, 0.0
        width, height, below, new_tuple = self.frame.width, self.frame.height, 1 - ASCENT, tuple.__new__
        chars: list[Char] = []
        for index in range(pdfium_c.FPDFText_CountChars(raw)):
            code = get_unicode(text_page, index)
            if code <= 32 and (code == 0 or is_generated(text_page, index) == 1):
                continue
            address = get_object(text_page, index)
            if not address:
                continue
            style = styles.get(address)
            if style is None:
                style = styles[address] = self._style(index, ctypes.cast(address, pdfium_c.FPDF_PAGEOBJECT))
            get_origin(text_page, index, x_ref, y_ref)
            origin = point(x.value, y.value)
            is_piece = origin == last and bool(chars)
            advance = None if is_piece else style.advances.get(code)
            if advance is None:
                advance = self._advance(index, code, style, is_piece)
                if not is_piece:
                    style.advances[code] = advance
            size = style.size
            if style.angle == 0 and 0 <= origin[0] <= width and 0 <= origin[1] <= height:  # most characters
                x0, base = origin
                x0, x1 = round(x0, 1), round(x0 + advance, 1)
                if base != last_base or size != last_size:
                    last_base, last_size = base, size
                    y0, y1 = round(base - ASCENT * size, 1), round(base + below * size, 1)
            else:
                box = self._box(index, style, origin, advance)
                if box is None:
                    continue
                if not self._is_on_page(box) and not (chars and _follows(chars[-1], box, style)):
                    self.off_page += code > 32
                    continue
                x0, y0, x1, y1 = box
                last_base = math.nan
            if is_piece:  # of a ligature: all its letters have its box, none the advance of the letter alone
                style.advances.pop(ord(chars[-1].text), None)
                chars[-1] = chars[-1]._replace(x0=x0, y0=y0, x1=x1, y1=y1)
            last = origin
            text = chr(code) if 31 < code < 0xD800 else self._text(index, code)
            # _make and the constructor take three times as long
            chars.append(
                new_tuple(Char, (text, x0, y0, x1, y1, size, style.bold, style.italic, style.font, style.angle))
            )
        return chars

    def _text(self, index: int, code: int) -> str:
        if code == 0xFFFE or (code == HYPHEN_AT_LINE_END and pdfium_c.FPDFText_IsHyphen(self.raw, index) == 1):
            return "-"
        return chr(code) if code < 0xD800 or 0xE000 <= code < 0x110000 else "\ufffd"

    def _box(
        self, index: int, style: _Style, origin: tuple[float, float], advance: float
    ) -> tuple[float, float, float, float] | None:
        """Return the box of a character; None if it has no usable one."""
        (x, y), size, angle = origin, style.size, style.angle
        above, below = ASCENT * size, (1 - ASCENT) * size
        if angle == 0:
            x0, y0, x1, y1 = x, y - above, x + advance, y + below
        elif angle == 90:
            x0, y0, x1, y1 = x - above, y - advance, x + below, y
        elif angle == 270:
            x0, y0, x1, y1 = x - below, y, x + above, y + advance
        else:
            if not pdfium_c.FPDFText_GetCharBox(self.raw, index, *self._side_refs):
                return None
            left, right, bottom, top = (side.value for side in self._sides)
            x0, y0, x1, y1 = self.frame.place(left, bottom, right, top)
        if not (-MAX_COORDINATE < x0 <= x1 < MAX_COORDINATE and -MAX_COORDINATE < y0 <= y1 < MAX_COORDINATE):
            return None
        return round(x0, 1), round(y0, 1), round(x1, 1), round(y1, 1)

    def _is_on_page(self, box: tuple[float, float, float, float]) -> bool:
        x0, y0, x1, y1 = box
        return x1 >= 0 and x0 <= self.frame.width and y1 >= 0 and y0 <= self.frame.height

    def _advance(self, index: int, code: int, style: _Style, is_piece: bool) -> float:
        """Return the advance of a character.

        The loose box of pdfium reaches over it where a letter hangs over, as an italic f does; its font tells then.
        """
        rect = self._rect
        if not pdfium_c.FPDFText_GetLooseCharBox(self.raw, index, self._rect_ref):
            return self._font_width(code, style)
        loose: float = rect.right - rect.left
        if style.angle != 90 * (-self.frame.turns % 4):
            loose = max(loose, rect.top - rect.bottom)
        width = self._font_width(code, style)
        if is_piece or width <= 0 or width >= loose - 0.02 * style.size:
            return loose if loose > 0 else width
        if style.angle or self.frame.turns:
            return width
        if not pdfium_c.FPDFText_GetCharBox(self.raw, index, *self._side_refs):
            return loose
        is_over = self._sides[1].value >= rect.right - 0.01 or self._sides[0].value <= rect.left + 0.01
        return width if is_over else loose

    def _font_width(self, code: int, style: _Style) -> float:
        """Return the width that the font states for a character; 0 if it states none."""
        is_stated = pdfium_c.FPDFFont_GetGlyphWidth(style.handle, code, 1.0, self._width_ref)
        return self._width.value * style.width_scale if is_stated else 0.0

    def _style(self, index: int, text_object: Any) -> _Style:
        matrix, flags = pdfium_c.FS_MATRIX(), ctypes.c_int()
        across = along = 1.0
        angle = 0
        if pdfium_c.FPDFText_GetMatrix(self.raw, index, ctypes.byref(matrix)):
            along, across = math.hypot(matrix.a, matrix.b), math.hypot(matrix.c, matrix.d)
            angle = self.frame.angle(matrix.a, matrix.b)
        buffer = ctypes.create_string_buffer(128)
        length = pdfium_c.FPDFText_GetFontInfo(self.raw, index, buffer, 128, ctypes.byref(flags))
        font = _SUBSET.sub("", buffer.raw[: max(0, min(length, 128) - 1)].decode("utf-8", "replace"))
        size = pdfium_c.FPDFText_GetFontSize(self.raw, index)
        bold = bool(_BOLD.search(font)) or bool(flags.value & 1 << 18)
        italic = bool(_ITALIC.search(font)) or bool(flags.value & 1 << 6)
        height, width = size * across, size * along
        if not (math.isfinite(height) and math.isfinite(width) and height < MAX_COORDINATE):
            height = width = 0.0
        handle = pdfium_c.FPDFTextObj_GetFont(text_object)
        advances = self._advances.setdefault((font, height, width, angle), {})
        return _Style(round(height, 1), bold, italic, font, angle, handle, width, advances)


def _follows(last: Char, box: tuple[float, float, float, float], style: _Style) -> bool:
    """Return True if a box goes on with the line of `last`: a line that runs off the page is kept whole."""
    is_same_line = last.angle == style.angle == 0 and abs(last.y1 - box[3]) < 0.3 * style.size
    return is_same_line and abs(box[0] - last.x1) < style.size
