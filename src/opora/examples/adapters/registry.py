"""Registry of the dataset adapters. A new foreign schema is one file and one row of `ADAPTERS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from opora.examples.adapters import webglm
from opora.records import Example


class DatasetAdapter(NamedTuple):
    """Reader of one schema."""

    matches: Callable[[Mapping[str, Any]], bool]
    """True if the first row of a file has this schema."""
    read: Callable[[Path], Iterator[Example]]
    """Yields the examples of a file. Raises InputError that names file, line and fix for a wrong row."""


ADAPTERS = {"webglm": DatasetAdapter(webglm.matches, webglm.read)}
"""Name of a schema -> its adapter."""
