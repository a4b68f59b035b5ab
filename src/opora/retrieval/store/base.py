"""Contract of a store, the table that an index keeps its passages in.

Searches return keys; columns are read afterwards, and only of the rows that are needed: reading a row costs more than
finding it. A store is written beside the one that is read: `delete` old rows, `write` new ones, `finish`. All stores
pass tests/retrieval/store/test_stores.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from opora.errors import OporaError
from opora.retrieval.store.schema import Condition

if TYPE_CHECKING:
    import pyarrow as pa

    from opora.retrieval.vectors import Vectors

Key = int | str
"""Identifies a row while the store is open and not written to."""


class StoreError(OporaError):
    """The files of a store cannot be read or written."""


class Store(Protocol):
    """One table with the columns of `schema.arrow_schema`."""

    def write(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Add rows, batch by batch."""

    def delete(self, document_ids: Collection[str]) -> None:
        """Remove the rows of documents."""

    def finish(self) -> None:
        """Update the search indexes and flush everything to disk."""

    def count(self) -> int:
        """Return the number of rows."""

    def search_by_terms(
        self, terms: Sequence[str], conditions: Sequence[Condition], limit: int
    ) -> list[tuple[Key, float]]:
        """Return at most `limit` rows that contain a term and meet all conditions, best first, with BM25 scores
        (Robertson and Zaragoza 2009)."""

    def search_by_vector(self, vector: Vectors, conditions: Sequence[Condition], limit: int) -> list[Key]:
        """Return the `limit` nearest rows by cosine that meet all conditions, in no order. A store with an approximate
        vector index returns more rows, for the caller to compare exactly."""

    def take(self, keys: Sequence[Key], columns: Sequence[str]) -> pa.Table:
        """Return columns of rows, in the order of `keys`."""

    def scan(self, conditions: Sequence[Condition], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield columns of all rows that meet all conditions, in no order."""
