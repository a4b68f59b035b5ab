"""What every store can do.

In: rows, later terms or a vector with conditions. Out: the keys of the best rows, then columns of those that are
wanted, for to read a row costs more than to find it. All stores pass the same tests (tests/index/test_index_stores.py).

A store is written beside its place: `delete` what goes, `write` what comes, `finish`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from opora.retrieval.store.filters import Condition, Kind

if TYPE_CHECKING:
    import pyarrow as pa

    from opora.retrieval.vectors import Vectors

Key = int | str
"""What a store knows a row by, while the store is open and not written to."""


class Shape(NamedTuple):
    """The columns of a table: `dimensions` of its vectors (0: it has none); `kinds` of the metadata keys, each in a
    column `column_of(key, kinds)`."""

    dimensions: int
    kinds: Mapping[str, Kind]


class Store(Protocol):
    """One table of rows, as `rows.schema_of(shape)` describes them."""

    def write(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Add rows, which are taken batch by batch as they are made."""
        ...

    def delete(self, document_ids: Collection[str]) -> None:
        """Remove the rows of documents."""
        ...

    def finish(self) -> None:
        """Index what was written: afterwards it is all found, and all of it lies on disk."""
        ...

    def count(self) -> int:
        """How many rows there are."""
        ...

    def by_terms(self, terms: Sequence[str], conditions: Sequence[Condition], depth: int) -> list[tuple[Key, float]]:
        """At most `depth` rows that hold some of `terms` and fulfil all conditions, best first, with their scores: BM25
        (Robertson and Zaragoza 2009)."""
        ...

    def by_vector(self, vector: Vectors, conditions: Sequence[Condition], depth: int) -> list[Key]:
        """The `depth` rows that fulfil all conditions and are nearest, by the cosine, in no order. Where vectors are
        searched through an index, which is roughly right, more rows come, for who asks to compare."""
        ...

    def take(self, keys: Sequence[Key], columns: Sequence[str]) -> pa.Table:
        """Columns of rows, in the order of their keys."""
        ...

    def rows(self, conditions: Sequence[Condition], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """All rows that fulfil all conditions, in no order."""
        ...
