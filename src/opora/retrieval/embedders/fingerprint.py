"""Where an embedder lies inside an index, and what tells one folder of weights from another.

fingerprint_of_folder(Path("train/dense/model"))      # '1f0c...'
"""

from __future__ import annotations

from pathlib import Path

from opora.artifacts import fingerprint_of_file
from opora.artifacts.build import hash_json
from opora.artifacts.checksums import files_below

SAVED = "embedder"
"""Folder of the embedder inside an index."""


def fingerprint_of_folder(folder: Path) -> str:
    """One checksum of all files but the card."""
    files = [path for path in files_below(folder) if path.name != "README.md"]
    return hash_json({str(path.relative_to(folder)): fingerprint_of_file(path) for path in files})
