"""The store that a setting names.

In: `lance`, `lance:URI` or `milvus:URI`. Out: a store; outside the folder of its index each table has a name of its own
and is built beside the one that is read.

    create_store("lance:s3://bucket/opora", folder, table_name("lance:s3://bucket/opora", key), shape)
"""

from __future__ import annotations

from pathlib import Path

from opora.errors import InputError
from opora.retrieval.store.base import Shape, Store
from opora.retrieval.store.lance import copy_lance, create_lance, drop_lance, open_lance

TABLE = "passages"


def table_name(spec: str, key: str) -> str:
    """The name of the table of the index with that key. Raises InputError for an unknown store."""
    return f"opora_{key[:24]}" if _parse(spec)[1] else TABLE


def create_store(spec: str, folder: Path, table: str, shape: Shape) -> Store:
    """An empty table, in `folder` or where the setting says."""
    if place := table_place(spec, folder, table):
        return create_lance(place, shape)
    from opora.retrieval.store.milvus import Place, create_milvus

    return create_milvus(Place(_parse(spec)[1], table, folder), shape)


def open_store(spec: str, folder: Path, table: str, shape: Shape) -> Store:
    """A table that is there. The store's own errors come through."""
    if place := table_place(spec, folder, table):
        return open_lance(place, shape)
    from opora.retrieval.store.milvus import Place, open_milvus

    return open_milvus(Place(_parse(spec)[1], table, folder), shape)


def copy_store(spec: str, folder: Path, tables: tuple[str, str], shape: Shape) -> Store:
    """A copy, under the second name, of the table of the first. `folder` is a copy of the index already, with the table
    of a store that lives in it."""
    old, new = (table_place(spec, folder, each) for each in tables)
    if old and new:
        return open_lance(new, shape) if old == new else copy_lance(old, new, shape)
    from opora.retrieval.store.milvus import Place, copy_milvus

    return copy_milvus(Place(_parse(spec)[1], tables[1], folder), tables[0], shape)


def drop_store(spec: str, table: str) -> None:
    """Remove a table that no index names any more; one that lived in the folder of its index is gone with it."""
    kind, uri = _parse(spec)
    if kind == "lance" and uri:
        drop_lance(_place(uri, table))
    elif uri:
        from opora.retrieval.store.milvus import drop_milvus

        drop_milvus(uri, table)


def table_place(spec: str, folder: Path, table: str) -> str | None:
    """The path or URI where a table lies that workers can write by themselves; None if only a server can."""
    kind, uri = _parse(spec)
    return _place(uri or str(folder), table) if kind == "lance" else None


def _place(uri: str, table: str) -> str:
    """Where a Lance table lies: workers know no relative path."""
    return f"{uri.rstrip('/') if '://' in uri else Path(uri).resolve()}/{table}.lance"


def _parse(spec: str) -> tuple[str, str]:
    """The kind of a store and its URI, empty where it lives in the folder of its index."""
    kind, _, uri = spec.partition(":")
    if spec == "lance" or (kind in ("lance", "milvus") and uri):
        return kind, uri
    raise InputError(
        f"index: store is {spec!r}; lance, lance:URI or milvus:URI is expected, such as lance:s3://bucket/opora or"
        " milvus:http://localhost:19530"
    )
