"""Training and validation pairs of an embedder, split by document.

data = read_embedder_data(EmbedderTrainSettings(), Path("corpus"))
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from opora.corpus.reader import read_documents, read_passages
from opora.errors import InputError
from opora.records import Passage
from opora.train.document_split import EMBEDDER_UNTIL, split_position
from opora.train.embedder.pairs import EmbedderPair, corpus_pairs, find_related_passages, question_pairs
from opora.train.embedder.settings import EmbedderTrainSettings

MAX_VALID_PAIRS = 1000
"""Maximum number of pairs for evaluation, drawn by the seed."""


class EmbedderData(NamedTuple):
    """Pairs to train and to evaluate on; they refer to passages by number. `questions`: number of pairs in `train` that
    come from questions."""

    passages: Sequence[Passage]
    train: Sequence[EmbedderPair]
    valid: Sequence[EmbedderPair]
    questions: int


def read_embedder_data(settings: EmbedderTrainSettings, corpus: Path) -> EmbedderData:
    """Return pairs of the corpus and of the questions, split by the document of their passage. Raises InputError for
    too small a corpus or a quote that is not in it."""
    passages = list(read_passages(corpus))
    related = find_related_passages(passages)
    pairs = corpus_pairs(passages, related, settings.pairs_per_passage, settings.seed)
    questions: list[EmbedderPair] = []
    if settings.questions is not None:
        questions = question_pairs(settings.questions, list(read_documents(corpus)), passages, related)
    is_train = [split_position(passage.document_id, settings.seed) < EMBEDDER_UNTIL for passage in passages]
    train = [pair for pair in [*questions, *pairs] if is_train[pair.passage]]
    rest = [pair for pair in pairs if not is_train[pair.passage]]
    if len(train) < 2:
        raise InputError(
            f"{corpus}: only {len(train)} of {len(pairs)} pairs are for training; add documents, or change the seed,"
            " which splits documents between embedder and reranker"
        )
    valid = random.Random(settings.seed).sample(rest, min(MAX_VALID_PAIRS, len(rest)))
    return EmbedderData(passages, train, valid, sum(is_train[pair.passage] for pair in questions))
