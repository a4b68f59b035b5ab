"""Registry of the document formats: the module that parses each.

This code runs in the sandboxed process. A new format is one module with a function `parse(data, context) -> Reading`,
and one row of `FORMATS`; `detection` tells most kinds of files, and a row may have a test of its own.
"""

from __future__ import annotations

import hashlib
import importlib
import math
from collections.abc import Callable
from typing import NamedTuple

from opora.corpus.parsers.assembly import assemble
from opora.corpus.parsers.base import ParseContext, Parsed, ParseError, Part, Reading
from opora.corpus.parsers.detection.identify import identify
from opora.corpus.parsers.storage.archive import check_unpacked_size
from opora.corpus.settings import DEFAULT_PARSING, ParseSettings

MAX_DEPTH = 3
"""Maximum number of documents around a document: an archive in a letter in an archive."""


class Format(NamedTuple):
    """A document format. `packages` are the distributions whose versions its results depend on."""

    name: str
    """Name of the kind that `detection` gives to its files, unless `matches` tells them."""
    module: str
    packages: tuple[str, ...] = ()
    matches: Callable[[bytes, str], bool] | None = None
    """Own test of (bytes, name of the file), which comes before `identify`."""


FORMATS = (
    Format("pdf", "pdf.parser", ("pypdfium2", "pdfplumber")),
    Format("image", "pdf.image", ("pillow", "pypdfium2")),
    Format("docx", "docx.parser", ("lxml", "olefile")),
    Format("html", "html.parser", ("lxml", "trafilatura")),
    Format("mhtml", "html.mhtml", ("lxml", "trafilatura")),
    Format("epub", "books.epub", ("lxml",)),
    Format("fb2", "books.fb2", ("lxml",)),
    Format("markdown", "markdown.parser", ("charset-normalizer", "markdown-it-py")),
    Format("text", "text.plain", ("charset-normalizer", "pymorphy3")),
    Format("rtf", "office.rtf", ("striprtf",)),
    Format("odt", "office.odt", ("lxml",)),
    Format("fodt", "office.odt", ("lxml",)),
    Format("odp", "office.odt", ("lxml",)),
    Format("pptx", "office.presentation", ("python-pptx",)),
    Format("xlsx", "office.sheets.excel", ("python-calamine",)),
    Format("xlsb", "office.sheets.excel", ("python-calamine",)),
    Format("xls", "office.sheets.excel", ("python-calamine",)),
    Format("ods", "office.sheets.ods", ("lxml",)),
    Format("csv", "office.sheets.delimited"),
    Format("doc", "office.legacy.word", ("olefile",)),
    Format("ppt", "office.legacy.powerpoint", ("olefile",)),
    Format("djvu", "ocr.djvu", ("pillow",)),
    Format("eml", "containers.mail"),
    Format("msg", "containers.outlook", ("olefile",)),
    Format("zip", "containers.archive"),
    Format("tar", "containers.archive"),
    Format("gz", "containers.archive"),
)


def parse_document(
    data: bytes,
    name: str,
    max_unpacked_bytes: int,
    settings: ParseSettings = DEFAULT_PARSING,
    depth: int = 0,
    allow_time: Callable[[float], float] = lambda seconds: math.inf,
) -> Parsed:
    """Parse a document in any known format. Raises ParseError if it cannot be read.

    `depth` counts the documents around this one: an attachment has 1, a member of an attached archive 2.
    """
    document_format = detect_format(data, name)
    if data.startswith(b"PK\x03\x04"):
        check_unpacked_size(data, max_unpacked_bytes)

    def parse_part(part_data: bytes, part_name: str) -> Part:
        key = hashlib.sha256(part_data).hexdigest()[:16]
        try:
            if depth == MAX_DEPTH:
                raise ParseError("nested too deeply", f"more than {MAX_DEPTH} documents inside each other")
            parsed = parse_document(part_data, part_name, max_unpacked_bytes, settings, depth + 1, allow_time)
        except ParseError as error:
            return Part(name=part_name, id=key, reason=error.reason, detail=error.detail)
        return Part(name=part_name, id=key, parsed=parsed)

    parser = importlib.import_module(f"{__package__}.{document_format.module}")
    context = ParseContext(name, settings, max_unpacked_bytes, parse_part, allow_time)
    reading: Reading = parser.parse(data, context)
    return assemble(reading, document_format.name, name)


def detect_format(data: bytes, name: str) -> Format:
    """Return the format of a file. Raises ParseError for an empty file, or one that opora does not read."""
    for document_format in FORMATS:
        if document_format.matches and document_format.matches(data, name):
            return document_format
    kind = identify(data, name)
    if kind.name == "empty":
        raise ParseError("empty file")
    if kind.name == "mislabelled":
        raise ParseError("corrupt", kind.description)
    if kind.name == "encrypted":
        raise ParseError("encrypted", kind.description)
    for document_format in FORMATS:
        if document_format.name == kind.name and document_format.matches is None:
            return document_format
    raise ParseError("unsupported format", kind.description)
