"""What a corpus holds.

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
    """The documents, by source. Raises InputError if the corpus is not there or not finished."""
    read_manifest(corpus)
    return read_parquet(corpus / DOCUMENTS, Document)


def read_passages(corpus: Path, numbers: Collection[int] | None = None) -> Iterator[Passage]:
    """The passages, document by document, in their order; only those of `numbers` (from 0) if given. Raises InputError
    like `read_documents`."""
    read_manifest(corpus)
    return read_parquet(corpus / PASSAGES, Passage, numbers)


def count_passages(corpus: Path) -> int:
    """How many passages there are. Raises InputError like `read_documents`."""
    import pyarrow.parquet as pq

    read_manifest(corpus)
    return int(pq.read_metadata(corpus / PASSAGES).num_rows)


def read_passage_rows(corpus: Path) -> Iterator[dict[str, Any]]:
    """The passages as they lie in the table, nested fields as JSON text: several times as fast."""
    read_manifest(corpus)
    return read_parquet_rows(corpus / PASSAGES)


def read_metadata(corpus: Path) -> Iterator[dict[str, Any]]:
    """The metadata of each passage."""
    read_manifest(corpus)
    return (json.loads(row["metadata"]) for row in read_parquet_rows(corpus / PASSAGES, ("metadata",)))


def read_dropped(corpus: Path) -> Iterator[Dropped]:
    """The documents that were dropped, and why."""
    read_manifest(corpus)
    return read_records(corpus / DROPPED, Dropped)
