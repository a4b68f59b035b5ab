"""Contract of a source of documents.

A source module has one function, `find(location: str, root: Path) -> Listing`: `location` is an entry of
`ingest.folders`, `root` the folder of the project. It raises InputError if there is nothing at the location.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Source(NamedTuple):
    """A file to parse. `name` identifies it in the corpus, such as its path below the folder that was searched."""

    name: str
    path: Path
    is_linked: bool = False
    """True if the way to the file leads through a link."""


class UnreadableSource(NamedTuple):
    """A file or folder that cannot be read, and the reason."""

    name: str
    detail: str


class Listing(NamedTuple):
    """The files of a location."""

    sources: Sequence[Source]
    unreadable: Sequence[UnreadableSource] = ()
