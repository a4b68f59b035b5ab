"""Parser of OpenDocument texts (ODT, flat FODT) and presentations (ODP): structure, numbers, tables, notes."""

from __future__ import annotations

from collections.abc import Iterator

from opora.corpus.blocks import Block, one_line
from opora.corpus.parsers.base import ParseContext, ParseError, Reading, Suspicion
from opora.corpus.parsers.elements.facts import Facts, read_facts
from opora.corpus.parsers.office.odf_text import SKIPPED, OdfReader
from opora.corpus.parsers.storage.archive import ZIP, Archive
from opora.corpus.parsers.storage.xml import Element, local_name, parse_xml

_PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse an OpenDocument text or presentation. Raises ParseError if it is encrypted or broken."""
    roots = read_roots(data)
    body = next((element for element in roots[0].iter() if local_name(element) == "body"), None)
    if body is None or not len(body):
        raise ParseError("corrupt", "OpenDocument without a body")
    reader = OdfReader(roots, context.settings.comments)
    slides = [page for page in body[0] if local_name(page) == "page"]
    blocks = list(_slides(reader, slides)) if slides else list(reader.blocks(body[0]))
    title, metadata = read_open_document_facts(roots)
    cut = [Suspicion(reason="text lost", detail="a table has too many cells")] if reader.is_cut else []
    source_text = " ".join(_all_text(body, context.settings.comments))
    return Reading(blocks, [title], source_text, page_count=len(slides), metadata=metadata, suspicions=cut)


def read_roots(data: bytes) -> list[Element]:
    """Return the root elements of the content, styles and metadata; of a flat file, its only one."""
    if not data.startswith(ZIP):
        return [parse_xml(data)]
    archive = Archive(data)
    if b"encryption-data" in (archive.find("META-INF/manifest.xml") or b""):
        raise ParseError("encrypted", "OpenDocument with a password")
    members = (archive.find(name) for name in ("styles.xml", "meta.xml"))
    return [parse_xml(archive.read("content.xml")), *(parse_xml(member) for member in members if member)]


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


def read_open_document_facts(roots: list[Element]) -> Facts:
    """Return the title, the author and the dates."""
    return read_facts(
        child for root in roots for element in root.iter() if local_name(element) == "meta" for child in element
    )


def _all_text(element: Element, with_comments: bool) -> Iterator[str]:
    """Yield all text of an element but that of skipped ones."""
    yield element.text or ""
    for child in element:
        name = local_name(child)
        if name and (name not in SKIPPED or name == "notes") and (with_comments or name != "annotation"):
            yield from _all_text(child, with_comments)
        yield child.tail or ""
