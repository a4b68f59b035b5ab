"""Open the embedder that a spec names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opora.models.spec import SpecKind, SpecRegistry
from opora.retrieval.embedders.base import Embedder, Text
from opora.retrieval.embedders.settings import EmbeddingSettings
from opora.retrieval.trained_models import trained_model

PACKAGE = "opora.retrieval.embedders"
TRANSFORMER = f"{PACKAGE}.sentence_transformer"
EMBEDDERS = SpecRegistry(
    "embedder",
    {
        "sif": SpecKind("sif", f"{PACKAGE}.sif"),
        "none": SpecKind("none"),
        "train": SpecKind("train/NAME", TRANSFORMER, "train/dense"),
        "hf": SpecKind("hf:NAME-OR-PATH[@REVISION]", TRANSFORMER, "hf:intfloat/multilingual-e5-base"),
        "openai": SpecKind("openai:MODEL@URL", f"{PACKAGE}.openai", "openai:bge-m3@http://localhost:8000/v1"),
    },
)
"""Each module has `open_embedder(spec, folder, settings)`; `folder` holds the saved embedder, if there is one."""
DEFAULTS = EmbeddingSettings()
SAVED = "embedder"
"""Folder of the embedder inside an index."""


def open_embedder(
    spec: str, index: Path | None, settings: EmbeddingSettings = DEFAULTS, root: Path = Path()
) -> Embedder | None:
    """Return the embedder saved in an index, or, without an index, the one that the spec names; None for `none`.

    `root` is the project folder in which `train/NAME` lies. Raises InputError for a wrong spec, a missing or damaged
    model, and `sif` without an index; MissingExtraError without the packages; ModelError if a model does not load.
    """
    parsed = EMBEDDERS.parse(spec)
    if parsed.kind == "none":
        return None
    folder = index / SAVED if index else None
    if parsed.kind == "train" and folder is None:
        folder = trained_model("embedder", spec, root)
    embedder: Embedder = EMBEDDERS.module(parsed.kind).open_embedder(parsed, folder, settings)
    return embedder


def fit_or_load(
    spec: str, sample: Sequence[Text], components: int, settings: EmbeddingSettings = DEFAULTS, root: Path = Path()
) -> Embedder | None:
    """Return the embedder of a new index. Only `sif` is fitted to `sample`, texts of the index's passages.

    `components` is the number of common directions that `sif` removes. Raises like `open_embedder`.
    """
    if EMBEDDERS.parse(spec).kind == "sif":
        from opora.retrieval.embedders.sif import fit_sif

        return fit_sif(sample, components)
    return open_embedder(spec, None, settings, root)
