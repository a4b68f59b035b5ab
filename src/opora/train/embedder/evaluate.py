"""How well an embedder finds, and what it takes for right by mistake.

In: a model of sentence-transformers, pairs. Out: recall and MRR among the passages that were held out; pairs with wrong
passages that rank high.

    measure(model, material, settings)      # {'recall@1': 0.61, 'recall@10': 0.84, 'mrr': 0.69}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from opora.errors import InputError
from opora.retrieval.embedders.base import Role
from opora.retrieval.embedders.sentence_transformer import select_prompt
from opora.retrieval.vectors import Vectors
from opora.train.embedder.pairs import Pair, text_of
from opora.train.embedder.settings import EmbedderTrainSettings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from opora.train.embedder.stage import Material

ROWS = 256
"""Questions whose products with all passages are made at once."""


def measure(model: SentenceTransformer, material: Material, settings: EmbedderTrainSettings) -> dict[str, float]:
    """Of the pairs that are scored, among the passages that hold one of them: each is to find what is left of its
    passage without it. Empty where nothing was held out. MRR counts the first ten."""
    pairs = material.scored
    if not pairs:
        return {}
    numbers = sorted({pair.passage for pair in pairs})
    columns = {number: column for column, number in enumerate(numbers)}
    passages = encode(model, [text_of(material.passages[each]) for each in numbers], "passage", settings)
    anchors = encode(model, [pair.anchor for pair in pairs], "question", settings)
    rights = encode(model, [pair.positive for pair in pairs], "passage", settings)
    ranks = []
    for pair, anchor, right in zip(pairs, anchors, rights, strict=True):
        scores = passages @ anchor
        scores[[columns[each] for each in pair.kin if each in columns]] = -2.0
        ranks.append(1 + int((scores > anchor @ right).sum()))
    found = np.array(ranks)
    return {
        "recall@1": round(float((found <= 1).mean()), 4),
        "recall@10": round(float((found <= 10).mean()), 4),
        "mrr": round(float(np.where(found <= 10, 1 / found, 0).mean()), 4),
    }


def mine(model: SentenceTransformer, material: Material, settings: EmbedderTrainSettings) -> list[Pair]:
    """The pairs that are learnt from, each with `settings.negatives` wrong passages, of the documents that are learnt
    from: those that the model ranks highest, though clearly below the right one. Raises InputError if there are too
    few passages."""
    numbers = np.array(sorted({pair.passage for pair in material.learnt}))
    columns = {int(number): column for column, number in enumerate(numbers)}
    passages = encode(model, [text_of(material.passages[each]) for each in numbers], "passage", settings)
    pairs: list[Pair] = []
    for batch in _batches(material.learnt):
        anchors = encode(model, [pair.anchor for pair in batch], "question", settings)
        rights = encode(model, [pair.positive for pair in batch], "passage", settings)
        limits = settings.negative_share * (anchors * rights).sum(axis=1)
        for pair, scores, limit in zip(batch, anchors @ passages.T, limits, strict=True):
            barred = [columns[each] for each in pair.kin if each in columns]
            # what may be right comes after all others, what is right is never taken
            scores[scores > limit] -= 2.0
            scores[barred] = -9.0
            best = np.argsort(-scores, kind="stable")[: settings.negatives]
            if len(best) < settings.negatives or scores[best[-1]] == -9.0:
                raise InputError(
                    f"train: {len(numbers)} passages are too few for {settings.negatives} hard negatives of each pair;"
                    " lower hard_negatives"
                )
            pairs.append(pair._replace(negatives=tuple(int(numbers[each]) for each in best)))
    return pairs


def encode(model: SentenceTransformer, texts: Sequence[str], role: Role, settings: EmbedderTrainSettings) -> Vectors:
    """Unit vectors, shape (texts, dimensions)."""
    vectors: Vectors = model.encode(
        list(texts),
        prompt=select_prompt(settings.base, model.prompts, role),
        batch_size=settings.step_size,
        normalize_embeddings=True,
        show_progress_bar=False,
    )
    return vectors


def _batches(pairs: Sequence[Pair]) -> Iterator[Sequence[Pair]]:
    for start in range(0, len(pairs), ROWS):
        yield pairs[start : start + ROWS]
