"""Passages become the rows of a store: the one function that is run in this process and on Ray alike.

In: passages, an embedder. Out: record batches.

    maker = RowMaker(embedder, Shape(300, {"page": "number"}), heading_weight=1)
    maker.rows(passages).column("terms")[0]       # 'срок хранен 5 дне'
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from opora.index.embedders.contract import Embedder, Text
from opora.index.filters import Kind, column_of
from opora.index.store.contract import Shape
from opora.records import Passage, Scalar
from opora.text.search_terms import search_terms

if TYPE_CHECKING:
    import pyarrow as pa

KEYWORDS = 8


def schema_of(shape: Shape) -> pa.Schema:
    """The columns of a row."""
    import pyarrow as pa

    types = {"text": pa.string(), "number": pa.float64(), "bool": pa.bool_()}
    fields = [
        pa.field("id", pa.string()),
        pa.field("document_id", pa.string()),
        pa.field("language", pa.string()),
        pa.field("access", pa.list_(pa.string())),
        pa.field("keywords", pa.list_(pa.string())),
        pa.field("heading_terms", pa.string()),
        pa.field("terms", pa.string()),
        pa.field("record", pa.string()),
    ]
    if shape.dimensions:
        fields.append(pa.field("vector", pa.list_(pa.float32(), shape.dimensions)))
    return pa.schema(fields + [pa.field(column_of(key, shape.kinds), types[kind]) for key, kind in shape.kinds.items()])
