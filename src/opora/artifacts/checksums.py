"""Whether the files of an artefact are still what was written, told in well under a second.

In: a folder. Out: a mark of each file, later the files whose mark has changed.

    marks = mark_files(folder)             # kept in the manifest
    find_damage(folder, marks)             # [] or ['passages.lance/data/1.lance']
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

MANIFEST = "manifest.json"
BLOCK, BLOCKS = 1 << 16, 16


def mark_files(folder: Path) -> dict[str, str]:
    """Name -> size and a hash of up to 16 blocks of 64 KiB, from the first to the last, evenly spread: a file up to
    1 MiB is read whole. What is cut off, emptied or zeroed shows; a changed byte in the middle of a large file may
    not."""
    return {str(each.relative_to(folder)): _mark(each) for each in files_below(folder)}


def find_damage(folder: Path, marks: Mapping[str, str]) -> list[str]:
    """The files that are gone, or no longer what they were."""
    return [name for name, mark in marks.items() if _mark_if_there(folder / name) != mark]


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)


def _mark_if_there(path: Path) -> str | None:
    """Not asked first: between the asking and the reading another artefact may take the place of this one."""
    try:
        return _mark(path)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def _mark(path: Path) -> str:
    size = path.stat().st_size
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        for number in range(BLOCKS):
            file.seek(max(0, size - BLOCK) * number // (BLOCKS - 1))
            digest.update(file.read(BLOCK))
    return f"{size}:{digest.hexdigest()}"
