"""What a table holds, counted while it is written: enough to bring it up to date, and to see that all of it is there.

In: batches of rows. Out: how many passages hold each term, passages by language, a checksum that does not depend on
their order.

    tally = Tally()
    tally.add(rows)
    tally.frequencies["срок"]        # 12
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from opora.corpus.reader import read_passage_rows
from opora.retrieval.store.idf import read_counts, write_counts

if TYPE_CHECKING:
    import pyarrow as pa

SUMMED = ("id", "terms", "record")
COUNTED = (*SUMMED, "language")
TERMS, DOCUMENTS, SUMS = "terms.parquet", "documents.parquet", "tally.json"
MODULUS = 1 << 64


class Tally:
    """Counts of the rows of a table."""

    def __init__(self) -> None:
        self.frequencies: Counter[str] = Counter()
        """How many passages hold each term."""
        self.languages: Counter[str] = Counter()
        self.passages = 0
        self.checksum = 0

    def add(self, rows: pa.RecordBatch) -> None:
        """Count rows with the columns COUNTED."""
        self.sum(rows)
        for terms in rows["terms"].to_pylist():
            self.frequencies.update(set(terms.split()))
        self.languages.update(rows["language"].to_pylist())

    def remove(self, rows: pa.RecordBatch) -> None:
        """Take back what was counted of rows."""
        other = Tally()
        other.add(rows)
        # subtraction of counters leaves out what is zero
        self.frequencies -= other.frequencies
        self.languages -= other.languages
        self.passages -= other.passages
        self.checksum = (self.checksum - other.checksum) % MODULUS

    def sum(self, rows: pa.RecordBatch) -> None:
        """Count rows and sum their hashes only; their columns are SUMMED."""
        for row in zip(*(rows[name].to_pylist() for name in SUMMED), strict=True):
            digest = hashlib.blake2b("\0".join(row).encode(), digest_size=8).digest()
            self.checksum = (self.checksum + int.from_bytes(digest)) % MODULUS
        self.passages += rows.num_rows

    def write(self, folder: Path) -> None:
        write_counts(folder / TERMS, self.frequencies)
        sums = {name: getattr(self, name) for name in ("languages", "passages", "checksum")}
        (folder / SUMS).write_text(json.dumps(sums))

    @classmethod
    def read(cls, folder: Path) -> Tally:
        """What `write` wrote."""
        tally = cls()
        tally.frequencies = Counter(read_counts(folder / TERMS))
        sums = json.loads((folder / SUMS).read_text())
        tally.languages = Counter(sums["languages"])
        tally.passages, tally.checksum = sums["passages"], sums["checksum"]
        return tally


class Digest(NamedTuple):
    """A hash of the passages of a document with all that is known of them, and how many they are."""

    hash: str
    passages: int


def document_digests(corpus: Path) -> dict[str, Digest]:
    """Document id -> digest."""
    hashes: dict[str, hashlib.blake2b] = {}
    counts: Counter[str] = Counter()
    for row in read_passage_rows(corpus):
        digest = hashes.setdefault(row["document_id"], hashlib.blake2b(digest_size=16))
        digest.update(repr(sorted(row.items())).encode())
        counts[row["document_id"]] += 1
    return {document: Digest(digest.hexdigest(), counts[document]) for document, digest in hashes.items()}


def read_digests(folder: Path) -> dict[str, Digest]:
    import pyarrow.parquet as pq

    rows = pq.read_table(folder / DOCUMENTS).to_pylist()
    return {row["document_id"]: Digest(row["hash"], row["passages"]) for row in rows}


def write_digests(folder: Path, digests: Mapping[str, Digest]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        "document_id": pa.array(list(digests), pa.string()),
        "hash": pa.array([each.hash for each in digests.values()], pa.string()),
        "passages": pa.array([each.passages for each in digests.values()], pa.int64()),
    }
    pq.write_table(pa.table(columns), folder / DOCUMENTS)
