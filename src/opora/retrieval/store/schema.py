"""Columns of the table that an index keeps its passages in, and conditions on them.

types = infer_metadata_types(passage.metadata for passage in passages)      # {'page': 'number', 'source': 'text'}
parse_filters({"source": ["a.pdf", "b.pdf"], "page": {"min": 2}}, types)
# [OneOf('meta_1', ('a.pdf', 'b.pdf')), Between('meta_0', 2.0, None)]
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from opora.errors import InputError
from opora.records import Scalar
from opora.text.entities.place_names import place_names, place_number
from opora.validation import nearest

if TYPE_CHECKING:
    import pyarrow as pa

ColumnType = Literal["text", "number", "bool"]
PUBLIC = ""
"""Value of the column `access` for a passage without labels."""
Filters = Mapping[str, Any]
"""Metadata key -> a value, a list of values, or `{"min": 1, "max": 2}` (inclusive, either may be omitted)."""


class TableSchema(NamedTuple):
    """Dimensions of the vectors (0: no column of vectors) and the type of each metadata key."""

    dimensions: int
    metadata: Mapping[str, ColumnType]


def arrow_schema(schema: TableSchema) -> pa.Schema:
    """Return all columns of a table: fixed ones, one per metadata key, then the vector."""
    import pyarrow as pa

    types = {"text": pa.string(), "number": pa.float64(), "bool": pa.bool_()}
    names = ("id", "document_id", "language", "access", "keywords", "places", "heading_terms", "terms", "record")
    lists = ("access", "keywords", "places")
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


class OneOf(NamedTuple):
    """The column equals one of `values`; never true without values."""

    column: str
    values: tuple[Scalar, ...]


class Between(NamedTuple):
    """The column lies between `low` and `high`, inclusive; None means no bound."""

    column: str
    low: Scalar | None
    high: Scalar | None


class Access(NamedTuple):
    """The passage is public or has one of `labels`."""

    labels: tuple[str, ...]


class At(NamedTuple):
    """The passage lies in or holds one of `places`, such as `article 186`."""

    places: tuple[str, ...]


Condition = OneOf | Between | Access | At


def parse_filters(filters: Filters, types: Mapping[str, ColumnType]) -> list[Condition]:
    """Return conditions that must all hold. Raises InputError for an unknown key or a value of the wrong type."""
    kinds = set(place_names().kinds.values())
    for key in filters:
        if key not in types and key not in kinds:
            raise InputError(f"filter {key} is unknown; {nearest(key, sorted({*types, *kinds}))}")
    return [
        _parse_filter(key, value, types) if key in types else _parse_place(key, value) for key, value in filters.items()
    ]


def _parse_place(kind: str, value: Any) -> At:
    """Return the condition of a filter such as `{"article": "186"}`."""
    values = value if isinstance(value, list | tuple | set | frozenset) else [value]
    numbers = [place_number(str(item)) for item in values]
    if not all(numbers):
        raise InputError(f"filter {kind} is {value!r}; the number of a place is expected, such as 186 or 12.1")
    return At(tuple(f"{kind} {number}" for number in numbers))


def _parse_filter(key: str, value: Any, types: Mapping[str, ColumnType]) -> Condition:
    column, kind = metadata_column(key, types), types[key]
    if isinstance(value, Mapping):
        if not value or set(value) - {"min", "max"}:
            raise InputError(f"filter {key} is {value!r}; min, max or both are expected")
        low, high = (_convert(key, value[bound], kind) if bound in value else None for bound in ("min", "max"))
        return Between(column, low, high)
    values = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return OneOf(column, tuple(_convert(key, item, kind) for item in values))


def _convert(key: str, value: Any, kind: ColumnType) -> Scalar:
    if isinstance(value, str | int | float):
        if kind == "text":
            return str(value)
        if kind == "bool" and isinstance(value, bool):
            return value
        if kind == "number" and not isinstance(value, str | bool) and abs(value) <= sys.float_info.max:
            return float(value)
    expected = {"text": "text", "bool": "true or false", "number": "a finite number"}[kind]
    raise InputError(f"filter {key} is {value!r}; {expected} is expected")
