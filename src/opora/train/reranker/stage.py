"""Training of a reranker: a corpus and questions in, a model that puts found passages into a better order out.

In: a corpus, settings of the index that it will serve. Out: `model/` (a forest, or a cross-encoder in the form of
sentence-transformers) and a manifest with its figures on documents that were held out.

    train_reranker(RerankerSettings(), IndexSettings(), Path("corpus"), Path("train/reranker"))

The index that candidates come from is built beside it, with the settings given, and removed. An embedder that was
trained on the corpus is too sure of the documents that it saw: those are left out.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from opora.artifacts import Build, Manifest, fingerprint_of_file, read_manifest
from opora.artifacts.manifest import hash_json
from opora.errors import InputError
from opora.models.base import LanguageModel
from opora.models.response_cache import CachedModel
from opora.models.revision import revision_of
from opora.models.settings import ModelSettings
from opora.models.spec import parse_spec
from opora.retrieval.rerankers.base import Reranker
from opora.retrieval.rerankers.llm import answer_probabilities
from opora.retrieval.settings import IndexSettings
from opora.retrieval.trained_models import MODEL, trained_manifest
from opora.train.reranker.evaluate import describe, measure
from opora.train.reranker.groups import Group
from opora.train.reranker.sampling import Source
from opora.train.reranker.settings import RerankerSettings

STAGE = "train reranker"
WORK = "work"
OF_CANDIDATES = {"embedder", "sif_components", "heading_weight", "dense_weight", "synonyms"}
"""Settings of the index that its candidates depend on."""


def reranker_build(settings: RerankerSettings, index_settings: IndexSettings, corpus: Path, out: Path) -> Build:
    """The build of this reranker: what it is made from, and whether it is done. Raises InputError for a question file
    that is not there, or an embedder that was not trained."""
    inputs = {
        "corpus": read_manifest(corpus).fingerprint,
        "index": hash_json(index_settings.model_dump(mode="json", include=OF_CANDIDATES)),
    }
    if index_settings.embedder.startswith("train/"):
        inputs["embedder"] = trained_manifest("embedder", index_settings.embedder, corpus.parent).fingerprint
    if settings.questions:
        if not settings.questions.is_file():
            raise InputError(f"train: questions is {settings.questions}: no such file")
        inputs["questions"] = fingerprint_of_file(settings.questions)
    if settings.base != "forest":
        inputs["base"] = revision_of(parse_spec(settings.base))
    if settings.labels != "gold":
        inputs["labels"] = revision_of(parse_spec(_judge(settings)))
    return Build(out, STAGE, settings, inputs, seed=settings.seed)


def train_reranker(settings: RerankerSettings, index_settings: IndexSettings, corpus: Path, out: Path) -> Manifest:
    """Train. Raises InputError if nothing can be learnt, MissingExtraError without the packages of the base."""
    build = reranker_build(settings, index_settings, corpus, out)
    if build.finished:
        return build.finished
    # without what comes after the candidates, and on this disk
    plain = {"reranker": "none", "neighbor_passages": 0, "mmr_lambda": 1.0, "store": "lance"}
    with build, build.journal("reward") as journal:
        source = Source(settings, index_settings.model_copy(update=plain), corpus, build.path / WORK / "index")
        groups = source.groups("train")
        if settings.labels != "gold":
            groups = _relabelled(groups, CachedModel(_judge(settings), ModelSettings(), journal, "reward"))
        reranker = _fit(settings, groups, build.path)
        measured = measure(reranker, source.groups("held out"), index_settings.dense_weight)
        print(f"opora: {out}: {describe(measured)}", file=sys.stderr)
        shutil.rmtree(build.path / WORK)
        return build.publish(
            counts=source.counts,
            dropped=source.dropped,
            models=reranker.identity(),
            results={"held_out": measured},
        )


def _fit(settings: RerankerSettings, groups: Iterable[Group], folder: Path) -> Reranker:
    """The reranker, saved in `folder`."""
    if settings.base == "forest":
        from opora.train.reranker.lambdamart import train_forest

        forest = train_forest(groups, settings)
        forest.save(folder / MODEL)
        return forest
    from opora.train.reranker.cross_encoder import train_cross_encoder

    return train_cross_encoder(groups, settings, folder / MODEL, folder / WORK / "trainer")


def _relabelled(groups: Iterable[Group], model: LanguageModel) -> Iterator[Group]:
    """Candidates of questions with a known answer labelled by how probable it is after each, the best one 1."""
    for group in groups:
        if group.answer:
            asked = group.question
            values = answer_probabilities(model, asked.text, asked.language, group.candidates, group.answer)
            best = max(values) or 1.0
            group.labels = [value / best for value in values]
        yield group


def _judge(settings: RerankerSettings) -> str:
    """The language model that labels."""
    return settings.labels.removeprefix("reward:")
