"""Markdown and plain text.

In: bytes in any of the usual encodings. Out: the text, its headings as `#` lines, front matter and comments left out.

    parse_markdown("Rules\\n=====\\n\\nShort.".encode()).text        # '# Rules\\n\\nShort.'
"""

from __future__ import annotations

import re

from opora.corpus.formats.parsed import Parsed, RefusedError

ENCODINGS = "utf-8-sig utf-16 utf-16-le utf-16-be utf-32 cp1251 cp1252 latin-1 koi8-r cp866 iso8859-5 iso8859-15".split()
"""Those that are tried or that a page may name; the worker loads them before it gives up opening files."""

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SETEXT = re.compile(r"^(?![#|>\-*+\s])(.+)\n(=+|-{3,})[ \t]*$", re.MULTILINE)
_MARKDOWN = re.compile(r"^#{1,6} \S|^\|[ :|-]*-{3,}[ :|-]*\|[ \t]*$|^```", re.MULTILINE)


def parse_markdown(data: bytes) -> Parsed:
    text = decode(data)
    title = ""
    if match := _FRONT_MATTER.match(text):
        text = text[match.end() :]
        title = next(iter(re.findall(r"^title:[ \t]*[\"']?(.*?)[\"']?[ \t]*$", match[1], re.MULTILINE)), "")
    text = _SETEXT.sub(lambda found: f"{'#' if found[2][0] == '=' else '##'} {found[1].strip()}\n", _COMMENT.sub("", text))
    return Parsed(text, title)


def parse_text(data: bytes) -> Parsed:
    return Parsed(decode(data))


def looks_like_markdown(text: str) -> bool:
    return bool(_MARKDOWN.search(text))


def decode(data: bytes, declared: str = "") -> str:
    """Text of `data`: by its byte order mark, as UTF-8, as declared, or as the Cyrillic or Western code page in which
    it reads best. Raises RefusedError for what is no text."""
    text = _decode(data, declared)
    # NUL and most control characters stand in no text; a few do after a bad conversion
    if len(re.findall(r"[\x00-\x08\x0e-\x1f]", text)) > len(text) / 200:
        raise RefusedError("unsupported format", "binary data")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(data: bytes, declared: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    for encoding in ("utf-8-sig", declared):
        try:
            return data.decode(encoding or "ascii")
        except (UnicodeDecodeError, LookupError, OSError):
            continue
    # a truncated or slightly damaged UTF-8 file is still UTF-8
    repaired = data.decode("utf-8-sig", "replace")
    if repaired.count("\ufffd") <= len(repaired) / 1000:
        return repaired
    return max((data.decode(encoding, "replace") for encoding in ("cp1251", "koi8-r", "cp866", "cp1252")), key=_fluency)


def _fluency(text: str) -> float:
    """Higher for text in which letters are mostly small and stand with letters: a heuristic over 20 000 characters."""
    sample = text[:20_000]
    small = len(re.findall(r"[а-яёa-z]{2}", sample))
    odd = len(re.findall(r"[а-яё][А-ЯЁ]|[a-zA-Z][а-яё]|[а-яё][a-zA-Z]|[\u2500-\u259f\ufffd\u0080-\u009f]|[ЂЃѓЉЊЌЏ]", sample))
    return small - 3 * odd
