"""Open the embedder that a spec names.

In: `sif`, `none`, `train/NAME` (what `opora train embedder` made), `hf:NAME-OR-PATH[@REVISION]`, `openai:MODEL@URL`.
Out: an embedder; None for `none`.

    embedder = fit_or_load("sif", sample, IndexSettings())
    embedder.save(index / SAVED)
    embedder = open_embedder("sif", index)
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from opora.errors import InputError
from opora.models.spec import parse_spec
from opora.retrieval.embedders.base import Embedder, Text
from opora.retrieval.embedders.fingerprint import SAVED
from opora.retrieval.embedders.settings import EmbedderSettings
from opora.retrieval.settings import IndexSettings
from opora.retrieval.trained_models import trained_model
from opora.validation import nearest

Kind = Literal["sif", "none", "train", "hf", "openai"]
KINDS = ("sif", "none", "train", "hf", "openai")
FORMS = "sif, none, train/NAME, hf:NAME-OR-PATH[@REVISION], openai:MODEL@URL"
DEFAULTS = EmbedderSettings()


class EmbedderSpec(NamedTuple):
    """A spec taken apart. `name`: of a model, or of a training; what a spec lacks is an empty string."""

    kind: Kind
    name: str = ""
    revision: str = ""
    url: str = ""


def parse_embedder(spec: str) -> EmbedderSpec:
    """Take a spec apart. Raises InputError that names the nearest right one, or the forms."""
    if spec == "sif":
        return EmbedderSpec("sif")
    if spec == "none":
        return EmbedderSpec("none")
    if found := re.fullmatch(r"train/([^/:@\s]+)/?", spec):
        return EmbedderSpec("train", found[1])
    if spec.startswith(("hf:", "openai:")):
        return _model_spec(spec)
    raise InputError(f"embedder {spec!r} is unknown; {_nearest_spec(spec)}")


def open_embedder(
    spec: str, folder: Path | None, settings: EmbedderSettings = DEFAULTS, root: Path = Path()
) -> Embedder | None:
    """The embedder that was saved into the index `folder`, or, where there is none yet, the one that is found by its
    name alone; `train/NAME` then lies below `root`, the project's folder.

    Raises InputError for a wrong spec, for a training or model that is not there, for a damaged one, and for `sif`
    without a folder, which has to be fitted; MissingExtraError without the packages; ModelError if a model does not
    load.
    """
    parsed = parse_embedder(spec)
    if parsed.kind == "none":
        return None
    if parsed.kind == "sif":
        if folder is None:
            raise InputError("embedder 'sif' is fitted to passages; name the index that holds it")
        from opora.retrieval.embedders.sif import load_sif

        return load_sif(folder / SAVED)
    if parsed.kind == "openai":
        from opora.retrieval.embedders.openai import ServerEmbedder

        return ServerEmbedder(parsed.name, parsed.url, settings)
    if parsed.kind == "train":
        return _trained(folder / SAVED if folder else trained_model("embedder", spec, root), spec, settings)
    return _from_transformers(parsed, spec, settings)


def fit_or_load(
    spec: str,
    sample: Sequence[Text],
    settings: IndexSettings,
    running: EmbedderSettings = DEFAULTS,
    root: Path = Path(),
) -> Embedder | None:
    """The embedder for a new index: `sif` fitted to `sample`, texts of its passages; others as they are. Raises like
    `open_embedder`."""
    if parse_embedder(spec).kind == "sif":
        from opora.retrieval.embedders.sif import fit_sif

        return fit_sif(sample, settings.components)
    return open_embedder(spec, None, running, root)


def is_static(folder: Path) -> bool:
    """True if the model in `folder` is a table of vectors, which needs no torch. Raises InputError if no model of
    sentence-transformers is there."""
    path = folder / "modules.json"
    try:
        modules = json.loads(path.read_text(encoding="utf-8"))
        return str(modules[0]["type"]).rpartition(".")[2] == "StaticEmbedding"
    except (OSError, ValueError, LookupError, TypeError):
        raise InputError(f"{path}: is not there or damaged; a model of sentence-transformers is expected") from None


def _trained(folder: Path, spec: str, settings: EmbedderSettings) -> Embedder:
    if is_static(folder):
        from opora.retrieval.embedders.static import StaticEmbedder

        return StaticEmbedder(folder, copied=True)
    from opora.retrieval.embedders.sentence_transformer import TransformerEmbedder

    return TransformerEmbedder(str(folder), "", settings, copied=True)


def _from_transformers(parsed: EmbedderSpec, spec: str, settings: EmbedderSettings) -> Embedder:
    folder = Path(parsed.name)
    if (folder / "modules.json").exists() and is_static(folder):
        from opora.retrieval.embedders.static import StaticEmbedder

        return StaticEmbedder(folder)
    from opora.retrieval.embedders.sentence_transformer import TransformerEmbedder

    return TransformerEmbedder(parsed.name, parsed.revision, settings)


def _model_spec(spec: str) -> EmbedderSpec:
    parsed = parse_spec(spec)
    if parsed.adapter:
        raise InputError(f"embedder {spec!r}: an embedder has no adapter; leave +{parsed.adapter} out")
    return EmbedderSpec("hf" if parsed.kind == "hf" else "openai", parsed.name, parsed.revision, parsed.url)


def _nearest_spec(spec: str) -> str:
    if url := re.search(r"https?://\S+", spec):
        return f"did you mean openai:MODEL@{url[0]}?"
    if "/" in spec:
        head, _, rest = spec.partition("/")
        if nearest(head, ["train"]).startswith("did") and rest:
            return f"did you mean train/{rest}?"
        return f"did you mean hf:{spec}?"
    close = nearest(spec.lower(), ["sif", "none"])
    return close if close.endswith("?") else f"forms: {FORMS}"
