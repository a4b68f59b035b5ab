"""Contract of a source of documents.

A source module has one function, `find(location: str, root: Path) -> list[Source]`: `location` is an entry of
`ingest.folders`, `root` the folder of the project. It raises InputError if there is nothing at the location.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Source(NamedTuple):
    """A file to parse. `name` identifies it in the corpus, such as its path below the folder that was searched."""

    name: str
    path: Path
