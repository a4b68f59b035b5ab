"""Stage that trains an embedder on a corpus.

`model/` has the format of sentence-transformers. The embedder trains on its part of the documents
(`opora.train.document_split`) and is evaluated on the rest before and after.

    EmbedderStage(EmbedderTrainSettings(), Path("corpus"), Path("train/dense")).run()
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from opora.artifacts import Build, Manifest, fingerprint_of_file, read_manifest, write_json_lines
from opora.artifacts.stage import Project, Stage
from opora.console.progress import track
from opora.errors import MissingExtraError
from opora.models.revision import model_revision
from opora.records import Passage
from opora.retrieval.embedders.navec import find_word_vectors
from opora.retrieval.embedders.registry import EMBEDDERS
from opora.retrieval.embedders.static import LANGUAGES
from opora.retrieval.index.rows import embedding_text
from opora.retrieval.trained_models import MODEL
from opora.text.resources import template
from opora.train.embedder.pairs import EmbedderData, read_embedder_data
from opora.train.embedder.settings import EmbedderTrainSettings
from opora.train.settings import fingerprint_of_setting

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn

LOG, CARD = "log.jsonl", "README.md"


class EmbedderStage(Stage):
    """Trains an embedder on a corpus."""

    kind = "train embedder"

    def __init__(self, settings: EmbedderTrainSettings, corpus: Path, out: Path) -> None:
        self.settings: EmbedderTrainSettings = settings
        self.corpus, self.out = corpus, out

    @classmethod
    def of(cls, project: Project, name: str) -> Self:
        settings = project.settings(name, EmbedderTrainSettings)
        return cls(settings, project.root / "corpus", project.root / "train" / name.partition(".")[2])

    def needs(self, project: Project) -> tuple[str, ...]:
        return ("ingest",)

    def inputs(self) -> dict[str, str]:
        base = self.settings.base
        revision = fingerprint_of_file(find_word_vectors()) if base == "sif" else model_revision(EMBEDDERS.parse(base))
        inputs = {"corpus": read_manifest(self.corpus).fingerprint, "base": revision}
        if self.settings.questions is not None:
            inputs["questions"] = fingerprint_of_setting("questions", self.settings.questions)
        return inputs

    def make(self, build: Build) -> Manifest:
        """Train and publish. Raises MissingExtraError without the packages, InputError for faults in the data,
        ModelError for a base that does not load."""
        try:
            import datasets  # noqa: F401 tests whether the extra is installed
            import sentence_transformers  # noqa: F401
        except ModuleNotFoundError:
            raise MissingExtraError("training an embedder", "train") from None
        data = read_embedder_data(self.settings, self.corpus)
        log, results = _train(self.settings, data, build.path)
        write_json_lines(build.path / LOG, log)
        values = {"name": self.out.name, "settings": self.settings.model_dump(mode="json"), **results}
        card = template(__package__, "card.md.jinja").render(values)
        # also in the model, which is shared without the rest
        for path in (build.path / CARD, build.path / MODEL / CARD):
            path.write_text(card, encoding="utf-8")
        counts = {
            "passages": len(data.passages),
            "pairs": len(data.train),
            "questions": data.questions,
            "held_out": len(data.valid),
            "steps": int(log[-1]["step"]),
        }
        return build.publish(
            counts=counts,
            models={self.settings.base: build.inputs["base"]},
            results=results,
            # the cards contain the name of the folder; the mean loss in the log restarts when a run is resumed
            volatile=frozenset({CARD, f"{MODEL}/{CARD}", LOG}),
        )


def _train(
    settings: EmbedderTrainSettings, data: EmbedderData, folder: Path
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Train, save the model in `folder`, and return the log and the results."""
    from opora.train.embedder.evaluate import evaluate_embedder, mine_hard_negatives
    from opora.train.embedder.fit import CHECKPOINTS, MASKED, fit_embedder, pretrain_masked

    texts = [embedding_text(passage).text for passage in data.passages]
    model = load_base(settings, data.passages)
    before = evaluate_embedder(model, data, settings)
    pairs = mine_hard_negatives(model, data, settings) if settings.negatives_per_pair else data.train
    if settings.mlm_epochs:
        pretrain_masked(model, texts, settings, folder)
    log = fit_embedder(model, texts, pairs, settings, folder)
    after = evaluate_embedder(model, data, settings)
    rows = [{"step": 0, **before}, *log, {"step": log[-1]["step"] if log else 0, **after}]
    model.save(str(folder / MODEL), create_model_card=False)
    languages = sorted({str(passage.metadata.get("language", "")) for passage in data.passages})
    if settings.base == "sif":
        (folder / MODEL / LANGUAGES).write_text(json.dumps(languages) + "\n", encoding="utf-8")
    for leftover in (CHECKPOINTS, MASKED, f"{MASKED}.partial"):
        shutil.rmtree(folder / leftover, ignore_errors=True)
    if before and after["mrr"] < before["mrr"]:
        change = f"retrieval got worse: MRR {before['mrr']:.3f} -> {after['mrr']:.3f}"
        print(f"opora: train embedder: {change}; try fewer epochs or a lower lr", file=sys.stderr)
    return rows, {"before": before, "after": after, "languages": languages}


def load_base(settings: EmbedderTrainSettings, passages: Sequence[Passage]) -> SentenceTransformer:
    """Return the model to fine-tune. Word vectors (`sif`) are fitted to the passages."""
    if settings.base != "sif":
        from opora.retrieval.embedders.sentence_transformer import load_sentence_transformer

        spec = EMBEDDERS.parse(settings.base)
        model = load_sentence_transformer(spec.name, spec.revision, settings.device)
        if hasattr(model[0], "auto_model"):
            model.max_seq_length = min(settings.max_tokens, int(model.max_seq_length or settings.max_tokens))
        return model
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Normalize
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    from opora.train.embedder.static_table import make_table

    texts = [embedding_text(passage) for passage in track(passages, "word vectors", len(passages))]
    tokenizer, rows = make_table(texts, settings.sif_components, settings.vocabulary)
    modules: list[nn.Module] = [StaticEmbedding(tokenizer, embedding_weights=rows), Normalize()]
    return SentenceTransformer(modules=modules, device=None if settings.device == "auto" else settings.device)
