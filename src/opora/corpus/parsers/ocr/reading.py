"""Words of an image, made level, and turned upright where that makes it readable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from opora.corpus.parsers.ocr.alphabets import with_one_alphabet
from opora.corpus.parsers.ocr.rulings import PixelRuling, find_grids, find_rulings, without_rulings
from opora.corpus.parsers.ocr.skew import straighten
from opora.corpus.parsers.ocr.specks import without_specks
from opora.corpus.parsers.ocr.tesseract import DPI, ONE_BLOCK, OcrWord, find_rotation, mean_confidence, read_words

if TYPE_CHECKING:
    import numpy as np

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

GOOD_CONFIDENCE = 0.75
"""Below it the orientation of the image is checked, which takes about half as long as reading it. Upright pages have
.85-.97, turned ones .2-.5."""
MIN_CONTRAST = 16
"""Difference of grey values below which an image is blank."""


MAX_TABLE, MAX_TABLES = 0.9, 8
"""A grid that takes more of its page is a frame around it; only so many tables of a page are read apart."""
TABLE_BLOCKS = 10_000
"""Distance of the numbers of blocks in different tables."""


class OcrReading(NamedTuple):
    """Words and rulings of an image of `width` and `height` pixels after turning it upright."""

    words: list[OcrWord]
    rulings: list[PixelRuling]
    confidence: float  # mean of the letters, 0 to 1
    width: int
    height: int


def read_image(pixels: Pixels, languages: str, dpi: int = DPI) -> OcrReading:
    """Return the words of a grey image (rows, columns; 0 is black). Raises ProgramError."""
    import numpy as np

    reading = OcrReading([], [], 1.0, pixels.shape[1], pixels.shape[0])
    if int(pixels.max(initial=0)) - int(pixels.min(initial=255)) < MIN_CONTRAST:
        return reading
    reading = _read(pixels, languages, dpi)
    if reading.confidence < GOOD_CONFIDENCE and (turns := find_rotation(_pnm(pixels), dpi) // 90):
        upright = _read(np.rot90(pixels, -turns), languages, dpi)
        if upright.confidence > reading.confidence:
            return upright
    return reading


def _read(pixels: Pixels, languages: str, dpi: int) -> OcrReading:
    pixels = without_specks(straighten(pixels))
    rulings = find_rulings(pixels, dpi)
    words: list[OcrWord] = []
    if rulings:
        pixels = without_rulings(pixels, rulings)
        for number, box in enumerate(_tables(rulings, pixels), 1):
            table = pixels[box.y0 : box.y1, box.x0 : box.x1]
            words += [_moved(word, box, number) for word in read_words(_pnm(table), languages, dpi, ONE_BLOCK)]
            table[:] = pixels.max(initial=0)
    words = [*read_words(_pnm(pixels), languages, dpi), *words]
    words = with_one_alphabet(words)
    return OcrReading(words, rulings, mean_confidence(words), pixels.shape[1], pixels.shape[0])


def _tables(rulings: list[PixelRuling], pixels: Pixels) -> list[PixelRuling]:
    """Return the boxes of tables, which are read apart: Tesseract leaves out single figures that stand alone."""
    height, width = pixels.shape
    boxes = [box for box in find_grids(rulings) if (box.x1 - box.x0) * (box.y1 - box.y0) < MAX_TABLE * width * height]
    return boxes[:MAX_TABLES]


def _moved(word: OcrWord, box: PixelRuling, number: int) -> OcrWord:
    """Return a word of the image in `box` as one of the page, in a block of its own."""
    return word._replace(
        block=TABLE_BLOCKS * number + word.block,
        x0=word.x0 + box.x0,
        x1=word.x1 + box.x0,
        y0=word.y0 + box.y0,
        y1=word.y1 + box.y0,
    )


def _pnm(pixels: Pixels) -> bytes:
    height, width = pixels.shape
    return f"P5 {width} {height} 255\n".encode() + pixels.tobytes()
