"""Contract of a chunker: it splits the text of a document into chunks, which become passages.

A chunker module has one function, `chunk(document: Document, settings: ChunkSettings) -> Iterator[Chunk]`.
"""

from __future__ import annotations

from typing import NamedTuple


class Chunk(NamedTuple):
    """The span `text[start:end]` of a document, in characters.

    `heading` is the path of headings above it. `table_header` repeats the header of a table that was split above it.
    """

    start: int
    end: int
    heading: tuple[str, ...] = ()
    table_header: str = ""
