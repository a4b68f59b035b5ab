"""Conditions on passages, for the store to apply before the best are taken.

kinds = metadata_kinds(p.metadata for p in passages)                            # {'page': 'number', 'source': 'text'}
conditions({"source": ["a.pdf", "b.pdf"], "page": {"min": 2}}, kinds)
# [OneOf('meta_1', ('a.pdf', 'b.pdf')), Between('meta_0', 2.0, None)]
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from opora.errors import InputError
from opora.records import Scalar
from opora.validation import nearest

Kind = Literal["text", "number", "bool"]
PUBLIC = ""
"""What stands in the column `access` of a passage without labels."""
Filters = Mapping[str, Any]
"""Metadata key -> a value, a list of values, or `{"min": 1, "max": 2}` (both ends count, one may be left out)."""


class OneOf(NamedTuple):
    """The value of the column is one of `values`; of no values it never is."""

    column: str
    values: tuple[Scalar, ...]


class Between(NamedTuple):
    """The value of the column is no less than `low` and no more than `high`; None: no such bound."""

    column: str
    low: Scalar | None
    high: Scalar | None


class Access(NamedTuple):
    """The row is public or has one of `labels`."""

    labels: tuple[str, ...]


Condition = OneOf | Between | Access


def metadata_kinds(metadata: Iterable[Mapping[str, Scalar]]) -> dict[str, Kind]:
    """What the values of each metadata key are, keys sorted; text where they do not agree."""
    kinds: dict[str, set[Kind]] = {}
    for each in metadata:
        for key, value in each.items():
            kinds.setdefault(key, set()).add(_kind(value))
    return {key: kinds[key].pop() if len(kinds[key]) == 1 else "text" for key in sorted(kinds)}


def column_of(key: str, kinds: Mapping[str, Kind]) -> str:
    """The column that holds a metadata key; named by number, for a key may hold what the store takes for syntax."""
    return f"meta_{sorted(kinds).index(key)}"


def conditions(filters: Filters, kinds: Mapping[str, Kind]) -> list[Condition]:
    """Conditions, all of which must hold. Raises InputError for an unknown key or a value of another kind."""
    for key in filters:
        if key not in kinds:
            raise InputError(f"filter {key} is unknown; {nearest(key, sorted(kinds))}")
    return [_condition(key, value, kinds) for key, value in filters.items()]


def _condition(key: str, value: Any, kinds: Mapping[str, Kind]) -> Condition:
    column, kind = column_of(key, kinds), kinds[key]
    if isinstance(value, Mapping):
        if not value or set(value) - {"min", "max"}:
            raise InputError(f"filter {key} is {value!r}; min, max or both are expected")
        low, high = (_of_kind(key, value[each], kind) if each in value else None for each in ("min", "max"))
        return Between(column, low, high)
    values = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return OneOf(column, tuple(_of_kind(key, each, kind) for each in values))


def _of_kind(key: str, value: Any, kind: Kind) -> Scalar:
    if isinstance(value, str | int | float):
        if kind == "text":
            return str(value)
        if kind == "bool" and isinstance(value, bool):
            return value
        if kind == "number" and not isinstance(value, str | bool) and abs(value) <= sys.float_info.max:
            return float(value)
    expected = {"text": "text", "bool": "true or false", "number": "a finite number"}[kind]
    raise InputError(f"filter {key} is {value!r}; {expected} is expected")


def _kind(value: Scalar) -> Kind:
    return "bool" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
