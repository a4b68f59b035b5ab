"""Models that the project trained for its index, found by their spec.

trained_model("embedder", "train/dense", project)        # project/train/dense/model
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from opora.artifacts import Manifest, read_manifest
from opora.errors import InputError

MODEL = "model"
"""Folder of the model inside the artefacts of `opora train embedder` and `opora train reranker`."""
ModelRole = Literal["embedder", "reranker"]


def trained_model(role: ModelRole, spec: str, root: Path) -> Path:
    """Return the model folder of `train/NAME` in the project folder `root`. Raises like `trained_manifest`."""
    trained_manifest(role, spec, root)
    return root / spec / MODEL


def trained_manifest(role: ModelRole, spec: str, root: Path) -> Manifest:
    """Return the manifest of `train/NAME`. Raises InputError if it is missing, unfinished or of another kind."""
    manifest = read_manifest(root / spec)
    if manifest.stage != f"train {role}":
        raise InputError(f"index.{role}: {root / spec} is not a trained {role}; `{manifest.stage}` made it")
    return manifest
