"""Rows in a collection of Milvus: a server, a cluster, or Milvus Lite in a file.

BM25 is the dot product of two sparse vectors (see `bm25`): one stored with each row, one computed from the query. The
frequencies of terms are counted here and enter with the query, so that they are exact. The mean length of
rows is part of the stored weights: rows keep the mean that they were written with until it is off by a tenth
(`bm25.MAX_MEAN_DRIFT`); then all weights are computed again.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from opora.errors import InputError, OporaError
from opora.retrieval.store.base import Key, StoreError
from opora.retrieval.store.bm25 import TermCounts, passage_weights, query_weights
from opora.retrieval.store.milvus_client import connect, explain_milvus_errors, filter_expression
from opora.retrieval.store.schema import Condition, OneOf, TableSchema, arrow_schema, metadata_column

if TYPE_CHECKING:
    import pyarrow as pa

    from opora.retrieval.vectors import Vectors

APPROXIMATE_FROM = 30_000
"""Number of rows from which the server's own vector index is used; fewer are compared exactly."""
MAX_TEXT_BYTES = 65_535
"""Maximum size of a string in Milvus."""
MAX_LABELS = 4096
"""Maximum number of access labels or keywords of a row, the limit of Milvus."""
MAX_HITS = 16_384
"""Maximum number of rows that Milvus returns for a search."""
BATCH = 500
WEIGHTS = "weights"
"""Column of the sparse vectors."""


class MilvusCollection(NamedTuple):
    """Location of a collection.

    `uri` is http(s)://host:port, with the token in the environment variable MILVUS_TOKEN, or a file that ends with .db;
    `name` consists of letters, digits and underscores; `folder` of the index holds the counts of terms.
    """

    uri: str
    name: str
    folder: Path


