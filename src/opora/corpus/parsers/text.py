"""Parser of Markdown and plain text in any encoding."""

from __future__ import annotations

import re

from opora.corpus.parsers.base import Parsed, ParseError
from opora.corpus.parsers.markdown import clean_text, first_heading

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


def parse(data: bytes) -> Parsed:
    """Parse text, without its YAML front matter. Raises ParseError if nothing is left or no encoding fits."""
    text = clean_text(_FRONT_MATTER.sub("", decode(data).lstrip("\ufeff"))).strip()
    if not text:
        raise ParseError("no text")
    return Parsed(title=first_heading(text), text=text)


def decode(data: bytes) -> str:
    """Return the text of bytes in any encoding (UTF-8, Windows-1251, ...). Raises ParseError if none fits."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(data).best()
        if best is None:
            raise ParseError("unsupported format", "text in an unknown encoding") from None
        return str(best)
