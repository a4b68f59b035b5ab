"""Training of an embedder on a corpus: its own sentences are to find the passages that they were taken from.

In: a corpus, and questions with quotes if there are any. Out: `model/` in the form of sentence-transformers,
`log.jsonl`, a card, a manifest. Documents are shared with the reranker (opora.train.document_split): this training
learns from its part only, and is scored on the rest before and after.

    train_embedder(EmbedderTrainSettings(), Path("corpus"), Path("train/dense"))
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from opora.artifacts import Build, Manifest, fingerprint_of_file, read_manifest, write_json_lines
from opora.console.progress import track
from opora.corpus.reader import read_documents, read_passages
from opora.errors import InputError, MissingExtraError
from opora.models.revision import revision_of
from opora.models.spec import parse_spec
from opora.records import Passage
from opora.retrieval.embedders.registry import EMBEDDERS
from opora.retrieval.embedders.static import LANGUAGES
from opora.retrieval.trained_models import MODEL
from opora.train.document_split import EMBEDDER_UNTIL, part_of
from opora.train.embedder.pairs import Pair, corpus_pairs, find_kin, question_pairs, text_of
from opora.train.embedder.settings import EmbedderTrainSettings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn

STAGE, LOG, CARD = "train embedder", "log.jsonl", "README.md"
SCORED = 1000
"""Pairs at most that are scored before and after, drawn by the seed."""


class Material(NamedTuple):
    """What is learnt from, and what is scored; pairs name passages by their number."""

    passages: Sequence[Passage]
    learnt: Sequence[Pair]
    scored: Sequence[Pair]
    questions: int


def embedder_build(settings: EmbedderTrainSettings, corpus: Path, out: Path) -> Build:
    """The build of this embedder: what it is made from, and whether it is done. Raises InputError for a wrong base, a
    corpus or a file of questions that is not there."""
    inputs = {"corpus": read_manifest(corpus).fingerprint, "base": _base_revision(settings.base)}
    if settings.questions is not None:
        if not settings.questions.is_file():
            raise InputError(f"train: questions is {settings.questions}: no such file")
        inputs["questions"] = fingerprint_of_file(settings.questions)
    return Build(out, STAGE, settings, inputs, seed=settings.seed)


def train_embedder(settings: EmbedderTrainSettings, corpus: Path, out: Path) -> Manifest:
    """Train. Raises MissingExtraError without the packages, InputError for a corpus that gives no pairs or a question
    whose quote is not in it, ModelError for a base that does not load."""
    try:
        import datasets  # noqa: F401 the extra is there or it is not
        import sentence_transformers  # noqa: F401
    except ModuleNotFoundError:
        raise MissingExtraError("training of an embedder", "train") from None
    build = embedder_build(settings, corpus, out)
    if build.finished:
        return build.finished
    with build:
        material = read_material(settings, corpus)
        log, results = _train(settings, material, build.path)
        write_json_lines(build.path / LOG, log)
        _write_card(build.path, settings, out.name, results)
        counts = {
            "passages": len(material.passages),
            "pairs": len(material.learnt),
            "questions": material.questions,
            "held_out": len(material.scored),
            "steps": int(log[-1]["step"]),
        }
        return build.publish(
            counts=counts,
            models={settings.base: build.inputs["base"]},
            results=results,
            # the cards say the name of the folder; a mean loss in the log begins anew where a killed run goes on
            volatile=frozenset({CARD, f"{MODEL}/{CARD}", LOG}),
        )


def read_material(settings: EmbedderTrainSettings, corpus: Path) -> Material:
    """Pairs of the corpus and of the questions, each on the side of the passage that it is to find."""
    passages = list(read_passages(corpus))
    kin = find_kin(passages)
    pairs = corpus_pairs(passages, kin, settings.pairs_per_passage, settings.seed)
    asked: list[Pair] = []
    if settings.questions is not None:
        asked = question_pairs(settings.questions, list(read_documents(corpus)), passages, kin)
    places = [part_of(passage.document_id, settings.seed) for passage in passages]
    learnt = [pair for pair in [*asked, *pairs] if places[pair.passage] < EMBEDDER_UNTIL]
    rest = [pair for pair in pairs if places[pair.passage] >= EMBEDDER_UNTIL]
    if len(learnt) < 2:
        raise InputError(
            f"{corpus}: {len(learnt)} pairs to learn from, of {len(pairs)}; an embedder needs more documents, or"
            " another seed, by which documents are shared with the reranker"
        )
    scored = random.Random(settings.seed).sample(rest, min(SCORED, len(rest)))
    return Material(passages, learnt, scored, sum(places[each.passage] < EMBEDDER_UNTIL for each in asked))


def _train(
    settings: EmbedderTrainSettings, material: Material, folder: Path
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    from opora.train.embedder.evaluate import measure, mine
    from opora.train.embedder.fit import CHECKPOINTS, MASKED, fit_embedder, pretrain_masked

    model = open_base(settings, material.passages)
    before = measure(model, material, settings)
    pairs = mine(model, material, settings) if settings.negatives else material.learnt
    if settings.mlm_epochs:
        pretrain_masked(model, [text_of(each) for each in material.passages], settings, folder)
    log = fit_embedder(model, [text_of(each) for each in material.passages], pairs, settings, folder)
    after = measure(model, material, settings)
    last = log[-1]["step"] if log else 0
    rows = [{"step": 0, **before}, *log, {"step": last, **after}]
    model.save(str(folder / MODEL), create_model_card=False)
    languages = sorted({str(each.metadata.get("language", "")) for each in material.passages})
    if settings.base == "sif":
        (folder / MODEL / LANGUAGES).write_text(json.dumps(languages) + "\n", encoding="utf-8")
    for leftover in (CHECKPOINTS, MASKED, f"{MASKED}.partial"):
        shutil.rmtree(folder / leftover, ignore_errors=True)
    _tell_if_worse(before, after)
    return rows, {"before": before, "after": after, "languages": languages}


def open_base(settings: EmbedderTrainSettings, passages: Sequence[Passage]) -> SentenceTransformer:
    """What is adapted, before it is."""
    from opora.retrieval.embedders.base import Text

    if settings.base != "sif":
        from opora.retrieval.embedders.sentence_transformer import load_sentence_transformer

        parsed = EMBEDDERS.parse(settings.base)
        model = load_sentence_transformer(parsed.name, parsed.revision, settings.device)
        if hasattr(model[0], "auto_model"):
            model.max_seq_length = min(settings.max_tokens, int(model.max_seq_length or settings.max_tokens))
        return model
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Normalize
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    from opora.train.embedder.static_table import make_table

    texts = [
        Text(text_of(each), str(each.metadata.get("language", ""))) for each in track(passages, "words", len(passages))
    ]
    tokenizer, rows = make_table(texts, settings.components, settings.vocabulary)
    modules: list[nn.Module] = [StaticEmbedding(tokenizer, embedding_weights=rows), Normalize()]
    return SentenceTransformer(modules=modules, device=None if settings.device == "auto" else settings.device)


def _base_revision(base: str) -> str:
    if base == "sif":
        from opora.retrieval.embedders.navec import find_word_vectors

        return fingerprint_of_file(find_word_vectors())
    EMBEDDERS.parse(base)
    return revision_of(parse_spec(base))


def _tell_if_worse(before: dict[str, float], after: dict[str, float]) -> None:
    if before and after["mrr"] < before["mrr"]:
        print(
            f"opora: train embedder: it finds less than before training: MRR {before['mrr']:.3f} before,"
            f" {after['mrr']:.3f} after; fewer epochs or a lower lr may help",
            file=sys.stderr,
        )


def _write_card(folder: Path, settings: EmbedderTrainSettings, name: str, results: dict[str, Any]) -> None:
    """Beside the manifest and inside the model, which is given away alone."""
    from importlib import resources

    from jinja2 import Environment, StrictUndefined

    source = resources.files(__package__).joinpath("embedder_card.md.jinja").read_text(encoding="utf-8")
    template = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(source)
    text = template.render(name=name, settings=settings.model_dump(mode="json"), **results)
    for path in (folder / CARD, folder / MODEL / CARD):
        path.write_text(text, encoding="utf-8")
