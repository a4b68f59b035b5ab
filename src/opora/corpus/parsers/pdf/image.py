"""Parser of image files (PNG, JPEG, TIFF, ...): photos and scans of documents, read by OCR like pages of a PDF."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from PIL import Image, ImageOps, ImageSequence

from opora.corpus.parsers.base import ParseContext, ParseError, Reading, Suspicion
from opora.corpus.parsers.ocr.reading import read_image
from opora.corpus.parsers.ocr.tesseract import DPI, check_languages, reserve_time
from opora.corpus.parsers.pdf.layout.document import DocumentLayout
from opora.corpus.parsers.pdf.scans import MAX_PIXELS, POINTS_PER_INCH, is_read, make_page
from opora.corpus.parsers.pdf.tables.finding import find_tables
from opora.corpus.parsers.storage.programs import ProgramError

if TYPE_CHECKING:
    from opora.corpus.parsers.ocr.reading import Pixels

MAX_IMAGE_PIXELS = 100_000_000
MAX_FRAMES = 500
"""Number of pages of a TIFF that are read."""
PAGE_WIDTH = 8.27
"""Width of a page, in inches, by which the resolution is taken: files seldom tell it truly."""
MIN_DPI = 250
"""Images of a lower resolution are enlarged to `DPI`: Tesseract needs letters some 20 pixels high."""
MIN_SIDE = 40
"""Smaller images, in pixels, are icons."""


def parse(data: bytes, context: ParseContext) -> Reading:
    """Read an image file by OCR. Raises ParseError if it is broken, OCR is not installed, or it holds no text."""
    if context.settings.ocr == "off":
        raise ParseError("no text", "an image; set ocr: auto to read it")
    languages = context.settings.ocr_languages
    layout, suspicions, count = DocumentLayout(), [], 0
    try:
        check_languages(languages)
        for number, pixels in enumerate(_frames(data), 1):
            count = number
            if problem := _time_problem(context):
                suspicions.append(Suspicion(reason="no text", page=number, detail=problem))
                continue
            reading = read_image(pixels, languages, DPI)
            page = make_page(reading, number, POINTS_PER_INCH / DPI)
            if is_read(page, reading.confidence):
                layout.add_page(page, find_tables(page))
                suspicions.append(Suspicion(reason="read by OCR", page=number, value=round(reading.confidence, 2)))
            else:
                suspicions.append(Suspicion(reason="no text", page=number, detail="OCR read no text"))
    except ProgramError as error:
        raise ParseError("no text", f"an image; {error}") from None
    blocks = layout.blocks()
    if not blocks:
        raise ParseError("no text", "an image without text")
    return Reading(
        blocks, titles=layout.titles, source_text=layout.source_text, page_count=count, suspicions=suspicions
    )


def _time_problem(context: ParseContext) -> str:
    try:
        reserve_time(context.allow_time)
    except ProgramError as error:
        return str(error)
    return ""


def _frames(data: bytes) -> Iterator[Pixels]:
    """Yield the pages of an image as grey pixels at `DPI`. Raises ParseError if they cannot be decoded."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_IMAGE_PIXELS:
                raise ParseError("unpacks too large", f"an image of {image.width} x {image.height} pixels")
            frames = ImageSequence.Iterator(image) if image.format == "TIFF" else [image]
            for number, frame in enumerate(frames):
                if number == MAX_FRAMES:
                    return
                if frame.width * frame.height > MAX_IMAGE_PIXELS:
                    raise ParseError("unpacks too large", f"an image of {frame.width} x {frame.height} pixels")
                yield _grey(frame)
    except (ParseError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise ParseError("unpacks too large", str(error)[:200]) from None
    except Exception as error:  # Pillow raises many kinds of exceptions for broken files
        raise ParseError("corrupt", f"{type(error).__name__}: {error}"[:200]) from None


def _grey(frame: Image.Image) -> Pixels:
    import numpy as np

    image = ImageOps.exif_transpose(frame)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("L")
    dpi = min(image.size) / PAGE_WIDTH
    if min(image.size) >= MIN_SIDE and dpi < MIN_DPI:
        factor = min(4.0, DPI / dpi, (MAX_PIXELS / (image.width * image.height)) ** 0.5)
        image = image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BICUBIC)
    elif image.width * image.height > MAX_PIXELS:
        factor = (MAX_PIXELS / (image.width * image.height)) ** 0.5
        image = image.resize((int(image.width * factor), int(image.height * factor)), Image.Resampling.BICUBIC)
    return np.asarray(image)
