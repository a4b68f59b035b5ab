"""Integrity check of an index, before it is opened or updated.

In: a folder. Out: the manifest of an index that is complete, undamaged and of this version, or an error that says what
to run.

    check_index(Path("index")).counts["passages"]       # 310
"""

from __future__ import annotations

from pathlib import Path

from opora.artifacts import Manifest
from opora.artifacts.manifest import check_files
from opora.errors import InputError, OporaError

ROW_FORMAT = 4
"""Increased whenever the same passages give other rows or other files, so that older indexes are rebuilt."""


def check_index(folder: Path) -> Manifest:
    """Return the manifest of a usable index. Reads a sample of every file, in well under a second.

    Raises InputError if there is no finished index, OporaError if it is damaged or of another version.
    """
    manifest, damaged = check_files(folder)
    if manifest.stage != "index":
        raise InputError(f"{folder}: not an index but the artefact of `{manifest.stage}`")
    if not has_current_rows(manifest):
        raise OporaError(f"{folder}: the index was made by another version of opora; run `opora index`")
    if damaged:
        raise damaged_error(folder, f"{damaged[0]} has changed")
    return manifest


def load_valid_index(folder: Path) -> Manifest | None:
    """Return the manifest of the index in `folder`; None if there is none or it is unusable."""
    if not folder.is_dir():
        return None
    try:
        return check_index(folder)
    except OporaError:
        return None


def has_current_rows(manifest: Manifest) -> bool:
    """Return True if the rows of an index have the format of this version."""
    return manifest.results.get("row_format") == ROW_FORMAT


def damaged_error(folder: Path, reason: str) -> OporaError:
    """Return the error for a damaged index, with what to run."""
    line = " ".join(reason.split())[:200]
    return OporaError(f"{folder}: the index is damaged ({line}); run `opora index`")
