"""Registry of the document formats: how each is detected, and which module parses it.

The file name only decides between Markdown and text. This code runs in the sandboxed process. A new format is one
module with a function `parse(data, context) -> Reading`, and one row of `FORMATS`.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import PurePath
from typing import NamedTuple

from opora.corpus.parsers.assembly import assemble
from opora.corpus.parsers.base import ParseContext, Parsed, ParseError, Part, Reading
from opora.corpus.settings import DEFAULT_PARSING, ParseSettings

HEAD_BYTES = 4096
"""Formats other than zipped ones are detected in this many first bytes."""
MAX_DEPTH = 3
"""Maximum number of documents around a document: an archive in a letter in an archive."""
_ZIP = b"PK"
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|article|main|div|table|h[1-6]|p)[\s>]", re.IGNORECASE)


class Format(NamedTuple):
    """A document format. `packages` are the distributions whose versions its results depend on."""

    name: str
    module: str
    matches: Callable[[bytes, str], bool]
    packages: tuple[str, ...] = ()


def _is_html(data: bytes, name: str) -> bool:
    return not data.startswith(_ZIP) and bool(_HTML.search(data[:HEAD_BYTES]))


def _is_text(data: bytes, name: str) -> bool:
    head = data[:HEAD_BYTES]
    return not data.startswith(_ZIP) and (b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff")))


def _is_markdown(data: bytes, name: str) -> bool:
    return _is_text(data, name) and PurePath(name).suffix.lower() in (".md", ".markdown")


FORMATS = (
    Format("pdf", "pdf.parser", lambda data, name: b"%PDF-" in data[:1024], ("pdfplumber", "pdfminer.six")),
    Format(
        "docx", "docx.parser", lambda data, name: data.startswith(_ZIP) and b"word/" in data, ("python-docx", "lxml")
    ),
    Format("html", "html.parser", _is_html, ("lxml",)),
    Format("markdown", "text.markdown", _is_markdown, ("charset-normalizer",)),
    Format("text", "text.markdown", _is_text, ("charset-normalizer",)),
)
"""Formats by precedence: the first that matches is taken."""


def parse_document(
    data: bytes, name: str, max_unpacked_bytes: int, settings: ParseSettings = DEFAULT_PARSING, depth: int = 0
) -> Parsed:
    """Parse a document in any known format. Raises ParseError if it cannot be read.

    `depth` counts the documents around this one: an attachment has 1, a member of an attached archive 2.
    """
    document_format = detect_format(data, name)
    if data.startswith(_ZIP):
        check_unpacked_size(data, max_unpacked_bytes)

    def parse_part(part_data: bytes, part_name: str) -> Part:
        key = hashlib.sha256(part_data).hexdigest()[:16]
        try:
            if depth == MAX_DEPTH:
                raise ParseError("nested too deeply", f"more than {MAX_DEPTH} documents inside each other")
            parsed = parse_document(part_data, part_name, max_unpacked_bytes, settings, depth + 1)
        except ParseError as error:
            return Part(name=part_name, id=key, reason=error.reason, detail=error.detail)
        return Part(name=part_name, id=key, parsed=parsed)

    parser = importlib.import_module(f"{__package__}.{document_format.module}")
    context = ParseContext(name, settings, max_unpacked_bytes, parse_part)
    reading: Reading = parser.parse(data, context)
    return assemble(reading, document_format.name, name)


def detect_format(data: bytes, name: str) -> Format:
    """Return the format of the bytes. Raises ParseError for an empty file or an unknown format."""
    if not data.strip():
        raise ParseError("empty file")
    for document_format in FORMATS:
        if document_format.matches(data, name):
            return document_format
    if data.startswith(_ZIP):
        raise ParseError("unsupported format", "a zip archive, but not a DOCX")
    raise ParseError("unsupported format", f"binary data, starts with {data[:4].hex(' ')}")


def check_unpacked_size(data: bytes, limit: int) -> None:
    """Raise ParseError if a zip file is broken or declares more than `limit` unpacked bytes."""
    # `zipfile` never reads more of a member than its declared size
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise ParseError("corrupt", str(error)) from None
    if unpacked > limit:
        raise ParseError("unpacks too large", f"{len(data)} bytes unpack to {unpacked}")
