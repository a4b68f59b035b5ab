"""Stores by name.

Outside the folder of an index every table has its own name and is built beside the one that is read.

    create_store("lance:s3://bucket/opora", folder, table_name("lance:s3://bucket/opora", key), schema)
"""

from __future__ import annotations

from pathlib import Path

from opora.models.spec import SpecKind, SpecRegistry
from opora.retrieval.store.base import Store
from opora.retrieval.store.lance import copy_lance, create_lance, drop_lance, open_lance
from opora.retrieval.store.milvus import MilvusCollection, copy_milvus, create_milvus, drop_milvus, open_milvus
from opora.retrieval.store.schema import TableSchema

TABLE = "passages"
STORES = SpecRegistry(
    "store",
    {
        "lance": SpecKind("lance[:URI]", "opora.retrieval.store.lance", "lance:s3://bucket/opora"),
        "milvus": SpecKind("milvus:URI", "opora.retrieval.store.milvus", "milvus:http://localhost:19530"),
    },
)


def table_name(spec: str, key: str) -> str:
    """Return the table name of the index with that build key. Raises InputError for an unknown store."""
    return f"opora_{key[:24]}" if STORES.parse(spec).name else TABLE


def create_store(spec: str, folder: Path, table: str, schema: TableSchema) -> Store:
    """Create an empty table, in the folder of the index or at the URI of the spec."""
    if uri := lance_uri(spec, folder, table):
        return create_lance(uri, schema)
    return create_milvus(MilvusCollection(STORES.parse(spec).name, table, folder), schema)


def open_store(spec: str, folder: Path, table: str, schema: TableSchema) -> Store:
    """Open an existing table. Raises StoreError if it is damaged, OporaError if its server fails."""
    if uri := lance_uri(spec, folder, table):
        return open_lance(uri, schema)
    return open_milvus(MilvusCollection(STORES.parse(spec).name, table, folder), schema)


def copy_store(spec: str, folder: Path, source: str, target: str, schema: TableSchema) -> Store:
    """Copy table `source` to `target`. `folder` is a copy of the index, including a table that lives inside it."""
    source_uri, target_uri = (lance_uri(spec, folder, table) for table in (source, target))
    if source_uri and target_uri:
        if source_uri == target_uri:
            return open_lance(target_uri, schema)
        return copy_lance(source_uri, target_uri, schema)
    return copy_milvus(MilvusCollection(STORES.parse(spec).name, target, folder), source, schema)


def drop_store(spec: str, table: str) -> None:
    """Remove a table that no index uses any more; a table inside the folder of its index was removed with it."""
    kind, uri, *_ = STORES.parse(spec)
    if kind == "milvus":
        drop_milvus(uri, table)
    elif uri:
        drop_lance(_table_uri(uri, table))


def lance_uri(spec: str, folder: Path, table: str) -> str | None:
    """Return the path or URI of a Lance table, which workers can write to directly; None for other stores."""
    kind, uri, *_ = STORES.parse(spec)
    return _table_uri(uri or str(folder), table) if kind == "lance" else None


def _table_uri(uri: str, table: str) -> str:
    # absolute, because workers run in other folders
    return f"{uri.rstrip('/') if '://' in uri else Path(uri).resolve()}/{table}.lance"
