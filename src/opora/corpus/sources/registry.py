"""Registry of the sources of documents, by the scheme of a location.

A new kind of source, such as a crawler, is one module with a function `find` (see base.py) and one row of `SOURCES`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from opora.corpus.sources import files
from opora.corpus.sources.base import Listing, Source, UnreadableSource
from opora.corpus.sources.removed import Exclusion
from opora.errors import InputError
from opora.validation import nearest

SOURCES: dict[str, Callable[[str, Path], Listing]] = {"file": files.find}
"""Scheme of a location (`https` in `https://example.org`) -> function. Locations without a scheme are files."""


def find_sources(locations: Sequence[str], excluded: Exclusion, root: Path) -> Listing:
    """Return the files of all locations, by name. Raises InputError for a location without files, or if none is left.

    A file that is reached in several ways has its own name rather than that of a link, whose access rules may differ.
    """
    candidates: list[Source] = []
    unreadable: list[UnreadableSource] = []
    for location in locations:
        listing = _find(location, root)
        candidates += (source for source in sorted(listing.sources) if not excluded.match(source.name))
        unreadable += (row for row in listing.unreadable if not excluded.match(row.name))
    if not candidates and not unreadable:
        raise InputError(f"{', '.join(locations)}: no files; add documents there or name another folder")
    by_path: dict[str, Source] = {}
    folders: dict[str, str] = {}
    for source in sorted(candidates, key=lambda source: source.is_linked):
        by_path.setdefault(_real_path(source, folders), source)
    names = Counter(source.name for source in by_path.values())
    # files of one name in several folders are named by their whole path
    sources = [s if names[s.name] == 1 else Source(str(s.path), s.path) for s in by_path.values()]
    return Listing(sorted(sources), sorted(unreadable))


def _find(location: str, root: Path) -> Listing:
    scheme = location.partition("://")[0] if "://" in location else "file"
    if scheme not in SOURCES:
        raise InputError(f"{location}: the scheme {scheme!r} is unknown; {nearest(scheme, list(SOURCES))}")
    return SOURCES[scheme](location.removeprefix("file://"), root)


def _real_path(source: Source, folders: dict[str, str]) -> str:
    """Return the path without links; `folders` remembers those of folders, which files share."""
    folder, name = os.path.split(source.path)
    if source.is_linked and os.path.islink(source.path):
        return os.path.realpath(source.path)
    if folder not in folders:
        folders[folder] = os.path.realpath(folder)
    return os.path.join(folders[folder], name)
