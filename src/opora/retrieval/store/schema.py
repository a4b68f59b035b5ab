"""Columns of the table that an index keeps its passages in.

types = infer_metadata_types(passage.metadata for passage in passages)     # {'page': 'number', 'source': 'text'}
arrow_schema(TableSchema(300, types)).names                               # ['id', ..., 'meta_0', 'meta_1', 'vector']
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from opora.records import Scalar

if TYPE_CHECKING:
    import pyarrow as pa

ColumnType = Literal["text", "number", "bool"]


class TableSchema(NamedTuple):
    """Dimensions of the vectors (0: no column of vectors) and the type of each metadata key."""

    dimensions: int
    metadata: Mapping[str, ColumnType]


def arrow_schema(schema: TableSchema) -> pa.Schema:
    """Return all columns of a table: fixed ones, one per metadata key, then the vector."""
    import pyarrow as pa

    types = {"text": pa.string(), "number": pa.float64(), "bool": pa.bool_()}
    names = ("id", "document_id", "language", "access", "keywords", "heading_terms", "terms", "record")
    lists = ("access", "keywords")
    fields = [pa.field(name, pa.list_(pa.string()) if name in lists else pa.string()) for name in names]
    fields += [pa.field(metadata_column(key, schema.metadata), types[kind]) for key, kind in schema.metadata.items()]
    if schema.dimensions:
        fields.append(pa.field("vector", pa.list_(pa.float32(), schema.dimensions)))
    return pa.schema(fields)


def infer_metadata_types(metadata: Iterable[Mapping[str, Scalar]]) -> dict[str, ColumnType]:
    """Return the type of each metadata key, keys sorted; text where the values of a key have different types."""
    types: dict[str, set[ColumnType]] = {}
    for values in metadata:
        for key, value in values.items():
            kind: ColumnType = "bool" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
            types.setdefault(key, set()).add(kind)
    return {key: types[key].pop() if len(types[key]) == 1 else "text" for key in sorted(types)}


def metadata_column(key: str, types: Mapping[str, ColumnType]) -> str:
    """Return the column of a metadata key. Columns are numbered because a key may contain SQL syntax."""
    return f"meta_{sorted(types).index(key)}"
