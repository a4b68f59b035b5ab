"""Registry of the chunkers, and the passages that their chunks become.

A new chunker is one module with a function `chunk` (see base.py) and one row of `CHUNKERS`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator

from opora.corpus.blocks import HEADING
from opora.corpus.chunking import structural
from opora.corpus.chunking.base import Chunk
from opora.corpus.sections.passage_places import clause_label
from opora.corpus.sections.places import find_places
from opora.corpus.settings import ChunkSettings
from opora.errors import InputError
from opora.records import Document, Passage, Scalar
from opora.validation import nearest

CHUNKERS: dict[str, Callable[[Document, ChunkSettings], Iterator[Chunk]]] = {"structural": structural.chunk}
"""Value of `ingest.chunk.method` -> chunker."""


def chunk_document(document: Document, settings: ChunkSettings) -> Iterator[Passage]:
    """Yield the passages in text order. Raises InputError for an unknown method."""
    method = settings.method
    if method not in CHUNKERS:
        raise InputError(f"ingest.chunk.method is {method!r}, which is unknown; {nearest(method, list(CHUNKERS))}")
    for number, chunk in enumerate(CHUNKERS[method](document, settings)):
        yield _passage(document, number, chunk)


def covered_share(document: Document, passages: Iterable[Passage]) -> float:
    """Return the share of the letters and digits of a document that are in passages or in their headings, from 0 to 1;
    1 for a document without any. Only entries of a table of contents should be missing."""
    text = document.text
    spans = [(passage.start, passage.end) for passage in passages]
    spans += [match.span() for match in HEADING.finditer(text)]
    covered, end = 0, 0
    for start, stop in sorted(spans):
        covered += sum(map(str.isalnum, text[max(start, end) : stop]))
        end = max(end, stop)
    total = sum(map(str.isalnum, text))
    return covered / total if total else 1.0


def _passage(document: Document, number: int, chunk: Chunk) -> Passage:
    metadata: dict[str, Scalar] = {"source": document.source, "title": document.title, "language": document.language}
    if "format" in document.metadata:
        metadata["format"] = document.metadata["format"]
    page = max(1, bisect_right(document.pages, chunk.start))
    if document.pages:
        metadata["page"] = page
    places = find_places(document.text)
    return Passage(
        id=f"{document.id}-{number}",
        document_id=document.id,
        text=document.text[chunk.start : chunk.end],
        start=chunk.start,
        end=chunk.end,
        heading=chunk.heading,
        table_header=chunk.table_header,
        metadata=metadata,
        access=document.access,
        places=tuple(places.between(chunk.start, chunk.end)),
        clause=clause_label(places.clauses_between(chunk.start, chunk.end), document.language),
        page_breaks=tuple(start - chunk.start for start in document.pages[page:] if start < chunk.end),
    )
