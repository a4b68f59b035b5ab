"""Registry of the dataset adapters. A new foreign schema is one file and one row of `ADAPTERS`."""

from __future__ import annotations

from opora.examples.adapters.base import DatasetAdapter
from opora.examples.adapters.webglm import WEBGLM

ADAPTERS: dict[str, DatasetAdapter] = {"webglm": WEBGLM}
"""Name of a schema -> its adapter."""
