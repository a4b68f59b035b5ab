"""Bytes of a document to Markdown, by what the bytes are.

In: bytes, and the name of the file as a hint between Markdown and text. Out: a `Parsed`, or a ParseError with a reason.
It runs in the child process; see `worker.py`.

    parse(b"%PDF-1.7 ...", "report.bin", max_unpacked_bytes=300_000_000).format      # 'pdf'
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePath

from opora.corpus.parsers.base import Format, Parsed, ParseError
from opora.corpus.parsers.markdown import clean, title_of

_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|article|main|div|table|h[1-6]|p)[\s>]", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
SNIFFED_BYTES = 4096


def parse(data: bytes, name: str, max_unpacked_bytes: int) -> Parsed:
    """Raises ParseError for what cannot be read."""
    kind = sniff(data, name)
    if kind == "pdf":
        from opora.corpus.parsers.pdf import parse_pdf

        return parse_pdf(data)
    if kind == "docx":
        check_unpacked(data, max_unpacked_bytes)
        from opora.corpus.parsers.docx import parse_docx

        return parse_docx(data)
    if kind == "html":
        from opora.corpus.parsers.html import parse_html

        return parse_html(data)
    text = clean(_FRONT_MATTER.sub("", decode(data).lstrip("\ufeff"))).strip()
    if not text:
        raise ParseError("no text")
    return Parsed(format=kind, title=title_of(text), text=text)


def sniff(data: bytes, name: str) -> Format:
    """The format that the bytes are in. Raises ParseError if it is none that is read."""
    if not data.strip():
        raise ParseError("empty file")
    head = data[:SNIFFED_BYTES]
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"PK"):
        if b"word/" in data:
            return "docx"
        raise ParseError("unsupported format", "a zip archive that is no DOCX")
    if _HTML.search(head):
        return "html"
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ParseError("unsupported format", f"binary, begins with {head[:4].hex(' ')}")
    return "markdown" if PurePath(name).suffix.lower() in (".md", ".markdown") else "text"


def decode(data: bytes) -> str:
    """Text of bytes in whatever encoding they are (UTF-8, Windows-1251, ...). Raises ParseError if none fits."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(data).best()
        if best is None:
            raise ParseError("unsupported format", "text in no known encoding") from None
        return str(best)


def check_unpacked(data: bytes, limit: int) -> None:
    """Raises ParseError if a zip file is broken or unpacks to more than `limit` bytes, by what it declares; zipfile
    itself reads no more of a member than was declared."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise ParseError("corrupt", str(error)) from None
    if unpacked > limit:
        raise ParseError("unpacks too large", f"{len(data)} bytes unpack to {unpacked}")
