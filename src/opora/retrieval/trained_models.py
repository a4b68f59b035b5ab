"""What a training of the project made for an index, by the spec that names it.

trained_model("embedder", "train/dense", project)        # project/train/dense/model
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from opora.artifacts import Manifest, read_manifest
from opora.errors import InputError

MODEL = "model"
"""Folder of the model inside what `opora train embedder` and `opora train reranker` make."""
Part = Literal["embedder", "reranker"]


def trained_model(part: Part, spec: str, root: Path) -> Path:
    """The folder of the model of `train/NAME` below `root`, the project's folder. Raises like `trained_manifest`."""
    trained_manifest(part, spec, root)
    return root / spec / MODEL


def trained_manifest(part: Part, spec: str, root: Path) -> Manifest:
    """Its manifest. Raises InputError if there is no such training, if it is not finished, or made something else."""
    manifest = read_manifest(root / spec)
    if manifest.stage != f"train {part}":
        raise InputError(f"index.{part}: {root / spec} is no {part} but the artefact of `{manifest.stage}`")
    return manifest
