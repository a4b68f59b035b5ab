"""Which files are documents.

In: folders, files and globs. Out: files, each with the name that it goes by in the corpus, in the order of the names.

    find_sources(["documents", "more/*.pdf"], exclude=["**/.*"], root=Path("."))
    # [Source(name='en/fees.pdf', path=Path('documents/en/fees.pdf'))]
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from opora.errors import InputError

WILDCARDS = frozenset("*?[")


class Source(NamedTuple):
    """A file, and its name: its path below the folder it was found in, or below `root` for a file or glob."""

    name: str
    path: Path


def find_sources(folders: Sequence[str], exclude: Sequence[str], root: Path) -> list[Source]:
    """All files. Raises InputError for a folder or file that is not there, a glob without a match, or no file."""
    found: dict[Path, Source] = {}
    for each in folders:
        for source in _below(each, root):
            if not any(
                fnmatch(f"/{source.name}", f"/{glob.removeprefix('**/')}") or _inside(source, glob) for glob in exclude
            ):
                found.setdefault(source.path.resolve(), source)
    if not found:
        raise InputError(f"{', '.join(folders)}: no files; put documents there or name another folder")
    return _distinct(sorted(found.values()))


def _below(given: str, root: Path) -> list[Source]:
    path = root / given
    if path.is_dir():
        return [Source(str(file.relative_to(path)), file) for file in path.rglob("*") if file.is_file()]
    if path.is_file():
        return [Source(path.name, path)]
    if not WILDCARDS & set(given):
        raise InputError(f"{given}: no such folder or file")
    anchor = Path(given).anchor
    base = Path(anchor) if anchor else root
    files = [file for file in base.glob(given.removeprefix(anchor)) if file.is_file()]
    if not files:
        raise InputError(f"{given}: no file matches")
    return [Source(str(file.relative_to(base)), file) for file in files]


def _inside(source: Source, glob: str) -> bool:
    """True if the name, or a folder in it, matches a glob such as `**/.*` or `drafts/**`."""
    if glob.startswith("**/"):
        return any(fnmatch(part, glob.removeprefix("**/")) for part in Path(source.name).parts)
    return fnmatch(source.name, glob)


def _distinct(sources: Sequence[Source]) -> list[Source]:
    """Files of one name from several folders are told apart by their folders."""
    names = [source.name for source in sources]
    return [Source(str(source.path), source.path) if names.count(source.name) > 1 else source for source in sources]
