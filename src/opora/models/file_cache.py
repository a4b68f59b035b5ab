"""The user's cache: files that can be made again, made once, known by checksum.

In: the name of an entry and a function that writes it. Out: its folder, whole.

    folder = cached("smollm2-5be1e0", write=write_weights)      # ~/.cache/opora/smollm2-5be1e0
"""

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
    """`$OPORA_CACHE`, else `$XDG_CACHE_HOME/opora`, else `~/.cache/opora`."""
    if own := os.environ.get("OPORA_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "opora"


@functools.cache
def cached(name: str, write: Callable[[Path], None]) -> Path:
    """The folder of an entry. It is written by `write(folder)` if it is absent or differs from its checksums, which is
    looked at once a process; other processes wait meanwhile."""
    folder = cache_folder() / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cache {folder.parent}: {error.strerror}; set OPORA_CACHE to a folder to write into"
        ) from None
    with folder.with_name(f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists() and _whole(folder):
            return folder
        if folder.exists():
            print(f"opora: {folder} is damaged; it is written anew", file=sys.stderr)
            shutil.rmtree(folder)
        partial = folder.with_name(f".{name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        print(f"opora: writing {folder}, once", file=sys.stderr)
        write(partial)
        sums = {each.name: fingerprint_of_file(each) for each in sorted(partial.iterdir())}
        (partial / CHECKSUMS).write_text(json.dumps(sums, indent=2))
        partial.rename(folder)
    return folder


def _whole(folder: Path) -> bool:
    try:
        sums = json.loads((folder / CHECKSUMS).read_text())
        return all(fingerprint_of_file(folder / name) == value for name, value in sums.items())
    except (OSError, ValueError):
        return False
