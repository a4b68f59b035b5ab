"""Rows in a collection of Milvus: of a server or a cluster, or of Milvus Lite in a file.

In: a URI, the name of a collection, the folder of the index, where the counts of terms lie. Out: a store.

    place = Place("http://localhost:19530", "handbook_1", folder)
    store = create_milvus(place, Shape(300, {}))
    store.write([rows])
    store.finish()
    open_milvus(place, Shape(300, {})).by_terms(["срок"], [], depth=10)          # [("guide-0", 3.2), ...]
    drop_milvus("http://localhost:19530", "handbook_0")

BM25 is the product of two sparse vectors (see `sparse`): a row's, stored with it, and the question's. How many rows
hold a term is counted anew at every `finish` and enters with the question, so that it is exact. The mean length of a
row is part of the stored weights: when rows come and go, those that stay keep the mean that they were made with, until
it is off by a tenth (`sparse.DRIFT`); then all weights are made anew.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from opora.errors import InputError, OporaError
from opora.retrieval.store.base import Key, Shape
from opora.retrieval.store.bm25 import Counts, weights_of_question, weights_of_row
from opora.retrieval.store.filters import Condition, OneOf, column_of
from opora.retrieval.store.milvus_client import connect, explained, expression

if TYPE_CHECKING:
    import pyarrow as pa

    from opora.retrieval.vectors import Vectors

APPROXIMATE_FROM = 30_000
"""Rows from which vectors are searched through the index of the server's choice; fewer are compared one by one."""
TEXT_BYTES = 65_535
"""What Milvus holds in a string, at most."""
LABELS = 4096
"""Access labels or keywords of a row, at most; the limit of Milvus."""
DEPTH = 16_384
"""Rows that Milvus returns for a search, at most."""
BATCH = 500
WEIGHTS = "weights"
"""The column of the sparse vectors."""


class Place(NamedTuple):
    """Where a store is. `uri`: http(s)://host:port, with the token in the environment variable MILVUS_TOKEN, or a file
    that ends with .db. `name`: of the collection, letters, digits and underscores."""

    uri: str
    name: str
    folder: Path


