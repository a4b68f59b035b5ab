"""What a file is, told from its bytes; its name decides only between Markdown and plain text, and for bare HTML.

In: bytes and a name. Out: a `Kind`, or the reason why it cannot be read.

    kind_of(b"%PDF-1.7 ...", "rules.txt")       # 'pdf'
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Literal

from opora.corpus.formats.parsed import RefusedError
from opora.corpus.formats.plain import decode, looks_like_markdown

Kind = Literal["pdf", "docx", "html", "markdown", "text"]

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SIGNATURES = {
    b"\x89PNG": "PNG image",
    b"\xff\xd8\xff": "JPEG image",
    b"GIF8": "GIF image",
    b"II*\x00": "TIFF image",
    b"MM\x00*": "TIFF image",
    b"{\\rtf": "RTF",
    b"\x1f\x8b": "gzip archive",
    b"7z\xbc\xaf": "7z archive",
    b"Rar!": "RAR archive",
    b"\x7fELF": "program",
    b"PAR1": "Parquet table",
    b"SQLite format 3": "SQLite database",
}
_TAG = re.compile(r"<(?:!doctype\s+html|html|head|body|article|main|div|table|h[1-6]|p|ul|ol|section)\b", re.IGNORECASE)


def kind_of(data: bytes, name: str) -> Kind:
    """Raises RefusedError: empty file, encrypted, corrupt (a broken zip), unsupported format."""
    if not data:
        raise RefusedError("empty file")
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
        return _kind_of_zip(data)
    if data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise RefusedError("encrypted", "Office document with a password")
        raise RefusedError("unsupported format", "binary Office document (before 2007); save it as DOCX")
    for signature, what in SIGNATURES.items():
        if data.startswith(signature):
            raise RefusedError("unsupported format", what)
    return _kind_of_text(decode(data[:65_536]), name.lower())


def _kind_of_zip(data: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise RefusedError("corrupt", str(error)) from None
    if "word/document.xml" in names:
        return "docx"
    raise RefusedError("unsupported format", "zip archive without a Word document")


def _kind_of_text(text: str, name: str) -> Kind:
    begin = text.lstrip("\ufeff \t\n")[:4096]
    if not begin:
        raise RefusedError("no text", "white space only")
    if begin.startswith("<") and _TAG.search(begin):
        return "html"
    if name.endswith((".html", ".htm", ".xhtml")) and re.search(r"<[a-z][^>]*>", begin, re.IGNORECASE):
        return "html"
    if begin.startswith("<?xml"):
        raise RefusedError("unsupported format", "XML that is no HTML")
    return "markdown" if name.endswith((".md", ".markdown")) or looks_like_markdown(text) else "text"
