"""A reranker by the string that names it, from its own place or from the index that it was copied into.

save_reranker("train/reranker", index / "reranker", project)
reranker = open_reranker("train/reranker", index / "reranker")
"""

from __future__ import annotations

import shutil
from pathlib import Path

from opora.errors import InputError
from opora.models.spec import parse_spec
from opora.retrieval.rerankers.base import Reranker
from opora.retrieval.trained_models import trained_model
from opora.validation import nearest

KINDS = ("none", "train/", "hf:", "reward:")
FORMS = "none, train/NAME, hf:NAME-OR-PATH[@REVISION], reward:MODEL"


def open_reranker(spec: str, folder: Path, root: Path | None = None) -> Reranker | None:
    """The reranker of a spec, None for `none`. `train/NAME` is read from `folder`, where `save_reranker` put it, or,
    with the folder `root` of the project, where it was made. Raises InputError for a wrong spec, or a model that is not
    there or does not fit."""
    kind = parse_reranker(spec)
    if kind == "none":
        return None
    if kind == "reward:":
        from opora.retrieval.rerankers.llm import RewardReranker

        return RewardReranker(spec.removeprefix(kind))
    if kind == "hf:":
        from opora.retrieval.rerankers.cross_encoder import CrossEncoderReranker

        parsed = parse_spec(spec)
        return CrossEncoderReranker(parsed.name, parsed.revision)
    return _open_trained(trained_model("reranker", spec, root) if root is not None else folder)


def save_reranker(spec: str, folder: Path, root: Path) -> None:
    """Copy a trained reranker into `folder` of an index, which is then complete by itself; one that is found by its
    name alone is not copied. `root`: the folder of the project. Raises InputError like `open_reranker`."""
    shutil.rmtree(folder, ignore_errors=True)
    if parse_reranker(spec) == "train/":
        shutil.copytree(trained_model("reranker", spec, root), folder)


def parse_reranker(spec: str) -> str:
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


def _open_trained(folder: Path) -> Reranker:
    from opora.retrieval.rerankers.cross_encoder import CrossEncoderReranker
    from opora.retrieval.rerankers.lambdamart.lightgbm_trees import FOREST, load_forest

    if (folder / FOREST).is_file():
        return load_forest(folder)
    if (folder / "config.json").is_file():
        return CrossEncoderReranker(str(folder))
    raise InputError(f"{folder}: holds no reranker; set index.reranker and run `opora index`")
