"""Tesseract as a program: words with their boxes and confidence from an image."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from opora.corpus.parsers.storage.programs import ProgramError, run_program

PROGRAM = "tesseract"
INSTALL = "install tesseract-ocr and tesseract-ocr-rus to read it"
DPI = 300
"""Resolution at which pages are rendered, in dots per inch."""
WHOLE_PAGE, ONE_BLOCK = 3, 6
"""Modes of Tesseract: find columns and blocks, or read one block of lines."""
MAX_SECONDS = 60
"""Maximum wall time of one run of the program, in seconds."""
OCR_SECONDS = 30.0
"""Processor time that a page is allowed to take; most take 1 to 2 s, turned ones 4 s, dense ones of A3 10 s."""
_WORD_LEVEL = "5"
_DIRT = " \t_|¦"
"""Signs that the rests of rulings look like."""


class OcrWord(NamedTuple):
    """A word. `block`, `paragraph` and `line` number it within the image; the box is in pixels from the top left."""

    text: str
    confidence: float  # 0 to 1
    block: int
    paragraph: int
    line: int
    x0: int
    y0: int
    x1: int
    y1: int


@functools.cache
def installed_languages() -> tuple[str, ...]:
    """Return the languages that Tesseract has data for. Raises ProgramError if it is not installed."""
    lines = _run(["--list-langs"], b"").decode("utf-8", "replace").splitlines()
    return tuple(line.strip() for line in lines[1:] if line.strip())


def program_version() -> str:
    """Return the version of Tesseract. Raises ProgramError if it is not installed."""
    return _run(["--version"], b"").decode("utf-8", "replace").partition("\n")[0].removeprefix(f"{PROGRAM} ")


def check_languages(languages: str) -> None:
    """Raise ProgramError if Tesseract, or one of `languages` (such as `rus+eng`), is missing."""
    missing = [name for name in languages.split("+") if name not in installed_languages()]
    if missing:
        packages = " and ".join(f"tesseract-ocr-{name.replace('_', '-')}" for name in missing)
        raise ProgramError(
            f"Tesseract has no data for {', '.join(missing)}; install {packages}, or change ocr_languages"
        )
    if not re.fullmatch(r"[\w+/]+", languages):  # never an option of the program
        raise ProgramError(f"ocr_languages: {languages!r} does not name languages such as rus+eng")


def reserve_time(allow_time: Callable[[float], float]) -> None:
    """Ask for the processor time of a page. Raises ProgramError if too little is left: the pages before are kept."""
    if allow_time(OCR_SECONDS) < OCR_SECONDS:
        raise ProgramError("the processor time for OCR is used up; raise ingest.limits.ocr_cpu_s")


def read_words(image: bytes, languages: str, dpi: int = DPI, mode: int = WHOLE_PAGE) -> list[OcrWord]:
    """Return the words of an image file (PNG, PNM) in reading order. Raises ProgramError."""
    output = _run(["stdin", "stdout", "-l", languages, "--dpi", str(dpi), "--psm", str(mode), "tsv"], image)
    rows = (line.split("\t") for line in output.decode("utf-8", "replace").splitlines()[1:])
    return [_word(row) for row in rows if len(row) == 12 and row[0] == _WORD_LEVEL and row[11].strip(_DIRT)]


def find_rotation(image: bytes, dpi: int = DPI) -> int:
    """Return by how many degrees clockwise the image must be turned to be upright: 0, 90, 180 or 270."""
    if "osd" not in installed_languages():
        return 0
    try:
        output = _run(["stdin", "stdout", "--psm", "0", "--dpi", str(dpi)], image).decode("utf-8", "replace")
    except ProgramError:  # too few characters to tell
        return 0
    match = re.search(r"^Rotate: (\d+)", output, re.MULTILINE)
    return int(match[1]) % 360 if match else 0


def mean_confidence(words: Sequence[OcrWord]) -> float:
    """Return the mean confidence of the letters of words, from 0 to 1."""
    real = [word for word in words if any(map(str.isalnum, word.text))]  # leaders and dirt count for nothing
    letters = sum(len(word.text) for word in real)
    return sum(word.confidence * len(word.text) for word in real) / letters if letters else 0.0


def _word(row: Sequence[str]) -> OcrWord:
    block, paragraph, line = map(int, row[2:5])
    left, top, width, height = map(int, row[6:10])
    text = row[11].strip(_DIRT).replace("°С", "°C")  # the second letter is Cyrillic
    return OcrWord(text, float(row[10]) / 100, block, paragraph, line, left, top, left + width, top + height)


def _run(arguments: Sequence[str], data: bytes) -> bytes:
    return run_program([PROGRAM, *arguments], data, MAX_SECONDS, INSTALL)
