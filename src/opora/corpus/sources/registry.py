"""Registry of the sources of documents, by the scheme of a location.

In: locations, such as folders, files and globs. Out: the files to parse, sorted by name. A new kind of source, such as
a crawler, is one module with a function `find` (see base.py) and one row of `SOURCES`.

    find_sources(["documents", "more/*.pdf"], exclude=["**/.*"], root=Path("."))
    # [Source(name='en/fees.pdf', path=Path('documents/en/fees.pdf'))]
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from opora.corpus.sources.base import Source
from opora.errors import InputError
from opora.validation import nearest

SOURCES = {"file": "files"}
"""Scheme of a location (`https` in `https://example.org`) -> module. Locations without a scheme are files."""


def find_sources(locations: Sequence[str], exclude: Sequence[str], root: Path) -> list[Source]:
    """Return the files of all locations. Raises InputError for a location that has none, or if all are excluded."""
    sources: dict[Path, Source] = {}
    for location in locations:
        for source in _find(location, root):
            if not any(_is_excluded(source.name, glob) for glob in exclude):
                sources.setdefault(source.path.resolve(), source)
    if not sources:
        raise InputError(f"{', '.join(locations)}: no files; add documents there or name another folder")
    return _with_distinct_names(sorted(sources.values()))


def _find(location: str, root: Path) -> list[Source]:
    scheme, separator, rest = location.partition("://")
    if not separator:
        scheme, rest = "file", location
    if scheme not in SOURCES:
        raise InputError(f"{location}: the scheme {scheme!r} is unknown; {nearest(scheme, list(SOURCES))}")
    source_module = importlib.import_module(f"{__package__}.{SOURCES[scheme]}")
    sources: list[Source] = source_module.find(rest if scheme == "file" else location, root)
    return sources


def _is_excluded(name: str, glob: str) -> bool:
    """Return True if the name, or a folder in it, matches a glob such as `**/.*` or `drafts/**`."""
    if glob.startswith("**/"):
        anywhere = glob.removeprefix("**/")
        return fnmatch(f"/{name}", f"/{anywhere}") or any(fnmatch(part, anywhere) for part in Path(name).parts)
    return fnmatch(name, glob)


def _with_distinct_names(sources: Sequence[Source]) -> list[Source]:
    """Name files by their whole path if several folders have a file of that name."""
    names = [source.name for source in sources]
    return [Source(str(source.path), source.path) if names.count(source.name) > 1 else source for source in sources]
