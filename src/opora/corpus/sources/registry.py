"""Registry of the sources of documents, by the scheme of a location.

A new kind of source, such as a crawler, is one module with a function `find` (see base.py) and one row of `SOURCES`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from pathlib import Path

from opora.corpus.sources import files
from opora.corpus.sources.base import Source
from opora.errors import InputError
from opora.validation import nearest

SOURCES: dict[str, Callable[[str, Path], list[Source]]] = {"file": files.find}
"""Scheme of a location (`https` in `https://example.org`) -> function. Locations without a scheme are files."""


def find_sources(locations: Sequence[str], exclude: Sequence[str], root: Path) -> list[Source]:
    """Return the files of all locations by name. Raises InputError for a location without files, or if none is left."""
    sources: dict[Path, Source] = {}
    for location in locations:
        for source in _find(location, root):
            if not any(_is_excluded(source.name, glob) for glob in exclude):
                sources.setdefault(source.path.resolve(), source)
    if not sources:
        raise InputError(f"{', '.join(locations)}: no files; add documents there or name another folder")
    names = Counter(source.name for source in sources.values())
    # files of one name in several folders are named by their whole path
    return [s if names[s.name] == 1 else Source(str(s.path), s.path) for s in sorted(sources.values())]


def _find(location: str, root: Path) -> list[Source]:
    scheme = location.partition("://")[0] if "://" in location else "file"
    if scheme not in SOURCES:
        raise InputError(f"{location}: the scheme {scheme!r} is unknown; {nearest(scheme, list(SOURCES))}")
    return SOURCES[scheme](location.removeprefix("file://"), root)


def _is_excluded(name: str, glob: str) -> bool:
    """Return True if the name, or a folder in it, matches a glob such as `**/.*` or `drafts/**`."""
    if glob.startswith("**/"):
        anywhere = glob.removeprefix("**/")
        return fnmatch(f"/{name}", f"/{anywhere}") or any(fnmatch(part, anywhere) for part in Path(name).parts)
    return fnmatch(name, glob)
