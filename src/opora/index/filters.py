"""Conditions on passages, for the store to apply before the best are taken.

conditions({"source": ["a.pdf", "b.pdf"], "page": {"min": 2}}, {"source", "page"})
# ["meta_source IN ('a.pdf', 'b.pdf')", 'meta_page >= 2']
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from opora.errors import InputError
from opora.records import nearest


def conditions(filters: Mapping[str, Any], known: Collection[str]) -> list[str]:
    """One condition a key: equality, one of a list, or a range. Raises InputError for an unknown key."""
    for key in filters:
        if key not in known:
            raise InputError(f"filter {key} is unknown; {nearest(key, sorted(known))}")
    return [condition for key, value in filters.items() for condition in _condition(f"meta_{key}", value)]


def access_condition(access: Collection[str]) -> str:
    """Passages without labels are for everyone, others for who has one of theirs."""
    public = "array_length(access) IS NULL OR array_length(access) = 0"
    if not access:
        return f"({public})"
    labels = ", ".join(_literal(label) for label in sorted(access))
    return f"({public} OR array_has_any(access, [{labels}]))"


def _condition(column: str, value: Any) -> list[str]:
    if isinstance(value, Mapping):
        if not value or set(value) - {"min", "max"}:
            raise InputError(f"filter {column.removeprefix('meta_')}: min, max or both are expected, not {value!r}")
        signs = {"min": ">=", "max": "<="}
        return [f"{column} {signs[each]} {_literal(bound)}" for each, bound in value.items()]
    if isinstance(value, list | tuple | set | frozenset):
        return [f"{column} IN ({', '.join(map(_literal, value))})"] if value else ["false"]
    return [f"{column} = {_literal(value)}"]


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"
