"""Readers of a corpus: documents, passages and dropped files.

for passage in read_passages(Path("corpus")):
    ...
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from opora.artifacts import read_manifest, read_parquet, read_records
from opora.artifacts.tables import read_parquet_rows
from opora.corpus.parsers.base import Dropped
from opora.records import Document, Passage

DOCUMENTS, PASSAGES, DROPPED, SUSPECT = "documents.parquet", "passages.parquet", "dropped.jsonl", "suspect.jsonl"


def read_documents(corpus: Path) -> Iterator[Document]:
    """Yield the documents, sorted by source. Raises InputError if the corpus is missing or unfinished."""
    read_manifest(corpus)
    return read_parquet(corpus / DOCUMENTS, Document)


def read_passages(corpus: Path, numbers: Collection[int] | None = None) -> Iterator[Passage]:
    """Yield the passages in document order, or only those with row `numbers` (from 0). Raises InputError like
    `read_documents`."""
    read_manifest(corpus)
    return read_parquet(corpus / PASSAGES, Passage, numbers)


def count_passages(corpus: Path) -> int:
    """Return the number of passages. Raises InputError like `read_documents`."""
    import pyarrow.parquet as pq

    read_manifest(corpus)
    return int(pq.read_metadata(corpus / PASSAGES).num_rows)


def read_passage_rows(corpus: Path) -> Iterator[dict[str, Any]]:
    """Yield the passages as raw table rows, nested fields as JSON text. Several times as fast as `read_passages`."""
    read_manifest(corpus)
    return read_parquet_rows(corpus / PASSAGES)


def read_metadata(corpus: Path) -> Iterator[dict[str, Any]]:
    """Yield the metadata of each passage."""
    read_manifest(corpus)
    return (json.loads(row["metadata"]) for row in read_parquet_rows(corpus / PASSAGES, ("metadata",)))


def read_dropped(corpus: Path) -> Iterator[Dropped]:
    """Yield the dropped documents with their reasons."""
    read_manifest(corpus)
    return read_records(corpus / DROPPED, Dropped)
