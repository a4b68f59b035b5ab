"""Hashes of files and values, and a fast integrity check of an artefact: well under a second at any size.

find_damage(folder, manifest.checksums)          # [] or ['passages.lance/data/1.lance']
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

MANIFEST = "manifest.json"
BLOCK_BYTES, BLOCKS = 1 << 16, 16


def find_damage(folder: Path, checksums: Mapping[str, str]) -> list[str]:
    """Return the names of files that are missing or changed."""
    return [name for name, value in checksums.items() if _checksum_if_present(folder / name) != value]


def files_below(folder: Path) -> list[Path]:
    """Return all files below `folder` but its manifest, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)


def fingerprint_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_json(value: object) -> str:
    """Return the SHA-256 of a value as JSON with sorted keys, in hex."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _checksum_if_present(path: Path) -> str | None:
    """Return None for a missing file. Without a check beforehand: another artefact may replace this one meanwhile."""
    try:
        return checksum(path)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def checksum(path: Path) -> str:
    """Return size and a hash of up to 16 blocks of 64 KiB, evenly spread from the first to the last.

    Files up to 1 MiB are read whole. In larger ones truncation and zeroed ranges show, a single changed byte may not.
    """
    size = path.stat().st_size
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        for number in range(BLOCKS):
            file.seek(max(0, size - BLOCK_BYTES) * number // (BLOCKS - 1))
            digest.update(file.read(BLOCK_BYTES))
    return f"{size}:{digest.hexdigest()}"
