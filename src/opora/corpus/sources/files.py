"""Source of local documents: folders, files and globs."""

from __future__ import annotations

from pathlib import Path

from opora.corpus.sources.base import Source
from opora.errors import InputError

WILDCARDS = frozenset("*?[")


def find(location: str, root: Path) -> list[Source]:
    """Return the files of a folder (named relative to it, recursively), a file, or a glob (relative to `root`).

    Raises InputError if there is no such folder or file, or no file matches the glob.
    """
    path = root / location
    if path.is_dir():
        return [Source(str(file.relative_to(path)), file) for file in path.rglob("*") if file.is_file()]
    if path.is_file():
        return [Source(path.name, path)]
    if not WILDCARDS & set(location):
        raise InputError(f"{location}: no such folder or file")
    anchor = Path(location).anchor
    base = Path(anchor) if anchor else root
    files = [file for file in base.glob(location.removeprefix(anchor)) if file.is_file()]
    if not files:
        raise InputError(f"{location}: no file matches this glob")
    return [Source(str(file.relative_to(base)), file) for file in files]
