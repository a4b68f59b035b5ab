"""Parser of EPUB: the chapters in the order of the spine, read like pages that are content as a whole."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from urllib.parse import unquote

from opora.corpus.blocks import Block, one_line
from opora.corpus.parsers.base import ParseContext, ParseError, Reading, Suspicion
from opora.corpus.parsers.books.xml import read_xml
from opora.corpus.parsers.html.parser import declared_charset, read_whole
from opora.corpus.parsers.storage.archive import Archive
from opora.corpus.parsers.storage.xml import Element
from opora.corpus.parsers.text.encoding import decode
from opora.records import Scalar

CONTAINER, ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
FACTS = {"creator": "author", "date": "date", "publisher": "publisher", "identifier": "identifier"}
"""Elements of the package's metadata -> facts."""
MAX_FACT = 500
"""Maximum length of a fact, in characters."""


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse an EPUB. Raises ParseError if it is broken, protected or without text."""
    return _read_book(Archive(data))


def _read_book(archive: Archive) -> Reading:
    package_path = _package_path(archive)
    package = read_xml(_read_member(archive, package_path))
    chapters = list(_chapters(package, posixpath.dirname(package_path)))
    if not chapters:
        raise ParseError("no text", "no chapters in the spine")
    if _encrypted_names(archive).intersection(chapters):
        raise ParseError("encrypted", "the chapters are protected (DRM)")
    blocks: list[Block] = []
    texts, missing = [], []
    for name in chapters:
        if name not in archive.names:
            missing.append(name)
            continue
        try:
            chapter, text = read_whole(archive.read(name))
        except ParseError as error:
            if error.reason != "no text":
                missing.append(f"{name}: {error}")
            continue
        blocks += chapter
        texts.append(text)
    titles, facts = _facts(package)
    suspicions = (
        [Suspicion(reason="text lost", detail=f"chapters not read: {', '.join(missing)[:200]}")] if missing else []
    )
    return Reading(blocks, titles=titles, source_text=" ".join(texts), metadata=facts, suspicions=suspicions)


def _package_path(archive: Archive) -> str:
    names = archive.names
    if CONTAINER in names:
        for rootfile in read_xml(_read_member(archive, CONTAINER)).iter("rootfile"):
            path = rootfile.get("full-path") or ""
            if path in names:
                return path
    path = min((name for name in names if name.endswith(".opf")), default="")
    if not path:
        raise ParseError("corrupt", "an EPUB without a package file")
    return path


def _read_member(archive: Archive, name: str) -> str:
    data = archive.read(name)
    return decode(data, declared_charset(data))


def _chapters(package: Element, folder: str) -> Iterator[str]:
    """Yield the names of the chapters, those outside of the reading order (notes) last; never the table of contents."""
    manifest = {item.get("id"): item for item in package.iter("item")}
    references = [reference for spine in package.iter("spine") for reference in spine.iter("itemref")]
    seen: set[str] = set()
    for reference in sorted(references, key=lambda reference: reference.get("linear") == "no"):
        item = manifest.get(reference.get("idref"))
        if item is None or item.get("media-type") not in PAGES or "nav" in (item.get("properties") or "").split():
            continue
        name = posixpath.normpath(posixpath.join(folder, unquote((item.get("href") or "").partition("#")[0])))
        if name not in seen:
            seen.add(name)
            yield name


def _encrypted_names(archive: Archive) -> set[str]:
    if ENCRYPTION not in archive.names:
        return set()
    encryption = read_xml(_read_member(archive, ENCRYPTION))
    return {unquote(reference.get("URI") or "") for reference in encryption.iter("CipherReference")}


def _facts(package: Element) -> tuple[list[str], dict[str, Scalar]]:
    """Return the titles and the facts of a book."""
    metadata = package.find("metadata")
    if metadata is None:
        return [], {}
    titles = [title for element in metadata.iter("title") if (title := one_line("".join(element.itertext())))]
    facts: dict[str, Scalar] = {}
    for element in metadata.iter(*FACTS):
        text = one_line("".join(element.itertext()))[:MAX_FACT]
        fact = FACTS[element.tag]
        if text and fact == "author" and fact in facts:
            facts[fact] = f"{facts[fact]}, {text}"[:MAX_FACT]
        elif text:
            facts.setdefault(fact, text)
    return titles, facts
