"""Rows in a collection of Milvus: a server, a cluster, or Milvus Lite in a file.

In: a URI, the name of a collection, the folder of the index, which holds the counts of terms. Out: a store.

    collection = MilvusCollection("http://localhost:19530", "handbook_1", folder)
    store = create_milvus(collection, TableSchema(300, {}))
    store.write([rows])
    store.finish()
    open_milvus(collection, TableSchema(300, {})).search_by_terms(["срок"], [], limit=10)     # [("guide-0", 3.2), ...]
    drop_milvus("http://localhost:19530", "handbook_0")

BM25 is the dot product of two sparse vectors (see `bm25`): one stored with each row, one computed from the query. The
frequencies of terms are counted at every `finish` and enter with the query, so that they are exact. The mean length of
rows is part of the stored weights: rows keep the mean that they were written with until it is off by a tenth
(`bm25.MAX_MEAN_DRIFT`); then all weights are computed again.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from opora.errors import InputError, OporaError
from opora.retrieval.store.base import Key, StoreError
from opora.retrieval.store.bm25 import TermCounts, passage_weights, query_weights
from opora.retrieval.store.filters import Condition, OneOf
from opora.retrieval.store.milvus_client import connect, explain_milvus_errors, filter_expression
from opora.retrieval.store.schema import TableSchema, arrow_schema, metadata_column

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
    `name` consists of letters, digits and underscores; `folder` is the folder of the index.
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
    store.copy_from(source)
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
        self._pending: IO[bytes] | None = None

    def copy_from(self, source: MilvusStore) -> None:
        """Copy the rows and counts of a finished store."""
        self._counts = source._counts
        for batch in source.scan([], self._columns):
            self._upsert(batch)

    def write(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Collect rows in a file until `finish`, because their weights depend on the mean length of all rows."""
        import pyarrow as pa

        if self._pending is None:
            self._pending = tempfile.TemporaryFile(dir=self._collection.folder)  # noqa: SIM115 - `finish` closes it
        with pa.ipc.new_stream(self._pending, arrow_schema(self._schema)) as stream:
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
            with explain_milvus_errors(self._collection.uri):
                self._client.delete(self._collection.name, filter=filter_expression([condition]))

    def finish(self) -> None:
        if self._counts.update():
            for batch in self.scan([], self._columns):
                self._upsert(batch)
        for batch in self._pop_pending():
            self._upsert(batch)
        with explain_milvus_errors(self._collection.uri):
            self._client.flush(self._collection.name)
            self._index_vectors()
            self._client.query(self._collection.name, output_fields=["count(*)"], consistency_level="Strong")
        self._counts.save(self._collection.folder)

    def count(self) -> int:
        with explain_milvus_errors(self._collection.uri):
            (row,) = self._client.query(self._collection.name, output_fields=["count(*)"])
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
            with explain_milvus_errors(self._collection.uri):
                page = self._client.get(self._collection.name, list(keys[start : start + BATCH]), [*{"id", *columns}])
            rows |= {row["id"]: row for row in page}
        if missing := [key for key in keys if key not in rows]:
            raise StoreError(f"milvus:{self._collection.uri}: {self._collection.name} lost row {missing[0]!r}")
        return pa.Table.from_batches([self._batch([rows[key] for key in keys], columns)])

    def scan(self, conditions: Sequence[Condition], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        if _is_never_met(conditions):
            return
        with explain_milvus_errors(self._collection.uri):
            pages = self._client.query_iterator(
                self._collection.name,
                batch_size=BATCH,
                filter=filter_expression(conditions),
                output_fields=list(columns),
            )
            while page := pages.next():
                yield self._batch(page, columns)
            pages.close()

    def _search(self, column: str, query: Any, conditions: Sequence[Condition], limit: int) -> list[tuple[Key, float]]:
        if not limit or _is_never_met(conditions):
            return []
        with explain_milvus_errors(self._collection.uri):
            (hits,) = self._client.search(
                self._collection.name,
                data=[query],
                anns_field=column,
                filter=filter_expression(conditions),
                limit=min(limit, MAX_HITS),
                search_params={"metric_type": "IP"},
            )
        return [(hit["id"], hit["distance"]) for hit in hits]

    def _batch(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pa.RecordBatch:
        import pyarrow as pa

        schema = arrow_schema(self._schema)
        return pa.RecordBatch.from_pylist(list(rows), pa.schema([schema.field(name) for name in columns]))

    @property
    def _columns(self) -> list[str]:
        return list(arrow_schema(self._schema).names)

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
            with explain_milvus_errors(self._collection.uri):
                self._client.upsert(self._collection.name, rows)

    def _index_vectors(self) -> None:
        """Replace the exact search by the server's own index once there are many rows."""
        from pymilvus import MilvusClient

        name = self._collection.name
        if not self._schema.dimensions or self.count() < APPROXIMATE_FROM:
            return
        if self._client.describe_index(name, "vector")["index_type"] != "FLAT":
            return
        self._client.release_collection(name)
        self._client.drop_index(name, "vector")
        index = MilvusClient.prepare_index_params()
        index.add_index("vector", index_type="AUTOINDEX", metric_type="IP")
        self._client.create_index(name, index)
        self._client.load_collection(name)


def _milvus_schema(table: TableSchema) -> Any:
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=MAX_TEXT_BYTES)
    for name in ("document_id", "language", "heading_terms", "terms", "record"):
        schema.add_field(name, DataType.VARCHAR, max_length=MAX_TEXT_BYTES, nullable=name == "heading_terms")
    strings = {"element_type": DataType.VARCHAR, "max_capacity": MAX_LABELS, "max_length": MAX_TEXT_BYTES}
    for name in ("access", "keywords"):
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


def _is_never_met(conditions: Sequence[Condition]) -> bool:
    return any(isinstance(condition, OneOf) and not condition.values for condition in conditions)
