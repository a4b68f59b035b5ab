"""Folders that appear whole or not at all: sync to disk, swap, recovery after a kill, one writer at a time."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
from pathlib import Path
from typing import IO

from opora.artifacts.checksums import MANIFEST
from opora.errors import InputError

AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""Constants of linux/fcntl.h and linux/fs.h."""


def partial_folder(out: Path) -> Path:
    """Return the folder in which `out` is built."""
    return out.with_name(f".{out.name}.partial")


def lock(out: Path) -> IO[str]:
    """Lock `out` for this process until the returned file is closed. Raises InputError if another one builds it."""
    file = out.with_name(f".{out.name}.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise InputError(f"{out}: another opora process is building it; wait for it or stop it") from None
    return file


def sync(path: Path) -> None:
    """Return when a file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def swap(new: Path, out: Path) -> None:
    """Put the folder `new` in the place of `out`.

    One step where the system can exchange two folders, so that a reader sees the old one or the new one. Elsewhere two
    steps; after a kill between them `recover` completes the second.
    """
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists() and _exchange(new, out):
        new.rename(old)
    else:
        if out.exists():
            out.rename(old)
        new.rename(out)
    sync(out.parent)
    shutil.rmtree(old, ignore_errors=True)


def recover(out: Path) -> None:
    """Finish a swap that was killed between its steps."""
    old, new = out.with_name(f".{out.name}.old"), partial_folder(out)
    if not out.exists() and old.exists():
        (new if (new / MANIFEST).exists() else old).rename(out)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two folders in one step (renameat2 of Linux). Returns False where the system cannot."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    return bool(renameat2(AT_FDCWD, os.fsencode(first), AT_FDCWD, os.fsencode(second), RENAME_EXCHANGE) == 0)
