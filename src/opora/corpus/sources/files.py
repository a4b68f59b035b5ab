"""Source of local documents: folders, files and globs."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from opora.corpus.sources.base import Listing, Source, UnreadableSource
from opora.errors import InputError

WILDCARDS = frozenset("*?[")


def find(location: str, root: Path) -> Listing:
    """Return the files of a folder (named relative to it, recursively), a file, or a glob (relative to `root`).

    Links are followed. Raises InputError if there is no such folder or file, or no file matches the glob.
    """
    path = root / location
    if path.is_dir():
        return _walk(path)
    if path.is_file():
        return _name([(path, path.is_symlink())], path.parent)
    if not WILDCARDS & set(location):
        raise InputError(f"{location}: no such folder or file")
    anchor = Path(location).anchor
    base = Path(anchor) if anchor else root
    files = [(file, file.is_symlink()) for file in base.glob(location.removeprefix(anchor)) if file.is_file()]
    if not files:
        raise InputError(f"{location}: no file matches this glob")
    return _name(files, base)


def _name(files: Iterable[tuple[Path, bool]], base: Path) -> Listing:
    """Name files, each with a mark for links, by their path below `base`; a name that is no UTF-8 cannot be stored."""
    sources, unreadable = [], []
    # Path.relative_to takes ten times as long, which counts for a hundred thousand files
    below = 0 if base == Path() else len(os.path.join(base, ""))
    for file, is_linked in files:
        name = str(file)[below:]
        if _is_utf8(name):
            sources.append(Source(unicodedata.normalize("NFC", name), file, is_linked))
        else:
            unreadable.append(UnreadableSource(_printable(name), "the name is not UTF-8; rename the file"))
    return Listing(sources, unreadable)


def _walk(folder: Path) -> Listing:
    """Return all files below a folder. A link to a folder that is around it is not followed, and reported."""
    files: list[tuple[Path, bool]] = []
    unreadable: list[UnreadableSource] = []
    real = os.path.realpath(folder)
    pending = [(str(folder), real, frozenset({real}), False)]
    while pending:
        path, real, around, is_linked = pending.pop()
        try:
            with os.scandir(path) as rows:
                entries = list(rows)
        except OSError as error:
            unreadable.append(_unreadable(path, folder, error.strerror or str(error)))
            continue
        for entry in entries:
            try:
                links = is_linked or entry.is_symlink()
                if entry.is_dir():
                    target = os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(real, entry.name)
                    if target in around:
                        unreadable.append(_unreadable(entry.path, folder, "a link to a folder around it"))
                    else:
                        pending.append((entry.path, target, around | {target}, links))
                elif entry.is_file():
                    files.append((Path(entry.path), links))
                else:
                    kind = "a link to nothing" if entry.is_symlink() else "neither a file nor a folder"
                    unreadable.append(_unreadable(entry.path, folder, kind))
            except OSError as error:  # a link in a circle
                unreadable.append(_unreadable(entry.path, folder, error.strerror or str(error)))
    named = _name(files, folder)
    return Listing(named.sources, [*unreadable, *named.unreadable])


def _unreadable(path: str, folder: Path, detail: str) -> UnreadableSource:
    return UnreadableSource(_printable(os.path.relpath(path, folder)), detail)


def _is_utf8(name: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _printable(name: str) -> str:
    """Return a name with the bytes that are no UTF-8 replaced."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))
