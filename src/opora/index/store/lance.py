"""Rows in a LanceDB table inside a folder.

In: a folder. Out: a store.

    store = create_lance(folder, Shape(300, {}))
    store.write([rows])
    store.finish()
    store = open_lance(folder, Shape(300, {}))
    store.take([key for key, _ in store.by_terms(["срок"], [], depth=10)], ["id"])
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opora.index.filters import PUBLIC, Access, Between, Condition, OneOf
from opora.index.store.contract import Key, Shape
from opora.records import Scalar

if TYPE_CHECKING:
    import pyarrow as pa

    from opora.index.word_vectors import Vectors

TABLE = "passages"
QUANTIZED_FROM = 30_000
"""Rows from which vectors are searched through an index; fewer are compared one by one, exactly."""
PARTITION = 4096
"""Rows of one partition of the index of vectors."""
PROBED = 24
"""Partitions that a search looks into, at most."""
BITS_FROM = 256
"""Numbers of a vector from which each is kept as one bit; of shorter ones each is kept as a byte."""
REFINE = 8
"""How many times as many rows as wanted are found by the index of vectors, to be compared by the whole ones."""
BATCH = 200


def create_lance(folder: Path, shape: Shape) -> LanceStore:
    """An empty table in `folder`."""
    import lancedb

    from opora.index.rows import schema_of

    connection = lancedb.connect(str(folder))
    if TABLE in connection.table_names():
        connection.drop_table(TABLE)
    return LanceStore(connection.create_table(TABLE, schema=schema_of(shape)), shape)


def open_lance(folder: Path, shape: Shape) -> LanceStore:
    """The table in `folder`. The store's own errors come through."""
    import lancedb

    return LanceStore(lancedb.connect(str(folder)).open_table(TABLE), shape)


class LanceStore:
    """A Store in a table of LanceDB."""

    def __init__(self, table: Any, shape: Shape) -> None:
        self._table, self._shape = table, shape

    def write(self, batches: Iterable[pa.RecordBatch]) -> None:
        import pyarrow as pa

        from opora.index.rows import schema_of

        self._table.add(pa.RecordBatchReader.from_batches(schema_of(self._shape), batches))

    def delete(self, document_ids: Collection[str]) -> None:
        ordered = sorted(document_ids)
        for at in range(0, len(ordered), BATCH):
            self._table.delete(f"document_id IN ({_literals(ordered[at : at + BATCH])})")

    def finish(self) -> None:
        from datetime import timedelta

        size = self.count()
        if not size:
            return
        existing = {each.name for each in self._table.list_indices()}
        if existing:
            with warnings.catch_warnings():
                # of older versions that others may be reading: nobody reads a store before it is finished
                warnings.simplefilter("ignore", UserWarning)
                self._table.optimize(cleanup_older_than=timedelta(0))
        if "terms_idx" not in existing:
            self._index_terms()
        if "access_idx" not in existing:
            self._index_access()
        if self._shape.dimensions and size >= QUANTIZED_FROM and "vector_idx" not in existing:
            self._index_vectors(size)

    def count(self) -> int:
        return int(self._table.count_rows())

    def by_terms(self, terms: Sequence[str], conditions: Sequence[Condition], depth: int) -> list[tuple[Key, float]]:
        from lancedb.query import MatchQuery

        # nothing in the terms is read as syntax
        query = self._table.search(MatchQuery(" ".join(terms), "terms"), query_type="fts")  # type: ignore[call-arg]
        found = _where(query, conditions).with_row_id(True).select(["_score"]).limit(depth).to_arrow()
        return list(zip(found["_rowid"].to_pylist(), found["_score"].to_pylist(), strict=True))

    def by_vector(self, vector: Vectors, conditions: Sequence[Condition], depth: int) -> list[Key]:
        query = self._table.search(vector, vector_column_name="vector").distance_type("dot").nprobes(PROBED)
        most = REFINE * depth if self._quantized else depth
        found = _where(query, conditions).with_row_id(True).select(["_distance"]).limit(most).to_arrow()
        keys: list[Key] = found["_rowid"].to_pylist()
        return keys

    def take(self, keys: Sequence[Key], columns: Sequence[str]) -> pa.Table:
        import pyarrow as pa
        import pyarrow.compute as pc

        rows = self._table.take_row_ids(list(keys)).with_row_id().select(list(columns)).to_arrow()
        # they come in the order of the table
        places = pc.index_in(pa.array(keys, pa.uint64()), value_set=rows["_rowid"])
        return rows.select(list(columns)).take(places)

    def rows(self, conditions: Sequence[Condition], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        query = self._table.search().limit(max(1, self.count()))
        yield from _where(query, conditions).select(list(columns)).to_batches()

    @functools.cached_property
    def _quantized(self) -> bool:
        return any(each.name == "vector_idx" for each in self._table.list_indices())

    def _index_terms(self) -> None:
        from lancedb.index import FTS

        # our terms are final: the store is to split them at blanks and do nothing else to them
        config = FTS(
            base_tokenizer="whitespace",
            lower_case=False,
            stem=False,
            remove_stop_words=False,
            ascii_folding=False,
            max_token_length=None,
            with_position=False,
        )
        self._table.create_index("terms", config=config)

    def _index_access(self) -> None:
        from lancedb.index import LabelList

        # looking at the labels of every row would cost several times what the search does
        self._table.create_index("access", config=LabelList())

    def _index_vectors(self, size: int) -> None:
        from lancedb.index import IvfRq, IvfSq

        # a bit a number (RaBitQ, Gao and Long 2024) is enough where there are many; figures are in dev/LOG.md
        kind = IvfRq if self._shape.dimensions >= BITS_FROM else IvfSq
        self._table.create_index("vector", config=kind(distance_type="dot", num_partitions=max(1, size // PARTITION)))


def _where(query: Any, conditions: Sequence[Condition]) -> Any:
    return query.where(" AND ".join(map(_sql, conditions)), prefilter=True) if conditions else query


def _sql(condition: Condition) -> str:
    match condition:
        case OneOf(column, values):
            return f"{column} IN ({_literals(values)})" if values else "false"
        case Between(column, low, high):
            bounds = [f"{column} >= {_literal(low)}"] if low is not None else []
            bounds += [f"{column} <= {_literal(high)}"] if high is not None else []
            return f"({' AND '.join(bounds)})"
        case Access(labels):
            return f"array_has_any(access, [{_literals((PUBLIC, *labels))}])"


def _literals(values: Sequence[Scalar]) -> str:
    return ", ".join(map(_literal, values))


def _literal(value: Scalar) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool) else repr(float(value))
