"""Open the reranker that a spec names, from its own folder or from the index that it was copied into."""

from __future__ import annotations

import shutil
from pathlib import Path

from opora.errors import InputError
from opora.models.spec import MODELS, Spec, SpecKind, SpecRegistry
from opora.retrieval.rerankers.base import Reranker
from opora.retrieval.rerankers.settings import RerankingSettings
from opora.retrieval.trained_models import trained_model

PACKAGE = "opora.retrieval.rerankers"
RERANKERS = SpecRegistry(
    "reranker",
    {
        "none": SpecKind("none"),
        "train": SpecKind("train/NAME", f"{PACKAGE}.cross_encoder", "train/reranker"),
        "hf": SpecKind("hf:NAME-OR-PATH[@REVISION]", f"{PACKAGE}.cross_encoder", "hf:BAAI/bge-reranker-v2-m3"),
        "llm": SpecKind("llm:MODEL", f"{PACKAGE}.llm", "llm:smollm2"),
    },
    renamed={"reward": "llm"},
)
"""Each module has `open_reranker(spec, folder, settings)`; `folder` holds a trained reranker."""
DEFAULTS = RerankingSettings()


def open_reranker(
    spec: str, folder: Path, root: Path | None = None, settings: RerankingSettings = DEFAULTS
) -> Reranker | None:
    """Return the reranker of a spec; None for `none`.

    `train/NAME` is read from `folder`, where `save_reranker` put it, or from the project folder `root` if that is
    given. Raises InputError for a wrong spec, or a model that is missing or was trained on other features.
    """
    parsed = parse_reranker(spec)
    if parsed.kind == "none":
        return None
    if parsed.kind == "train":
        return _open_trained(trained_model("reranker", spec, root) if root is not None else folder, settings)
    reranker: Reranker = RERANKERS.module(parsed.kind).open_reranker(parsed, settings)
    return reranker


def save_reranker(spec: str, folder: Path, root: Path) -> None:
    """Copy a trained reranker of the project `root` into `folder` of an index, which is then self-contained.

    Other kinds are not copied. Raises InputError like `open_reranker`.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if parse_reranker(spec).kind == "train":
        shutil.copytree(trained_model("reranker", spec, root), folder)


def parse_reranker(spec: str) -> Spec:
    """Split a spec into its parts. Raises InputError also for a wrong model in `llm:MODEL`."""
    parsed = RERANKERS.parse(spec)
    if parsed.kind == "llm" and MODELS.parse(parsed.name).kind == "extractive":
        raise InputError(f"reranker {spec!r}: extractive is not a language model; use one, such as llm:smollm2")
    return parsed


def _open_trained(folder: Path, settings: RerankingSettings) -> Reranker:
    from opora.retrieval.rerankers.cross_encoder import CrossEncoderReranker
    from opora.retrieval.rerankers.lambdamart.lightgbm_trees import MODEL_FILE, load_lambdamart

    if (folder / MODEL_FILE).is_file():
        return load_lambdamart(folder)
    if (folder / "config.json").is_file():
        return CrossEncoderReranker(str(folder), "", settings)
    raise InputError(f"{folder} holds no reranker; set index.reranker and run `opora index`")
