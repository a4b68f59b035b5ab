"""Cache of the user: folders that are written once and verified by checksum."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from opora.artifacts import fingerprint_of_file
from opora.errors import InputError

CHECKSUMS = "checksums.json"


def cache_folder() -> Path:
    """Return `$OPORA_CACHE`, else `$XDG_CACHE_HOME/opora`, else `~/.cache/opora`."""
    if folder := os.environ.get("OPORA_CACHE"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "opora"


@functools.cache
def cached(name: str, write: Callable[[Path], None]) -> Path:
    """Return the folder of an entry, written by `write(folder)` if it is missing or its checksums are wrong.

    Checksums are verified once per process; other processes wait meanwhile. Raises InputError if the cache is not
    writable.
    """
    folder = cache_folder() / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cache {folder.parent}: {error.strerror}; set OPORA_CACHE to a writable folder") from None
    with folder.with_name(f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists() and _is_intact(folder):
            return folder
        if folder.exists():
            print(f"opora: {folder} is damaged and will be written again", file=sys.stderr)
            shutil.rmtree(folder)
        partial = folder.with_name(f".{name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        print(f"opora: writing {folder} (once)", file=sys.stderr)
        write(partial)
        sums = {path.name: fingerprint_of_file(path) for path in sorted(partial.iterdir())}
        (partial / CHECKSUMS).write_text(json.dumps(sums, indent=2))
        partial.rename(folder)
    return folder


def _is_intact(folder: Path) -> bool:
    try:
        sums = json.loads((folder / CHECKSUMS).read_text())
        return all(fingerprint_of_file(folder / name) == value for name, value in sums.items())
    except (OSError, ValueError):
        return False
