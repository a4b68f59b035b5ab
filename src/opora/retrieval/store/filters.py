"""Conditions on passages, applied by the store before the best passages are taken.

types = infer_metadata_types(passage.metadata for passage in passages)      # {'page': 'number', 'source': 'text'}
parse_filters({"source": ["a.pdf", "b.pdf"], "page": {"min": 2}}, types)
# [OneOf('meta_1', ('a.pdf', 'b.pdf')), Between('meta_0', 2.0, None)]
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from opora.errors import InputError
from opora.records import Scalar
from opora.retrieval.store.schema import ColumnType, metadata_column
from opora.validation import nearest

PUBLIC = ""
"""Value of the column `access` for a passage without labels."""
Filters = Mapping[str, Any]
"""Metadata key -> a value, a list of values, or `{"min": 1, "max": 2}` (inclusive, either may be omitted)."""


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


Condition = OneOf | Between | Access


def parse_filters(filters: Filters, types: Mapping[str, ColumnType]) -> list[Condition]:
    """Return conditions that must all hold. Raises InputError for an unknown key or a value of the wrong type."""
    for key in filters:
        if key not in types:
            raise InputError(f"filter {key} is unknown; {nearest(key, sorted(types))}")
    return [_parse_filter(key, value, types) for key, value in filters.items()]


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
