"""Connections to Milvus, filter expressions, and its errors as one line.

connect("shop.db").query("passages", filter=filter_expression([OneOf("language", ("ru",))]))   # language in ["ru"]
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from opora.errors import InputError, MissingExtraError, OporaError
from opora.records import Scalar
from opora.retrieval.store.schema import PUBLIC, Access, At, Between, Condition, OneOf

TIMEOUT_S = 30.0


def connect(uri: str) -> Any:
    """Return a client of pymilvus. Raises InputError for a malformed URI, MissingExtraError without pymilvus."""
    if not uri.endswith(".db") and not uri.startswith(("http://", "https://")):
        raise InputError(f"index.store: milvus:{uri} is neither a file that ends with .db nor http(s)://host:port")
    try:
        from pymilvus import MilvusClient
    except ModuleNotFoundError:
        raise MissingExtraError(f"index.store milvus:{uri}", "scale") from None
    # Milvus Lite and pymilvus log errors with a traceback before they raise them
    for name in ("milvus_lite", "pymilvus"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with explain_milvus_errors(uri):
        if uri.endswith(".db"):
            Path(uri).parent.mkdir(parents=True, exist_ok=True)
            return MilvusClient(uri)
        return MilvusClient(uri, token=os.environ.get("MILVUS_TOKEN", ""), timeout=TIMEOUT_S)


@contextlib.contextmanager
def explain_milvus_errors(uri: str) -> Iterator[None]:
    """Raise errors of Milvus as an OporaError of one line."""
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except MilvusException as error:
        lines = str(error.message).strip().splitlines() or [type(error).__name__]
        hint = "; is the file in use by another process?" if "Open local milvus failed" in lines[0] else ""
        raise OporaError(f"milvus:{uri}: {lines[0]}{hint}") from None


def filter_expression(conditions: Sequence[Condition]) -> str:
    """Return all conditions as one expression of Milvus."""
    return " and ".join(map(_expression, conditions))


def _expression(condition: Condition) -> str:
    match condition:
        case OneOf(column, values):
            return f"{column} in [{', '.join(map(_literal, values))}]"
        case Between(column, low, high):
            bounds = [f"{column} >= {_literal(low)}"] if low is not None else []
            bounds += [f"{column} <= {_literal(high)}"] if high is not None else []
            return f"({' and '.join(bounds)})"
        case Access(labels):
            return f"array_contains_any(access, [{', '.join(map(_literal, (PUBLIC, *labels)))}])"
        case At(places):
            return f"array_contains_any(places, [{', '.join(map(_literal, places))}])"


def _literal(value: Scalar) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
        return f'"{escaped}"'
    return str(value).lower() if isinstance(value, bool) else repr(float(value))
