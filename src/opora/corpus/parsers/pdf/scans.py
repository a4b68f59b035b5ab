"""Pages without a trustworthy text layer: repaired, read by OCR, or left empty with a suspicion that says why.

reader = PageReader(document, context.settings)
pages = [reader.check(read_page(document, index)) for index in range(len(document))]
reader.check_document()  # raises ParseError if it cannot be read
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from statistics import median
from typing import TYPE_CHECKING

from pypdfium2 import PdfiumError

from opora.corpus.parsers.base import ParseContext, ParseError, Suspicion
from opora.corpus.parsers.ocr.reading import OcrReading, read_image
from opora.corpus.parsers.ocr.rulings import PixelRuling
from opora.corpus.parsers.ocr.tesseract import DPI, OcrWord, check_languages, mean_confidence, reserve_time
from opora.corpus.parsers.pdf.chars import ASCENT, Char
from opora.corpus.parsers.pdf.drawings import Ruling
from opora.corpus.parsers.pdf.page import PdfPage
from opora.corpus.parsers.pdf.repair import TextLayer
from opora.corpus.parsers.pdf.text_layer import judge_text, measure_scripts
from opora.corpus.parsers.storage.programs import ProgramError

if TYPE_CHECKING:
    import pypdfium2 as pdfium

    from opora.corpus.parsers.ocr.reading import Pixels

MAX_PIXELS = 25_000_000
"""Larger pages are rendered at a lower resolution; A3 at 300 dpi has 17 million pixels."""
MAX_SIDE = 20_000.0
"""Longer pages, in points, are broken (PDF 2.0 allows 14,400)."""
SCAN_SHARE, MAX_STAMP_CHARS = 0.6, 200
"""A page is a scan if an image covers at least this share of it, and it has at most this many characters."""
MIN_LINE_CONFIDENCE = 0.35
"""Lines read with less are dirt, stamps and pictures."""
GOOD_CONFIDENCE, MIN_CONFIDENCE = 0.6, 0.4
"""Below the first a page is kept if its words are known; below the second it is not kept."""
MAX_UNREADABLE = 0.5
"""Share of pages with an unreadable text layer above which a document is dropped."""
CAPITAL_HEIGHT = 0.7
"""Height of a capital letter as a share of the font size."""
SAME_SIZE = 0.3
"""Letters whose size differs by less from the usual one of the page have that one: OCR measures it roughly."""
POINTS_PER_INCH = 72


class PageReader:
    """Checks the pages of one document; `suspicions` names those that were read by OCR or cannot be read."""

    def __init__(self, document: pdfium.PdfDocument, context: ParseContext) -> None:
        self.suspicions: list[Suspicion] = []
        self._document, self._settings, self._allow_time = document, context.settings, context.allow_time
        self._layer = TextLayer()
        self._pages = self._kept = 0
        self._problems: list[str] = []
        self._lying = 0

    def check(self, page: PdfPage) -> PdfPage:
        """Return the page with characters that can be trusted: as it is, repaired, read by OCR, or without any."""
        self._pages += 1
        page = self._check(page)
        self._kept += bool(page.chars)
        return page

    def check_document(self) -> None:
        """Raise ParseError if no page has text, or the text layers of most pages are unreadable."""
        if not self._kept or self._lying > MAX_UNREADABLE * self._pages:
            pages = f"{len(self._problems)} of {self._pages} pages: " if self._pages > 1 else ""
            raise ParseError("no text", f"{pages}{self._problems[0]}" if self._problems else "no page has text")

    def _check(self, page: PdfPage) -> PdfPage:
        page, reason = self._layer.check(page)
        is_scan = is_scanned(page)
        if not reason and not is_scan and page.chars:
            return page
        if not page.chars and not page.images and not page.rulings and self._is_blank(page.number):
            return page  # blank on purpose: nothing is lost
        try:
            scan, confidence = self._read(page.number)
            problem = "" if is_read(scan, confidence) else "OCR read no text"
        except (ProgramError, PdfiumError) as error:
            problem = str(error)
        if not problem and (reason or len(scan.chars) > 2 * len(page.chars)):
            self.suspicions.append(Suspicion(reason="read by OCR", page=page.number, value=round(confidence, 2)))
            return scan
        if not reason and page.chars:  # a picture with a caption
            return page
        self._refuse(page.number, reason, problem)
        return PdfPage(page.number, page.width, page.height, [], page.rulings, page.images)

    def _refuse(self, number: int, reason: str, problem: str) -> None:
        detail = f"{f'unreadable text layer: {reason}' if reason else 'a scan'}; {problem}"
        self._problems.append(detail)
        self._lying += bool(reason)
        self.suspicions.append(
            Suspicion(reason="unreadable text layer" if reason else "no text", page=number, detail=detail)
        )

    def _read(self, number: int) -> tuple[PdfPage, float]:
        """Return a page read by OCR, and the confidence. Raises ProgramError, PdfiumError."""
        if self._settings.ocr == "off":
            raise ProgramError("set ocr: auto to read it")
        check_languages(self._settings.ocr_languages)
        reserve_time(self._allow_time)
        return read_scan(self._document, number, self._settings.ocr_languages)

    def _is_blank(self, number: int) -> bool:
        try:
            pixels = _render(self._document, number, POINTS_PER_INCH / 4)
        except (ProgramError, PdfiumError):
            return False
        return int(pixels.max(initial=255)) == int(pixels.min(initial=255))


def is_read(page: PdfPage, confidence: float) -> bool:
    """Return True if a page read by OCR holds text rather than guesses at a picture."""
    if confidence >= GOOD_CONFIDENCE:
        return bool(page.chars)
    text = page.plain_text
    return confidence >= MIN_CONFIDENCE and bool(measure_scripts(text)) and not judge_text(text)


def is_scanned(page: PdfPage) -> bool:
    """Return True if an image covers most of the page, and it has few characters."""
    area = page.width * page.height
    covered = max(((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in page.images), default=0.0)
    return len(page.chars) <= MAX_STAMP_CHARS and covered > SCAN_SHARE * area > 0


def read_scan(document: pdfium.PdfDocument, number: int, languages: str) -> tuple[PdfPage, float]:
    """Return page `number` (from 1), read by OCR, and the mean confidence of its letters. Raises ProgramError."""
    width, height = document.get_page_size(number - 1)
    dpi = min(DPI, POINTS_PER_INCH * (MAX_PIXELS / max(1.0, width * height)) ** 0.5)
    reading = read_image(_render(document, number, dpi), languages, round(dpi))
    return make_page(reading, number, POINTS_PER_INCH / dpi), reading.confidence


def _render(document: pdfium.PdfDocument, number: int, dpi: float) -> Pixels:
    """Return the grey pixels of a page. Raises PdfiumError if it is broken, ProgramError for a wrong size."""
    page = document[number - 1]
    try:
        width, height = page.get_size()
        if not 3 <= min(width, height) <= max(width, height) <= MAX_SIDE:
            raise ProgramError(f"a page of {width:g} x {height:g} points")
        bitmap = page.render(scale=dpi / POINTS_PER_INCH, grayscale=True)
        try:
            pixels: Pixels = bitmap.to_numpy().reshape(bitmap.height, -1)[:, : bitmap.width].copy()
            return pixels
        finally:
            bitmap.close()
    finally:
        page.close()


def make_page(reading: OcrReading, number: int, scale: float) -> PdfPage:
    """Return the words as the characters of a page. `scale`: points per pixel."""
    lines = [list(line) for _, line in groupby(reading.words, key=lambda word: (word.block, word.paragraph, word.line))]
    lines = [line for line in lines if mean_confidence(line) >= MIN_LINE_CONFIDENCE]
    sizes = [_size(line) for line in lines]
    weighted = [size for size, line in zip(sizes, lines, strict=True) for _ in range(sum(len(w.text) for w in line))]
    usual = median(weighted) if weighted else 0.0
    chars: list[Char] = []
    for line, size in zip(lines, sizes, strict=True):
        is_usual = abs(size - usual) < SAME_SIZE * usual
        chars += _chars(line, usual if is_usual else size, scale)
    text = "\n".join(" ".join(word.text for word in line) for line in lines)
    rulings = [_ruling(ruling, scale) for ruling in reading.rulings]
    return PdfPage(number, reading.width * scale, reading.height * scale, chars, rulings, [], text)


def _ruling(ruling: PixelRuling, scale: float) -> Ruling:
    x0, y0, x1, y1 = (round(side * scale, 1) for side in ruling)
    if ruling.is_horizontal:
        return Ruling(x0, (y0 + y1) / 2, x1, (y0 + y1) / 2)
    return Ruling((x0 + x1) / 2, y0, (x0 + x1) / 2, y1)


def _size(line: Sequence[OcrWord]) -> float:
    """Return the font size of a line in pixels: from its tallest words, since others have no capitals."""
    tops = sorted(_base(line) - word.y0 for word in line)
    return tops[int(0.8 * (len(tops) - 1))] / CAPITAL_HEIGHT


def _base(line: Sequence[OcrWord]) -> float:
    """Return the base line: the lower end of most words, which have no letters that reach below it."""
    bottoms = sorted(word.y1 for word in line)
    return bottoms[(len(bottoms) - 1) // 3]


def _chars(line: Sequence[OcrWord], size: float, scale: float) -> list[Char]:
    """Return the characters of a line; each takes an equal part of its word."""
    y0 = round((_base(line) - ASCENT * size) * scale, 1)
    y1 = round((_base(line) + (1 - ASCENT) * size) * scale, 1)
    points = round(size * scale, 1)

    def char(text: str, x0: float, x1: float) -> Char:
        return Char(text, round(x0 * scale, 1), y0, round(x1 * scale, 1), y1, points, False, False, "ocr", 0)

    chars: list[Char] = []
    for last, word in pairwise([line[0], *line]):
        if chars and 0 < word.x0 - last.x1 < size:
            chars.append(char(" ", last.x1, word.x0))
        step = (word.x1 - word.x0) / len(word.text)
        chars += [char(text, word.x0 + at * step, word.x0 + (at + 1) * step) for at, text in enumerate(word.text)]
    return chars
