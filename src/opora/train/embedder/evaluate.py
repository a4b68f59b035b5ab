"""Retrieval quality of an embedder, and its hard negatives.

evaluate_embedder(model, data, settings)      # {'recall@1': 0.61, 'recall@10': 0.84, 'mrr': 0.69}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from opora.errors import InputError
from opora.retrieval.embedders.base import Role
from opora.retrieval.embedders.sentence_transformer import select_prompt
from opora.retrieval.index.rows import embedding_text
from opora.retrieval.vectors import Vectors
from opora.train.embedder.pairs import EmbedderData, EmbedderPair
from opora.train.embedder.settings import EmbedderTrainSettings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH_SIZE = 256
"""Anchors that are compared with all passages at once."""
EXCLUDED, PENALTY = -9.0, 2.0
"""Score of a related passage, and what is subtracted from a passage that may be right; cosines are at least -1."""


def evaluate_embedder(
    model: SentenceTransformer, data: EmbedderData, settings: EmbedderTrainSettings
) -> dict[str, float]:
    """Return recall@1, recall@10 and MRR@10 on the validation pairs; empty if there are none. Each anchor searches the
    passages of all validation pairs; its own passage is scored without the anchor."""
    pairs = data.valid
    if not pairs:
        return {}
    numbers = sorted({pair.passage for pair in pairs})
    columns = {number: column for column, number in enumerate(numbers)}
    passages = _encode(model, [embedding_text(data.passages[n]).text for n in numbers], "passage", settings)
    anchors = _encode(model, [pair.anchor for pair in pairs], "question", settings)
    positives = _encode(model, [pair.positive for pair in pairs], "passage", settings)
    ranks = []
    for pair, anchor, positive in zip(pairs, anchors, positives, strict=True):
        scores = passages @ anchor
        scores[[columns[number] for number in pair.related if number in columns]] = -PENALTY
        ranks.append(1 + int((scores > anchor @ positive).sum()))
    rank = np.array(ranks)
    return {
        "recall@1": round(float((rank <= 1).mean()), 4),
        "recall@10": round(float((rank <= 10).mean()), 4),
        "mrr": round(float(np.where(rank <= 10, 1 / rank, 0).mean()), 4),
    }


def mine_hard_negatives(
    model: SentenceTransformer, data: EmbedderData, settings: EmbedderTrainSettings
) -> list[EmbedderPair]:
    """Return the training pairs with the wrong passages that the model ranks highest, but clearly below the right one.
    Raises InputError if there are too few passages."""
    count = settings.negatives_per_pair
    numbers = sorted({pair.passage for pair in data.train})
    columns = {number: column for column, number in enumerate(numbers)}
    passages = _encode(model, [embedding_text(data.passages[n]).text for n in numbers], "passage", settings)
    pairs: list[EmbedderPair] = []
    for start in range(0, len(data.train), BATCH_SIZE):
        batch = data.train[start : start + BATCH_SIZE]
        anchors = _encode(model, [pair.anchor for pair in batch], "question", settings)
        positives = _encode(model, [pair.positive for pair in batch], "passage", settings)
        limits = settings.negative_share * (anchors * positives).sum(axis=1)
        for pair, scores, limit in zip(batch, anchors @ passages.T, limits, strict=True):
            # passages that may be right come last, related passages are never taken
            scores[scores > limit] -= PENALTY
            scores[[columns[number] for number in pair.related if number in columns]] = EXCLUDED
            best = np.argsort(-scores, kind="stable")[:count]
            if len(best) < count or scores[best[-1]] == EXCLUDED:
                fault = f"{len(numbers)} passages are too few for {count} hard negatives per pair"
                raise InputError(f"train: {fault}; lower hard_negatives")
            pairs.append(pair._replace(hard_negatives=tuple(numbers[column] for column in best)))
    return pairs


def _encode(model: SentenceTransformer, texts: Sequence[str], role: Role, settings: EmbedderTrainSettings) -> Vectors:
    """Return unit vectors, shape (texts, dimensions)."""
    vectors: Vectors = model.encode(
        list(texts),
        prompt=select_prompt(settings.base, model.prompts, role),
        batch_size=settings.step_size,
        normalize_embeddings=True,
        show_progress_bar=False,
    )
    return vectors