def create_milvus(collection: MilvusCollection, schema: TableSchema) -> MilvusStore:
    """Create an empty collection, replacing an existing one. Raises OporaError if the server fails."""
    client = connect(collection.uri)
    from pymilvus import MilvusClient

    with explain_milvus_errors(collection.uri):
        client.drop_collection(collection.name)
        index = MilvusClient.prepare_index_params()
        index.add_index(WEIGHTS, index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        if schema.dimensions:
            index.add_index("vector", index_type="FLAT", metric_type="IP")
        # a client reads its own writes at once; `finish` waits until all clients do
        client.create_collection(
            collection.name, schema=_milvus_schema(schema), index_params=index, consistency_level="Session"
        )
    return MilvusStore(client, collection, schema, TermCounts())


def open_milvus(collection: MilvusCollection, schema: TableSchema) -> MilvusStore:
    """Open a collection. Raises StoreError if the counts of its terms are damaged, OporaError if the collection is
    missing or the server fails."""
    client = connect(collection.uri)
    with explain_milvus_errors(collection.uri):
        if not client.has_collection(collection.name):
            raise OporaError(f"milvus:{collection.uri} has no collection {collection.name}; run `opora index`")
        client.load_collection(collection.name)
    try:
        counts = TermCounts.load(collection.folder)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise StoreError(f"{collection.folder}: the counts of terms cannot be read ({error})") from None
    return MilvusStore(client, collection, schema, counts)


def copy_milvus(target: MilvusCollection, source_name: str, schema: TableSchema) -> MilvusStore:
    """Copy the rows of collection `source_name` through this process. The folder of `target` already holds its counts.
    Raises the errors of `open_milvus`."""
    source = open_milvus(target._replace(name=source_name), schema)
    store = create_milvus(target, schema)
    store.copy_rows(source)
    return store


def drop_milvus(uri: str, name: str) -> None:
    """Remove a collection if it exists."""
    client = connect(uri)
    with explain_milvus_errors(uri):
        client.drop_collection(name)


class MilvusStore:
    """A Store in a collection of Milvus. A search returns at most MAX_HITS rows."""

    def __init__(self, client: Any, collection: MilvusCollection, schema: TableSchema, counts: TermCounts) -> None:
        self._client, self._collection, self._schema, self._counts = client, collection, schema, counts
        self._arrow_schema = arrow_schema(schema)
        self._pending: IO[bytes] | None = None

    def copy_rows(self, source: MilvusStore) -> None:
        """Write the rows of a finished store, which may be this one, with weights of the mean length in its counts."""
        self._counts = source._counts
        for batch in source.scan([], self._arrow_schema.names):
            self._upsert(batch)

    def write(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Collect rows in a file until `finish`, because their weights depend on the mean length of all rows."""
        import pyarrow as pa

        if self._pending is None:
            self._pending = tempfile.TemporaryFile(dir=self._collection.folder)  # noqa: SIM115 - `finish` closes it
        with pa.ipc.new_stream(self._pending, self._arrow_schema) as stream:
            for batch in batches:
                _refuse_long_texts(batch)
                self._counts.add(batch["terms"].to_pylist())
                stream.write_batch(batch)

    def delete(self, document_ids: Collection[str]) -> None:
        if self._pending:
            self.finish()
        ordered = sorted(document_ids)
        for start in range(0, len(ordered), BATCH):
            condition = OneOf("document_id", tuple(ordered[start : start + BATCH]))
            for batch in self.scan([condition], ["terms"]):
                self._counts.remove(batch["terms"].to_pylist())
            self._call(self._client.delete, filter=filter_expression([condition]))

    def finish(self) -> None:
        if self._counts.update():
            self.copy_rows(self)
        for batch in self._pop_pending():
            self._upsert(batch)
        self._call(self._client.flush)
        self._index_vectors()
        self._call(self._client.query, output_fields=["count(*)"], consistency_level="Strong")
        self._counts.save(self._collection.folder)

    def count(self) -> int:
        (row,) = self._call(self._client.query, output_fields=["count(*)"])
        return int(row["count(*)"])

    def search_by_terms(
        self, terms: Sequence[str], conditions: Sequence[Condition], limit: int
    ) -> list[tuple[Key, float]]:
        weights = query_weights(terms, self._counts)
        # the server rejects an empty vector
        return self._search(WEIGHTS, weights, conditions, limit if weights else 0)

    def search_by_vector(self, vector: Vectors, conditions: Sequence[Condition], limit: int) -> list[Key]:
        return [key for key, _ in self._search("vector", vector, conditions, limit)]

    def take(self, keys: Sequence[Key], columns: Sequence[str]) -> pa.Table:
        import pyarrow as pa

        rows: dict[Key, Mapping[str, Any]] = {}
        for start in range(0, len(keys), BATCH):
            page = self._call(self._client.get, list(keys[start : start + BATCH]), [*{"id", *columns}])
            rows |= {row["id"]: row for row in page}
        if missing := [key for key in keys if key not in rows]:
            raise StoreError(f"milvus:{self._collection.uri}: {self._collection.name} lost row {missing[0]!r}")
        return pa.Table.from_batches([self._batch([rows[key] for key in keys], columns)])

    def scan(self, conditions: Sequence[Condition], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        where = filter_expression(conditions)
        with explain_milvus_errors(self._collection.uri):
            pages = self._client.query_iterator(self._collection.name, BATCH, filter=where, output_fields=list(columns))
            while page := pages.next():
                yield self._batch(page, columns)
            pages.close()

    def _call(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Call a method of the client for the collection."""
        with explain_milvus_errors(self._collection.uri):
            return method(self._collection.name, *arguments, **options)

    def _search(self, column: str, query: Any, conditions: Sequence[Condition], limit: int) -> list[tuple[Key, float]]:
        if not limit:
            return []
        options = {"limit": min(limit, MAX_HITS), "search_params": {"metric_type": "IP"}}
        where = filter_expression(conditions)
        (hits,) = self._call(self._client.search, data=[query], anns_field=column, filter=where, **options)
        return [(hit["id"], hit["distance"]) for hit in hits]

    def _batch(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pa.RecordBatch:
        import pyarrow as pa

        schema = pa.schema([self._arrow_schema.field(name) for name in columns])
        return pa.RecordBatch.from_pylist(list(rows), schema)

    def _pop_pending(self) -> Iterator[pa.RecordBatch]:
        """Yield the collected rows and remove them."""
        import pyarrow as pa

        if self._pending is None:
            return
        with self._pending as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            # one Arrow stream per `write`
            while file.tell() < size:
                yield from pa.ipc.open_stream(file)
        self._pending = None

    def _upsert(self, batch: pa.RecordBatch) -> None:
        for start in range(0, batch.num_rows, BATCH):
            rows = batch.slice(start, BATCH).to_pylist()
            for row in rows:
                row[WEIGHTS] = passage_weights(row["terms"], self._counts.mean)
            self._call(self._client.upsert, rows)

    def _index_vectors(self) -> None:
        """Replace the exact search by the server's own index once there are many rows."""
        from pymilvus import MilvusClient

        if not self._schema.dimensions or self.count() < APPROXIMATE_FROM:
            return
        if self._call(self._client.describe_index, "vector")["index_type"] != "FLAT":
            return
        self._call(self._client.release_collection)
        self._call(self._client.drop_index, "vector")
        index = MilvusClient.prepare_index_params()
        index.add_index("vector", index_type="AUTOINDEX", metric_type="IP")
        self._call(self._client.create_index, index)
        self._call(self._client.load_collection)


def _milvus_schema(table: TableSchema) -> Any:
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=MAX_TEXT_BYTES)
    for name in ("document_id", "language", "heading_terms", "terms", "record"):
        schema.add_field(name, DataType.VARCHAR, max_length=MAX_TEXT_BYTES, nullable=name == "heading_terms")
    strings = {"element_type": DataType.VARCHAR, "max_capacity": MAX_LABELS, "max_length": MAX_TEXT_BYTES}
    for name in ("access", "keywords", "places"):
        schema.add_field(name, DataType.ARRAY, **strings)
    types = {"text": DataType.VARCHAR, "number": DataType.DOUBLE, "bool": DataType.BOOL}
    for key, kind in table.metadata.items():
        size = {"max_length": MAX_TEXT_BYTES} if kind == "text" else {}
        schema.add_field(metadata_column(key, table.metadata), types[kind], nullable=True, **size)
    schema.add_field(WEIGHTS, DataType.SPARSE_FLOAT_VECTOR)
    if table.dimensions:
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=table.dimensions)
    return schema


def _refuse_long_texts(batch: pa.RecordBatch) -> None:
    """Raise InputError for a passage that exceeds a limit of Milvus."""
    import pyarrow.compute as pc

    for name in ("record", "terms"):
        sizes = pc.binary_length(batch[name])
        if batch.num_rows and (longest := pc.max(sizes).as_py()) > MAX_TEXT_BYTES:
            passage = batch["id"][pc.index(sizes, longest).as_py()]
            raise InputError(
                f"passage {passage}: its {name} takes {longest} bytes, but Milvus stores at most {MAX_TEXT_BYTES}; "
                "reduce ingest.chunk.size or set index.store to lance"
            )
