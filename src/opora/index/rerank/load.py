"""A reranker by the string that names it, from its own place or from the index that it was copied into.

save_reranker("train/reranker", index_folder)
reranker = open_reranker("train/reranker", index_folder)
"""

from __future__ import annotations

import shutil
from pathlib import Path

from opora.artifacts import read_manifest
from opora.errors import InputError
from opora.index.rerank.contract import Reranker
from opora.models.spec import parse_spec
from opora.records import nearest

SAVED = "reranker"
"""Folder inside an index."""
MODEL = "model"
"""Folder inside what `opora train reranker` made."""
KINDS = ("none", "train/", "hf:", "reward:")
FORMS = "none, train/NAME, hf:NAME-OR-PATH[@REVISION], reward:MODEL"


def open_reranker(spec: str, folder: Path | None = None) -> Reranker | None:
    """The reranker of a spec, None for `none`. `folder`: the index that `save_reranker` wrote into; without it
    `train/NAME` is read where it was made. Raises InputError for a wrong spec or a model that is not there."""
    kind = _kind(spec)
    if kind == "none":
        return None
    if kind == "reward:":
        from opora.index.rerank.reward import RewardReranker

        return RewardReranker(spec.removeprefix(kind))
    if kind == "hf:":
        from opora.index.rerank.cross_encoder import CrossEncoderReranker

        parsed = parse_spec(spec)
        return CrossEncoderReranker(parsed.name, parsed.revision)
    return _open_trained(folder / SAVED if folder else _trained(spec))


def save_reranker(spec: str, folder: Path) -> None:
    """Copy a trained reranker into the index `folder`, which is then complete by itself; one that is found by its name
    alone is not copied. Raises InputError like `open_reranker`."""
    if _kind(spec) == "train/":
        shutil.rmtree(folder / SAVED, ignore_errors=True)
        shutil.copytree(_trained(spec), folder / SAVED)


def fingerprint_of_reranker(spec: str) -> str:
    """What pins a reranker, told without loading it: the fingerprint of the artefact that was trained, else the spec.
    Raises InputError like `open_reranker`."""
    return read_manifest(Path(spec)).fingerprint if _kind(spec) == "train/" else spec


def _kind(spec: str) -> str:
    """Which of `KINDS`. Raises InputError for another form."""
    if spec == "none":
        return spec
    kind = next((each for each in KINDS[1:] if spec.startswith(each) and spec != each), "")
    if not kind:
        close = nearest(spec.split("/")[0].split(":")[0], [each.rstrip("/:") for each in KINDS])
        raise InputError(f"index.reranker: {spec!r} is of no known form; {close}; forms: {FORMS}")
    if kind == "hf:" and (parse_spec(spec).adapter or not parse_spec(spec).name):
        raise InputError(f"index.reranker: {spec!r}: hf:NAME-OR-PATH[@REVISION] is expected")
    if kind == "reward:" and parse_spec(spec.removeprefix(kind)).kind == "extractive":
        raise InputError(f"index.reranker: {spec!r}: extractive is no language model; name one, such as reward:smollm2")
    return kind


def _trained(spec: str) -> Path:
    """The folder of the model of `train/NAME`, an artefact that is finished. Raises InputError."""
    manifest = read_manifest(Path(spec))
    if manifest.stage != "train reranker":
        raise InputError(f"index.reranker: {spec} is no reranker but the artefact of `{manifest.stage}`")
    return Path(spec) / MODEL


def _open_trained(folder: Path) -> Reranker:
    from opora.index.rerank.cross_encoder import CrossEncoderReranker
    from opora.index.rerank.forest import FOREST, load_forest

    if (folder / FOREST).is_file():
        return load_forest(folder)
    if (folder / "config.json").is_file():
        return CrossEncoderReranker(str(folder))
    raise InputError(f"{folder}: holds no reranker; train it again by `opora train reranker`")
