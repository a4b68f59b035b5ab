"""Bytes of any known format to clean Markdown.

In: bytes, the file's name, how large it may unpack. Out: its kind, and what was read, cleaned.

    kind, parsed = parse(data, "rules.pdf", max_unpacked=200 * 2**20)
"""

from __future__ import annotations

import re
import unicodedata

from opora.corpus.formats.docx import parse_docx
from opora.corpus.formats.html import parse_html
from opora.corpus.formats.kind import Kind, kind_of
from opora.corpus.formats.parsed import PAGE, Parsed, RefusedError, one_line
from opora.corpus.formats.pdf import parse_pdf
from opora.corpus.formats.plain import parse_markdown, parse_text


def parse(data: bytes, name: str, max_unpacked: int) -> tuple[Kind, Parsed]:
    """Raises RefusedError with the typed reason for what gives no text."""
    kind = kind_of(data, name)
    if kind == "pdf":
        parsed = parse_pdf(data)
    elif kind == "docx":
        parsed = parse_docx(data, max_unpacked)
    elif kind == "html":
        parsed = parse_html(data)
    elif kind == "markdown":
        parsed = parse_markdown(data)
    else:
        parsed = parse_text(data)
    text = clean(parsed.text)
    if not any(map(str.isalnum, text)):
        raise RefusedError("no text", f"{kind} without a letter or a digit")
    return kind, parsed._replace(text=text, title=one_line(clean(parsed.title)))


def clean(text: str) -> str:
    """NFC, plain spaces, no soft hyphens, zero-width or control characters, at most one empty line on end."""
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"[\u00a0\u2007\u2009\u200a\u202f\t]", " ", text)
    text = re.sub(rf"[\u00ad\u200b\u2060\ufeff\ufffe\ud800-\udfff]|(?![\n{PAGE}])[\x00-\x1f\x7f-\x9f]", "", text)
    text = re.sub(r" +$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\n{3,}", "\n\n", text)
    return text.lstrip("\n").rstrip("\n ")


def take_pages(text: str) -> tuple[str, tuple[int, ...]]:
    """The text without its page marks, and the offsets at which the pages begin."""
    pieces = text.split(PAGE)
    pages, at = [], len(pieces[0])
    for piece in pieces[1:]:
        pages.append(at)
        at += len(piece)
    return "".join(pieces), tuple(pages)
