"""Words of an image, turned upright first where that makes it readable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from opora.corpus.parsers.ocr.tesseract import DPI, OcrWord, find_rotation, mean_confidence, read_words

if TYPE_CHECKING:
    import numpy as np

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

GOOD_CONFIDENCE = 0.75
"""Below it the orientation of the image is checked, which takes about half as long as reading it. Upright pages have
.85-.97, turned ones .2-.5."""
MIN_CONTRAST = 16
"""Difference of grey values below which an image is blank."""


class OcrReading(NamedTuple):
    """Words of an image of `width` and `height` pixels after turning it upright."""

    words: list[OcrWord]
    confidence: float  # mean of the letters, 0 to 1
    width: int
    height: int


def read_image(pixels: Pixels, languages: str, dpi: int = DPI) -> OcrReading:
    """Return the words of a grey image (rows, columns; 0 is black). Raises OcrError."""
    import numpy as np

    reading = OcrReading([], 1.0, pixels.shape[1], pixels.shape[0])
    if int(pixels.max(initial=0)) - int(pixels.min(initial=255)) < MIN_CONTRAST:
        return reading
    reading = _read(pixels, languages, dpi)
    if reading.confidence < GOOD_CONFIDENCE and (turns := find_rotation(_pnm(pixels), dpi) // 90):
        upright = _read(np.rot90(pixels, -turns), languages, dpi)
        if upright.confidence > reading.confidence:
            return upright
    return reading


def _read(pixels: Pixels, languages: str, dpi: int) -> OcrReading:
    words = read_words(_pnm(pixels), languages, dpi)
    return OcrReading(words, mean_confidence(words), pixels.shape[1], pixels.shape[0])


def _pnm(pixels: Pixels) -> bytes:
    height, width = pixels.shape
    return f"P5 {width} {height} 255\n".encode() + pixels.tobytes()
