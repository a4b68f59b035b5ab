"""Readers of the documents and passages of a corpus."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import Any

from opora.artifacts import read_manifest, read_parquet
from opora.artifacts.tables import read_parquet_rows
from opora.corpus import lines
from opora.corpus.blocks import LineBox
from opora.records import Document, Passage

DOCUMENTS, PASSAGES = "documents.parquet", "passages.parquet"


def read_documents(corpus: Path) -> Iterator[Document]:
    """Yield the documents, sorted by source. Raises InputError if the corpus is missing or unfinished."""
    read_manifest(corpus)
    return read_parquet(corpus / DOCUMENTS, Document)


def read_passages(corpus: Path, numbers: Set[int] | None = None) -> Iterator[Passage]:
    """Yield the passages in document order, or only those with row `numbers` (from 0). Raises InputError like
    `read_documents`."""
    read_manifest(corpus)
    return read_parquet(corpus / PASSAGES, Passage, numbers)


def count_passages(corpus: Path) -> int:
    """Return the number of passages. Raises InputError like `read_documents`."""
    import pyarrow.parquet as pq

    read_manifest(corpus)
    return int(pq.read_metadata(corpus / PASSAGES).num_rows)


def read_passage_rows(corpus: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the passages as raw table rows, nested fields as JSON text. Several times as fast as `read_passages`."""
    read_manifest(corpus)
    return read_parquet_rows(corpus / PASSAGES, columns)


def read_metadata(corpus: Path) -> Iterator[dict[str, Any]]:
    """Yield the metadata of each passage."""
    return (json.loads(row["metadata"]) for row in read_passage_rows(corpus, ("metadata",)))


def read_lines(corpus: Path, document_id: str) -> list[LineBox]:
    """Return the lines of a document with their places on its pages; empty for formats without pages. Raises
    InputError like `read_documents`."""
    read_manifest(corpus)
    path = corpus / lines.LINES
    return lines.read_lines(path, document_id) if path.exists() else []
