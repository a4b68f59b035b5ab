"""What a corpus holds.

for passage in read_passages(Path("corpus")):
    ...
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from opora.artifacts import read_manifest, read_parquet, read_records
from opora.corpus.parsed import Dropped
from opora.records import Document, Passage

DOCUMENTS, PASSAGES, DROPPED, SUSPECT = "documents.parquet", "passages.parquet", "dropped.jsonl", "suspect.jsonl"


def read_documents(corpus: Path) -> Iterator[Document]:
    """The documents, by source. Raises InputError if the corpus is not there or not finished."""
    read_manifest(corpus)
    return read_parquet(corpus / DOCUMENTS, Document)


def read_passages(corpus: Path) -> Iterator[Passage]:
    """The passages, document by document, in their order. Raises InputError like `read_documents`."""
    read_manifest(corpus)
    return read_parquet(corpus / PASSAGES, Passage)


def read_dropped(corpus: Path) -> Iterator[Dropped]:
    """The documents that were dropped, and why."""
    read_manifest(corpus)
    return read_records(corpus / DROPPED, Dropped)