def create_milvus(place: Place, shape: Shape) -> MilvusStore:
    """An empty collection, instead of one of that name. Raises OporaError if the server does not answer."""
    client = connect(place.uri)
    from pymilvus import MilvusClient

    with explained(place.uri):
        client.drop_collection(place.name)
        index = MilvusClient.prepare_index_params()
        index.add_index(WEIGHTS, index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        if shape.dimensions:
            index.add_index("vector", index_type="FLAT", metric_type="IP")
        # a client reads at once what it wrote itself; `finish` waits until every other does
        client.create_collection(place.name, schema=_schema(shape), index_params=index, consistency_level="Session")
    return MilvusStore(client, place, shape, Counts())


def open_milvus(place: Place, shape: Shape) -> MilvusStore:
    """The collection. Raises OporaError if it is not there or the server does not answer."""
    client = connect(place.uri)
    with explained(place.uri):
        if not client.has_collection(place.name):
            raise OporaError(f"milvus:{place.uri} has no collection {place.name}; build the index anew")
        client.load_collection(place.name)
    return MilvusStore(client, place, shape, Counts.load(place.folder))


def copy_milvus(place: Place, name: str, shape: Shape) -> MilvusStore:
    """A new collection with the rows of collection `name`, whose counts are in the folder of `place`; they travel
    through this process. Raises OporaError like `open_milvus`."""
    old = open_milvus(place._replace(name=name), shape)
    new = create_milvus(place, shape)
    new.copy_from(old)
    return new


def drop_milvus(uri: str, name: str) -> None:
    """Remove a collection, if it is there."""
    client = connect(uri)
    with explained(uri):
        client.drop_collection(name)


class MilvusStore:
    """A Store in a collection of Milvus. A search returns at most DEPTH rows."""

    def __init__(self, client: Any, place: Place, shape: Shape, counts: Counts) -> None:
        self._client, self._place, self._shape, self._counts = client, place, shape, counts
        self._waiting: IO[bytes] | None = None

    def copy_from(self, other: MilvusStore) -> None:
        """Become a copy of a finished store."""
        self._counts = Counts.load(other._place.folder)
        for batch in other.rows([], self._columns):
            self._put(batch)

    def write(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Rows wait in a file until `finish`: their weights depend on the mean length of all."""
        import pyarrow as pa

        from opora.retrieval.index.rows import schema_of

        if self._waiting is None:
            self._waiting = tempfile.TemporaryFile(dir=self._place.folder)  # noqa: SIM115 - `finish` closes it
        with pa.ipc.new_stream(self._waiting, schema_of(self._shape)) as stream:
            for batch in batches:
                _refuse_long_texts(batch)
                self._counts.change(batch["terms"].to_pylist(), by=1)
                stream.write_batch(batch)

    def delete(self, document_ids: Collection[str]) -> None:
        if self._waiting:
            self.finish()
        ordered = sorted(document_ids)
        for at in range(0, len(ordered), BATCH):
            doomed = OneOf("document_id", tuple(ordered[at : at + BATCH]))
            for batch in self.rows([doomed], ["terms"]):
                self._counts.change(batch["terms"].to_pylist(), by=-1)
            with explained(self._place.uri):
                self._client.delete(self._place.name, filter=expression([doomed]))

    def finish(self) -> None:
        if self._counts.settle():
            for batch in self.rows([], self._columns):
                self._put(batch)
        for batch in self._taken():
            self._put(batch)
        with explained(self._place.uri):
            self._client.flush(self._place.name)
            self._index_vectors()
            self._client.query(self._place.name, output_fields=["count(*)"], consistency_level="Strong")
        self._counts.save(self._place.folder)

    def count(self) -> int:
        with explained(self._place.uri):
            (row,) = self._client.query(self._place.name, output_fields=["count(*)"])
        return int(row["count(*)"])

    def by_terms(self, terms: Sequence[str], conditions: Sequence[Condition], depth: int) -> list[tuple[Key, float]]:
        weights = weights_of_question(terms, self._counts)
        # a vector without weights is an error to the server
        return self._search(WEIGHTS, weights, conditions, depth if weights else 0)

    def by_vector(self, vector: Vectors, conditions: Sequence[Condition], depth: int) -> list[Key]:
        return [key for key, _ in self._search("vector", vector, conditions, depth)]

    def take(self, keys: Sequence[Key], columns: Sequence[str]) -> pa.Table:
        import pyarrow as pa

        found: dict[Key, Mapping[str, Any]] = {}
        for at in range(0, len(keys), BATCH):
            with explained(self._place.uri):
                rows = self._client.get(self._place.name, list(keys[at : at + BATCH]), [*{"id", *columns}])
            found |= {row["id"]: row for row in rows}
        return pa.Table.from_batches([self._batch([found[key] for key in keys], columns)])

    def rows(self, conditions: Sequence[Condition], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        if _impossible(conditions):
            return
        with explained(self._place.uri):
            pages = self._client.query_iterator(
                self._place.name, batch_size=BATCH, filter=expression(conditions), output_fields=list(columns)
            )
            while found := pages.next():
                yield self._batch(found, columns)
            pages.close()

    def _search(self, column: str, query: Any, conditions: Sequence[Condition], depth: int) -> list[tuple[Key, float]]:
        if not depth or _impossible(conditions):
            return []
        with explained(self._place.uri):
            (hits,) = self._client.search(
                self._place.name,
                data=[query],
                anns_field=column,
                filter=expression(conditions),
                limit=min(depth, DEPTH),
                search_params={"metric_type": "IP"},
            )
        return [(each["id"], each["distance"]) for each in hits]

    def _batch(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pa.RecordBatch:
        import pyarrow as pa

        from opora.retrieval.index.rows import schema_of

        schema = schema_of(self._shape)
        return pa.RecordBatch.from_pylist(list(rows), pa.schema([schema.field(each) for each in columns]))

    @property
    def _columns(self) -> list[str]:
        from opora.retrieval.index.rows import schema_of

        return list(schema_of(self._shape).names)

    def _taken(self) -> Iterator[pa.RecordBatch]:
        """The rows that wait, which then wait no more."""
        import pyarrow as pa

        if self._waiting is None:
            return
        with self._waiting as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            # one stream of each `write`
            while file.tell() < size:
                yield from pa.ipc.open_stream(file)
        self._waiting = None

    def _put(self, batch: pa.RecordBatch) -> None:
        for at in range(0, batch.num_rows, BATCH):
            rows = batch.slice(at, BATCH).to_pylist()
            for row in rows:
                row[WEIGHTS] = weights_of_row(row["terms"], self._counts.mean)
            with explained(self._place.uri):
                self._client.upsert(self._place.name, rows)

    def _index_vectors(self) -> None:
        """Exact search gives way to the server's own index when there are so many rows that it would be slow."""
        from pymilvus import MilvusClient

        name = self._place.name
        if not self._shape.dimensions or self.count() < APPROXIMATE_FROM:
            return
        if self._client.describe_index(name, "vector")["index_type"] != "FLAT":
            return
        self._client.release_collection(name)
        self._client.drop_index(name, "vector")
        index = MilvusClient.prepare_index_params()
        index.add_index("vector", index_type="AUTOINDEX", metric_type="IP")
        self._client.create_index(name, index)
        self._client.load_collection(name)


def _schema(shape: Shape) -> Any:
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=TEXT_BYTES)
    for name in ("document_id", "language", "heading_terms", "terms", "record"):
        schema.add_field(name, DataType.VARCHAR, max_length=TEXT_BYTES, nullable=name == "heading_terms")
    strings = {"element_type": DataType.VARCHAR, "max_capacity": LABELS, "max_length": TEXT_BYTES}
    for name in ("access", "keywords"):
        schema.add_field(name, DataType.ARRAY, **strings)
    types = {"text": DataType.VARCHAR, "number": DataType.DOUBLE, "bool": DataType.BOOL}
    for key, kind in shape.kinds.items():
        size = {"max_length": TEXT_BYTES} if kind == "text" else {}
        schema.add_field(column_of(key, shape.kinds), types[kind], nullable=True, **size)
    schema.add_field(WEIGHTS, DataType.SPARSE_FLOAT_VECTOR)
    if shape.dimensions:
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=shape.dimensions)
    return schema


def _refuse_long_texts(batch: pa.RecordBatch) -> None:
    """Raises InputError for a passage that Milvus would not take."""
    import pyarrow.compute as pc

    for name in ("record", "terms"):
        sizes = pc.binary_length(batch[name])
        if batch.num_rows and (longest := pc.max(sizes).as_py()) > TEXT_BYTES:
            passage = batch["id"][pc.index(sizes, longest).as_py()]
            raise InputError(
                f"passage {passage}: its {name} takes {longest} bytes, and Milvus holds {TEXT_BYTES}; "
                "a smaller chunk.size, or index.store=lance"
            )


def _impossible(conditions: Sequence[Condition]) -> bool:
    return any(isinstance(each, OneOf) and not each.values for each in conditions)
