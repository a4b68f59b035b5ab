"""The store that a setting names.

In: `lance`, or `milvus:URI`. Out: a store; each table is built under a name of its own, beside the one that is read.

    create_store("milvus:http://localhost:19530", folder, table_name("milvus:...", key), shape)
"""

from __future__ import annotations

from pathlib import Path

from opora.errors import InputError
from opora.index.store.contract import Shape, Store
from opora.index.store.lance import TABLE, create_lance, open_lance


def table_name(spec: str, key: str) -> str:
    """The name of the table of the index with that key: on a server every index has its own. Raises InputError for an
    unknown store."""
    return f"opora_{key[:24]}" if _uri(spec) else TABLE


def create_store(spec: str, folder: Path, table: str, shape: Shape) -> Store:
    """An empty table, in `folder` or on the server."""
    if not (uri := _uri(spec)):
        return create_lance(folder, shape)
    from opora.index.store.milvus import Place, create_milvus

    return create_milvus(Place(uri, table, folder), shape)


def open_store(spec: str, folder: Path, table: str, shape: Shape) -> Store:
    """A table that is there. The store's own errors come through."""
    if not (uri := _uri(spec)):
        return open_lance(folder, shape)
    from opora.index.store.milvus import Place, open_milvus

    return open_milvus(Place(uri, table, folder), shape)


def copy_store(spec: str, folder: Path, tables: tuple[str, str], shape: Shape) -> Store:
    """A copy, under the second name, of the table of the first. `folder` is a copy of the index already, with the table
    of a store that lives in it."""
    if not (uri := _uri(spec)):
        return open_lance(folder, shape)
    from opora.index.store.milvus import Place, copy_milvus

    return copy_milvus(Place(uri, tables[1], folder), tables[0], shape)


def table_path(spec: str, folder: Path) -> Path | None:
    """Where a table lies that workers can write by themselves, without the store; None if they cannot."""
    return None if _uri(spec) else folder / f"{TABLE}.lance"


def drop_store(spec: str, table: str) -> None:
    """Remove a table that no index names any more; one that lived in the folder of its index is gone with it."""
    if uri := _uri(spec):
        from opora.index.store.milvus import drop_milvus

        drop_milvus(uri, table)


def _uri(spec: str) -> str:
    head, _, uri = spec.partition(":")
    if (head, uri) == ("lance", "") or (head == "milvus" and uri):
        return uri
    raise InputError(
        f"index: store is {spec!r}; lance, or milvus:URI, is expected, such as milvus:http://localhost:19530"
    )
