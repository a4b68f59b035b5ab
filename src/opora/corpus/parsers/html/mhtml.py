"""Parser of MHTML: a web page that a browser saved into one file, as a letter with parts."""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser

from opora.corpus.parsers.base import ParseContext, ParseError, Reading
from opora.corpus.parsers.html.parser import read_page

MAX_FRAMES = 20
"""Maximum number of pages inside the page (its frames) that are read."""
MIN_FRAME_GAIN = 3
"""The text of a frame must be this many times as long as that of the page to be read in its place."""


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse the page of an MHTML file. Raises ParseError if it holds none, or no text."""
    letter = BytesParser().parsebytes(data)
    pages = [part for part in letter.walk() if part.get_content_type() in ("text/html", "application/xhtml+xml")]
    if not pages:
        raise ParseError("no text", "no page in the file")
    address = _header(letter, "Snapshot-Content-Location")
    start = _header(letter, "start", parameter=True)
    root = next((page for page in pages if start and page.get("Content-ID") == start), pages[0])
    readings = [_read(root, address)]
    readings += [_read(page, "") for page in pages[:MAX_FRAMES] if page is not root]
    best = max(readings, key=_length)
    chosen = best if _length(best) > MIN_FRAME_GAIN * _length(readings[0]) else readings[0]
    if chosen is None or not chosen.blocks:
        raise ParseError("no text")
    return chosen


def _read(page: Message, address: str) -> Reading | None:
    body = page.get_payload(decode=True)
    if not isinstance(body, bytes) or not body.strip():
        return None
    try:
        return read_page(body, page.get_content_charset(), address or _header(page, "Content-Location"))
    except ParseError:
        # a frame without text; the page itself is missed below
        return None


def _length(reading: Reading | None) -> int:
    return sum(len(block.text) for block in reading.blocks) if reading else 0


def _header(message: Message, name: str, parameter: bool = False) -> str:
    value = message.get_param(name) if parameter else message.get(name)
    return "".join(str(value or "").split())
