"""Conditions on passages, for the store to apply before the best are taken.

kinds = metadata_kinds(passages)                                  # {'page': 'number', 'source': 'text'}
conditions({"source": ["a.pdf", "b.pdf"], "page": {"min": 2}}, kinds)
# ["meta_1 IN ('a.pdf', 'b.pdf')", 'meta_0 >= 2.0']
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from opora.errors import InputError
from opora.records import Passage, Scalar, nearest

Kind = Literal["text", "number", "bool"]
Filters = Mapping[str, Any]
"""Metadata key -> a value, a list of values, or `{"min": 1, "max": 2}` (both ends count, one may be left out)."""


def metadata_kinds(passages: Iterable[Passage]) -> dict[str, Kind]:
    """What the values of each metadata key are, keys sorted; text where they do not agree."""
    kinds: dict[str, set[Kind]] = {}
    for passage in passages:
        for key, value in passage.metadata.items():
            kinds.setdefault(key, set()).add(_kind(value))
    return {key: kinds[key].pop() if len(kinds[key]) == 1 else "text" for key in sorted(kinds)}


def column_of(key: str, kinds: Mapping[str, Kind]) -> str:
    """The column that holds a metadata key; named by number, for a key may hold what the store takes for syntax."""
    return f"meta_{sorted(kinds).index(key)}"


def conditions(filters: Filters, kinds: Mapping[str, Kind]) -> list[str]:
    """SQL conditions, all of which must hold. Raises InputError for an unknown key or a value of another kind."""
    for key in filters:
        if key not in kinds:
            raise InputError(f"filter {key} is unknown; {nearest(key, sorted(kinds))}")
    return [each for key, value in filters.items() for each in _conditions(key, value, kinds)]


def access_condition(access: Collection[str]) -> str:
    """Passages without labels are for everyone, others for who has one of theirs."""
    public = "array_length(access) IS NULL OR array_length(access) = 0"
    if not access:
        return f"({public})"
    labels = ", ".join(map(quote, sorted(access)))
    return f"({public} OR array_has_any(access, [{labels}]))"


def quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _conditions(key: str, value: Any, kinds: Mapping[str, Kind]) -> list[str]:
    column = column_of(key, kinds)
    if isinstance(value, Mapping):
        if not value or set(value) - {"min", "max"}:
            raise InputError(f"filter {key} is {value!r}; min, max or both are expected")
        signs = {"min": ">=", "max": "<="}
        return [f"{column} {signs[each]} {_literal(key, bound, kinds[key])}" for each, bound in value.items()]
    if isinstance(value, list | tuple | set | frozenset):
        literals = ", ".join(_literal(key, each, kinds[key]) for each in value)
        return [f"{column} IN ({literals})" if literals else "false"]
    return [f"{column} = {_literal(key, value, kinds[key])}"]


def _literal(key: str, value: Any, kind: Kind) -> str:
    if isinstance(value, str | int | float):
        if kind == "text":
            return quote(str(value))
        if kind == "bool" and isinstance(value, bool):
            return str(value).lower()
        if kind == "number" and not isinstance(value, str | bool) and abs(value) <= sys.float_info.max:
            return repr(float(value))
    expected = {"text": "text", "bool": "true or false", "number": "a finite number"}[kind]
    raise InputError(f"filter {key} is {value!r}; {expected} is expected")


def _kind(value: Scalar) -> Kind:
    return "bool" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
