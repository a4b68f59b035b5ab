"""Stage that trains a reranker.

    RerankerStage(RerankerTrainSettings(), IndexSettings(), Path("corpus"), Path("train/reranker")).run()

`model/` holds LambdaMART trees, or a cross-encoder in the format of sentence-transformers. Candidates come from a
temporary index with the given settings. Documents that a trained embedder has seen are left out, because there its
scores are too good.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from opora.artifacts import Build, Manifest, read_manifest
from opora.artifacts.checksums import hash_json
from opora.artifacts.stage import Project, Stage
from opora.models.base import LanguageModel
from opora.models.response_cache import CachedModel
from opora.models.revision import model_revision
from opora.models.settings import ModelSettings
from opora.models.spec import parse_spec
from opora.retrieval.rerankers.base import Reranker
from opora.retrieval.rerankers.llm import answer_probabilities
from opora.retrieval.settings import IndexSettings
from opora.retrieval.trained_models import MODEL, trained_manifest
from opora.train.reranker.cross_encoder import train_cross_encoder
from opora.train.reranker.evaluate import describe_gain, evaluate_reranker
from opora.train.reranker.groups import GroupSampler, RankingGroup
from opora.train.reranker.lambdamart import train_lambdamart
from opora.train.reranker.settings import RerankerTrainSettings
from opora.train.settings import fingerprint_of_setting

WORK = "work"
CANDIDATE_SETTINGS = {"embedder", "sif_components", "heading_weight", "dense_weight", "synonyms"}
"""Settings of the index that affect its candidates."""


class RerankerStage(Stage):
    """Trains a reranker for an index with `index_settings`."""

    kind = "train reranker"

    def __init__(self, settings: RerankerTrainSettings, index_settings: IndexSettings, corpus: Path, out: Path) -> None:
        self.settings: RerankerTrainSettings = settings
        self.index_settings, self.corpus, self.out = index_settings, corpus, out

    @classmethod
    def of(cls, project: Project, name: str) -> Self:
        settings = project.settings(name, RerankerTrainSettings)
        out = project.root / "train" / name.partition(".")[2]
        return cls(settings, project.settings("index", IndexSettings), project.root / "corpus", out)

    def needs(self, project: Project) -> tuple[str, ...]:
        return ("ingest", *project.trained_by([self.index_settings.embedder]))

    def inputs(self) -> dict[str, str]:
        settings, embedder = self.settings, self.index_settings.embedder
        inputs = {
            "corpus": read_manifest(self.corpus).fingerprint,
            "index": hash_json(self.index_settings.model_dump(mode="json", include=CANDIDATE_SETTINGS)),
        }
        if embedder.startswith("train/"):
            inputs["embedder"] = trained_manifest("embedder", embedder, self.corpus.parent).fingerprint
        if settings.questions:
            inputs["questions"] = fingerprint_of_setting("questions", settings.questions)
        if settings.base != "lambdamart":
            inputs["base"] = model_revision(parse_spec(settings.base))
        if settings.labelling_model:
            inputs["relevance"] = model_revision(parse_spec(settings.labelling_model))
        return inputs

    def make(self, build: Build) -> Manifest:
        """Train and publish. Raises InputError if there is nothing to train on, MissingExtraError without the packages
        of the base."""
        settings = self.settings
        # only settings that affect candidates, and a local store
        search_only = {"reranker": "none", "neighbor_passages": 0, "mmr_lambda": 1.0, "store": "lance"}
        index_settings = self.index_settings.model_copy(update=search_only)
        with build.journal("relevance") as journal:
            sampler = GroupSampler(settings, index_settings, self.corpus, build.path / WORK / "index")
            groups = sampler.groups("train")
            if settings.labelling_model:
                model = CachedModel(settings.labelling_model, ModelSettings(), journal, "relevance")
                groups = label_with_model(groups, model)
            reranker: Reranker
            if settings.base == "lambdamart":
                reranker = train_lambdamart(groups, settings, build.path / MODEL)
            else:
                reranker = train_cross_encoder(groups, settings, build.path / MODEL, build.path / WORK / "trainer")
            metrics = evaluate_reranker(reranker, sampler.groups("held out"), index_settings.dense_weight)
            print(f"opora: {self.out}: {describe_gain(metrics)}", file=sys.stderr)
            shutil.rmtree(build.path / WORK)
            results = {"held_out": metrics}
            models = reranker.identity()
            return build.publish(counts=sampler.counts, dropped=sampler.dropped, models=models, results=results)


def label_with_model(groups: Iterable[RankingGroup], model: LanguageModel) -> Iterator[RankingGroup]:
    """Set the relevance of candidates to the probability of the known answer after each, relative to the best one.
    Groups without an answer are unchanged."""
    for group in groups:
        if group.answer:
            query = group.query
            values = answer_probabilities(model, query.text, query.language, group.candidates, group.answer)
            best = max(values) or 1.0
            group.relevance = [value / best for value in values]
        yield group
