"""Parser of OpenDocument texts (ODT, flat FODT) and presentations (ODP): structure, numbers, tables, notes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from opora.corpus.blocks import Block, one_line
from opora.corpus.parsers.base import ParseContext, ParseError, Reading, Suspicion
from opora.corpus.parsers.office.odf_text import SKIPPED, OdfReader
from opora.corpus.parsers.office.packages import local_name, parse_xml, read_member
from opora.records import Scalar

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
_METADATA = {"creator": "author", "initial-creator": "author", "creation-date": "created", "date": "modified"}
"""Name of an element of the metadata -> our name; later ones win."""
_DATE = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse an OpenDocument text or presentation. Raises ParseError if it is encrypted or broken."""
    roots = read_roots(data)
    body = next((element for element in roots[0].iter() if local_name(element) == "body"), None)
    if body is None or not len(body):
        raise ParseError("corrupt", "OpenDocument without a body")
    reader = OdfReader(roots, context.settings.comments)
    slides = [page for page in body[0] if local_name(page) == "page"]
    blocks = list(_slides(reader, slides)) if slides else list(reader.blocks(body[0]))
    title, metadata = read_metadata(roots)
    cut = [Suspicion(reason="text lost", detail="a table has too many cells")] if reader.is_cut else []
    source_text = " ".join(_all_text(body, context.settings.comments))
    return Reading(blocks, [title], source_text, page_count=len(slides), metadata=metadata, suspicions=cut)


def read_roots(data: bytes) -> list[Element]:
    """Return the root elements of the content, styles and metadata; of a flat file, its only one."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return [parse_xml(data)]
    manifest = read_member(data, "META-INF/manifest.xml") or b""
    if b"encryption-data" in manifest:
        raise ParseError("encrypted", "OpenDocument with a password")
    content = read_member(data, "content.xml")
    if content is None:
        raise ParseError("corrupt", "OpenDocument without content.xml")
    members = (read_member(data, name) for name in ("styles.xml", "meta.xml"))
    return [parse_xml(content), *(parse_xml(member) for member in members if member)]


def _slides(reader: OdfReader, slides: list[Element]) -> Iterator[Block]:
    for number, slide in enumerate(slides, 1):
        notes = [child for child in slide if local_name(child) == "notes"]
        shapes = sorted((child for child in slide if local_name(child) != "notes"), key=_is_no_title)
        for shape in shapes:
            blocks = list(reader.blocks(shape))
            if not _is_no_title(shape) and blocks:
                title = one_line(" ".join(block.text for block in blocks))
                blocks = [Block("heading", title, level=1)]
            yield from (block._replace(page=number) for block in blocks)
        for note in notes:
            for block in reader.blocks(note):
                yield Block("note", block.text, page=number)


def _is_no_title(shape: Element) -> bool:
    return bool(shape.get(f"{_PRESENTATION}class") != "title")


def read_metadata(roots: list[Element]) -> tuple[str, dict[str, Scalar]]:
    """Return the title, the author and the date of creation."""
    title, metadata = "", dict[str, Scalar]()
    meta = [child for root in roots for element in root.iter() if local_name(element) == "meta" for child in element]
    for element in meta:
        name, text = local_name(element), one_line(element.text or "")
        if name == "title":
            title = text
        elif name in ("creation-date", "date"):
            if match := _DATE.match(text):
                metadata[_METADATA[name]] = match.group()
        elif text and name in _METADATA:
            metadata[_METADATA[name]] = text
    return title, metadata


def _all_text(element: Element, with_comments: bool) -> Iterator[str]:
    """Yield all text of an element but that of skipped ones."""
    yield element.text or ""
    for child in element:
        name = local_name(child)
        if name and (name not in SKIPPED or name == "notes") and (with_comments or name != "annotation"):
            yield from _all_text(child, with_comments)
        yield child.tail or ""
