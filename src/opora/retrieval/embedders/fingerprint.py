"""Fingerprint of a folder of weights, and the embedder's place inside an index.

fingerprint_of_folder(Path("train/dense/model"))      # '1f0c...'
"""

from __future__ import annotations

from pathlib import Path

from opora.artifacts import fingerprint_of_file
from opora.artifacts.checksums import files_below, hash_json

SAVED = "embedder"
"""Folder of the embedder inside an index."""


def fingerprint_of_folder(folder: Path) -> str:
    """Return one checksum of all files except the model card."""
    files = [path for path in files_below(folder) if path.name != "README.md"]
    return hash_json({str(path.relative_to(folder)): fingerprint_of_file(path) for path in files})
