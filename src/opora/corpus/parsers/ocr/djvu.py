"""Parser of DjVu: the text layer through the program djvutxt; pages without one are read by OCR through ddjvu."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from opora.corpus.blocks import Block, one_line
from opora.corpus.parsers.base import ParseContext, Reading, Suspicion
from opora.corpus.parsers.ocr.reading import read_image
from opora.corpus.parsers.ocr.tesseract import check_languages, reserve_time
from opora.corpus.parsers.pdf.layout.hyphens import HyphenJoiner
from opora.corpus.parsers.storage.programs import ProgramError, run_program
from opora.corpus.parsers.text.wrapping import join_lines

PROGRAM, RENDERER = "djvutxt", "ddjvu"
MAX_SECONDS = 300
_PAGE = re.compile(r'^\((?:page [-\d\s]+"((?:[^"\\]|\\.)*)"\s*)?\)', re.MULTILINE | re.DOTALL)
_ESCAPE = re.compile(r"\\([0-7]{3}|.)", re.DOTALL)
_PARAGRAPH = re.compile(r"[\x1f\x1d\x0b\x0c]|\n\s*\n")
_HEADER = re.compile(rb"P5\s+(\d+)\s+(\d+)\s+255\s")


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse a DjVu document. Raises ParseError if the program is missing, or the document is broken."""
    output = _run(PROGRAM, "--detail=page", document=data).decode("utf-8", "replace")
    pages = [_unescape(match[1] or "") for match in _PAGE.finditer(output)]
    joiner = HyphenJoiner(line.strip() for text in pages for line in text.splitlines() if line.strip())
    blocks: list[Block] = []
    suspicions: list[Suspicion] = []
    for number, text in enumerate(pages, 1):
        if text.strip():
            blocks += _text_blocks(text, number, joiner)
        else:
            page_blocks, suspicion = _read_scan(data, number, context)
            blocks += page_blocks
            suspicions.append(suspicion)
    return Reading(blocks, source_text=" ".join(pages), page_count=len(pages), suspicions=suspicions)


def _text_blocks(text: str, page: int, joiner: HyphenJoiner) -> Iterator[Block]:
    for paragraph in _PARAGRAPH.split(text):
        if line := one_line(join_lines([line.strip() for line in paragraph.strip().split("\n")], joiner)):
            yield Block("paragraph", line, page=page)


def _read_scan(data: bytes, page: int, context: ParseContext) -> tuple[list[Block], Suspicion]:
    """Return the blocks of a page without text, read by OCR, and the suspicion that it raises."""
    import numpy as np

    if context.settings.ocr == "off":
        return [], Suspicion(reason="no text", page=page, detail="OCR is off")
    try:
        reserve_time(context.allow_time)
        check_languages(context.settings.ocr_languages)
        image = _run(RENDERER, "-format=pgm", f"-page={page}", document=data)
        match = _HEADER.match(image)
        if match is None:
            raise ProgramError("the page cannot be rendered")
        width, height = int(match[1]), int(match[2])
        pixels = np.frombuffer(image, np.uint8, width * height, match.end()).reshape(height, width)
        reading = read_image(pixels, context.settings.ocr_languages)
    except (ProgramError, ValueError) as error:
        return [], Suspicion(reason="no text", page=page, detail=str(error)[:200])
    paragraphs = itertools.groupby(reading.words, lambda word: (word.block, word.paragraph))
    blocks = [Block("paragraph", " ".join(word.text for word in words), page=page) for _, words in paragraphs]
    if not blocks:
        return [], Suspicion(reason="no text", page=page, detail="OCR finds no text")
    return blocks, Suspicion(reason="read by OCR", page=page, value=round(reading.confidence, 2))


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: _unescape_char(match[1]), text)


def _unescape_char(code: str) -> str:
    return chr(int(code, 8)) if len(code) == 3 else {"n": "\n", "t": "\t", "r": "\n"}.get(code, code)


def _run(program: str, *arguments: str, document: bytes) -> bytes:
    install = f"DjVu is read by {program}; install djvulibre-bin to read DjVu"
    return run_program([program, *arguments, "-"], document, MAX_SECONDS, install)
