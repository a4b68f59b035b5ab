"""Parser of Markdown and plain text in any encoding, and functions by which all parsers write Markdown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from opora.corpus.parsers.base import Parsed, ParseError

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_SPACES = re.compile(r"[^\S\n]+")


def parse(data: bytes) -> Parsed:
    """Parse text, without its YAML front matter. Raises ParseError if nothing is left or no encoding fits."""
    text = clean_text(_FRONT_MATTER.sub("", _decode(data).lstrip("\ufeff"))).strip()
    if not text:
        raise ParseError("no text")
    return Parsed(title=first_heading(text), text=text)


def _decode(data: bytes) -> str:
    """Return the text of bytes in any encoding (UTF-8, Windows-1251, ...). Raises ParseError if none fits."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(data).best()
        if best is None:
            raise ParseError("unsupported format", "text in an unknown encoding") from None
        return str(best)


def clean_text(text: str) -> str:
    """Normalise to NFC, remove soft hyphens, zero-width and control characters, and collapse white space to blanks."""
    text = unicodedata.normalize("NFC", text).translate(_INVISIBLE).replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(" " if unicodedata.category(char) == "Cc" and char != "\n" else char for char in text)
    return _SPACES.sub(" ", text)


def one_line(text: str) -> str:
    """Return clean text without line breaks."""
    return " ".join(clean_text(text).split())


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Return a pipe table whose first row is the header. Short rows are padded, empty rows are left out."""
    cells = [[one_line(cell).replace("|", "\\|") for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return ""
    width = max(map(len, cells))
    lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in cells]
    return "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])


def first_heading(text: str) -> str:
    """Return the first heading of a Markdown text, or an empty string."""
    match = re.search(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", text, re.MULTILINE)
    return match[1] if match else ""


def join_blocks(blocks: Iterable[str]) -> str:
    """Join blocks of Markdown with blank lines; empty blocks are left out."""
    return "\n\n".join(block for block in blocks if block.strip())
