"""Statistics of the rows of an index, counted while they are written, and digests of its documents.

They are enough to update an index, and to verify that every row was stored. The checksum does not depend on the order.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from opora.corpus.reader import read_passage_rows
from opora.retrieval.store.bm25 import read_frequencies, write_frequencies

if TYPE_CHECKING:
    import pyarrow as pa

CHECKSUM_COLUMNS = ("id", "terms", "record")
STATISTICS_COLUMNS = (*CHECKSUM_COLUMNS, "language")
TERMS, DOCUMENTS, STATISTICS = "terms.parquet", "documents.parquet", "statistics.json"
MODULUS = 1 << 64


@dataclass
class IndexStatistics:
    """Counts of the rows of a table; `frequencies`: term -> number of passages that contain it."""

    frequencies: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    passages: int = 0
    checksum: int = 0

    def add(self, rows: pa.RecordBatch) -> None:
        """Count rows with the columns STATISTICS_COLUMNS."""
        self.add_checksums(rows)
        for terms in rows["terms"].to_pylist():
            self.frequencies.update(set(terms.split()))
        self.languages.update(rows["language"].to_pylist())

    def remove(self, rows: pa.RecordBatch) -> None:
        """Subtract rows that were counted."""
        removed = IndexStatistics()
        removed.add(rows)
        # subtraction of counters drops keys with a count of zero
        self.frequencies -= removed.frequencies
        self.languages -= removed.languages
        self.passages -= removed.passages
        self.checksum = (self.checksum - removed.checksum) % MODULUS

    def add_checksums(self, rows: pa.RecordBatch) -> None:
        """Count rows with the columns CHECKSUM_COLUMNS, without their terms and languages."""
        for values in zip(*(rows[name].to_pylist() for name in CHECKSUM_COLUMNS), strict=True):
            digest = hashlib.blake2b("\0".join(values).encode(), digest_size=8).digest()
            self.checksum = (self.checksum + int.from_bytes(digest)) % MODULUS
        self.passages += rows.num_rows

    def write(self, folder: Path) -> None:
        write_frequencies(folder / TERMS, self.frequencies)
        totals = {"languages": self.languages, "passages": self.passages, "checksum": self.checksum}
        (folder / STATISTICS).write_text(json.dumps(totals))

    @classmethod
    def read(cls, folder: Path) -> IndexStatistics:
        totals = json.loads((folder / STATISTICS).read_text())
        languages = Counter(totals.pop("languages"))
        return cls(Counter(read_frequencies(folder / TERMS)), languages, **totals)


class DocumentDigest(NamedTuple):
    """Hash of all passages of a document with their metadata, and the number of passages."""

    hash: str
    passages: int


def compute_digests(corpus: Path) -> dict[str, DocumentDigest]:
    """Return document id -> digest of the documents of a corpus."""
    hashes: dict[str, hashlib.blake2b] = {}
    counts: Counter[str] = Counter()
    for row in read_passage_rows(corpus):
        digest = hashes.setdefault(row["document_id"], hashlib.blake2b(digest_size=16))
        digest.update(repr(sorted(row.items())).encode())
        counts[row["document_id"]] += 1
    return {document: DocumentDigest(digest.hexdigest(), counts[document]) for document, digest in hashes.items()}


def read_digests(index: Path) -> dict[str, DocumentDigest]:
    """Return document id -> digest of the documents that an index holds."""
    import pyarrow.parquet as pq

    rows = pq.read_table(index / DOCUMENTS).to_pylist()
    return {row.pop("document_id"): DocumentDigest(**row) for row in rows}


def write_digests(index: Path, digests: Mapping[str, DocumentDigest]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [{"document_id": document, **digest._asdict()} for document, digest in digests.items()]
    pq.write_table(pa.Table.from_pylist(rows), index / DOCUMENTS)
