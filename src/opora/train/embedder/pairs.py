"""Training and validation pairs of an embedder: an anchor text and the passage that it should find.

In: a corpus, and optionally questions with quotes. Out: pairs, split by document: a sentence and its passage without
the sentence (the inverse cloze task of Lee et al. 2019, arXiv:1906.00300), headings and their passage, questions and
the passages that answer them.

    read_embedder_data(EmbedderTrainSettings(), Path("corpus")).train[0]
    # EmbedderPair(anchor='Плата — 3 руб. в день.', positive='Хранение Срок — 5 дней.', passage=0, related={0})
"""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from opora.artifacts import read_records
from opora.corpus.reader import read_documents, read_passages
from opora.errors import InputError
from opora.examples.evidence import resolve_gold
from opora.records import Document, Example, Passage
from opora.retrieval.index.rows import embedding_text
from opora.text.near_duplicates import find_near_duplicates
from opora.text.sentences import sentences
from opora.text.words import word_texts
from opora.train.document_split import EMBEDDER_UNTIL, split_position
from opora.train.embedder.settings import EmbedderTrainSettings

MIN_WORDS = 4
"""Minimum words of a sentence, and of a passage without it."""
LOOK_AHEAD = 8
"""Number of batches' worth of pairs searched to fill one batch."""
MAX_VALID_PAIRS = 1000
"""Maximum number of pairs for evaluation, drawn by the seed."""


class EmbedderPair(NamedTuple):
    """`anchor` should find `positive`, all or part of the text of `passages[passage]`. `related`: passages that are not
    wrong answers, including `passage`; `hard_negatives`: wrong passages that rank high."""

    anchor: str
    positive: str
    passage: int
    related: frozenset[int]
    hard_negatives: tuple[int, ...] = ()


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
        advice = "add documents, or change the seed, which splits documents between embedder and reranker"
        raise InputError(f"{corpus}: only {len(train)} of {len(pairs)} pairs are for training; {advice}")
    valid = random.Random(settings.seed).sample(rest, min(MAX_VALID_PAIRS, len(rest)))
    return EmbedderData(passages, train, valid, sum(is_train[pair.passage] for pair in questions))


def corpus_pairs(
    passages: Sequence[Passage], related: Sequence[frozenset[int]], per_passage: int, seed: int
) -> list[EmbedderPair]:
    """Return pairs for at most `per_passage` random sentences of each passage, and for its headings."""
    same_heading: dict[tuple[str, tuple[str, ...]], set[int]] = defaultdict(set)
    for number, passage in enumerate(passages):
        same_heading[passage.document_id, passage.heading].add(number)
    pairs: list[EmbedderPair] = []
    for number, passage in enumerate(passages):
        rng = random.Random(f"{seed} {passage.id}")
        pairs += _sentence_pairs(passage, number, related[number], rng, per_passage)
        if passage.heading and len(word_texts(passage.full_text)) >= MIN_WORDS:
            right = related[number] | same_heading[passage.document_id, passage.heading]
            pairs.append(EmbedderPair(" ".join(passage.heading), passage.full_text, number, frozenset(right)))
    return pairs


def question_pairs(
    path: Path, documents: Sequence[Document], passages: Sequence[Passage], related: Sequence[frozenset[int]]
) -> list[EmbedderPair]:
    """Return pairs of each question with quotes outside the test split and each passage that answers it. Raises
    InputError for a file without such questions, and for quotes that are not in the corpus."""
    numbers = {passage.id: number for number, passage in enumerate(passages)}
    pairs: list[EmbedderPair] = []
    for example in read_records(path, Example):
        if example.split == "test" or not (example.quotes or example.gold):
            continue
        gold_ids = resolve_gold(example, documents, passages).gold
        gold = [numbers[passage_id] for passage_id in gold_ids if passage_id in numbers]
        right = frozenset[int]().union(*(related[number] for number in gold))
        for number in gold:
            pairs.append(EmbedderPair(example.question, embedding_text(passages[number]).text, number, right))
    if not pairs:
        raise InputError(f"{path}: no question to train on; needed are questions with quotes outside the test split")
    return pairs


def find_related_passages(passages: Sequence[Passage]) -> list[frozenset[int]]:
    """Return for each passage the numbers of itself, its near-duplicates, and passages with overlapping spans."""
    related: list[set[int]] = [{number} for number in range(len(passages))]
    for group in find_near_duplicates([passage.full_text for passage in passages]):
        for number in group:
            related[number] |= group
    by_document: dict[str, list[int]] = defaultdict(list)
    for number, passage in enumerate(passages):
        by_document[passage.document_id].append(number)
    for numbers in by_document.values():
        numbers.sort(key=lambda number: passages[number].start)
        for position, number in enumerate(numbers):
            for later in numbers[position + 1 :]:
                if passages[later].start >= passages[number].end:
                    break
                related[number].add(later)
                related[later].add(number)
    return [frozenset(numbers) for numbers in related]


def arrange_batches(pairs: Sequence[EmbedderPair], size: int, seed: int) -> list[list[int]]:
    """Return shuffled batches of at most `size` pairs without false negatives: no passage of a batch is related to the
    positive of another pair, and no anchor occurs twice. Pairs that fit no batch of at least two are left out."""
    waiting = deque(random.Random(seed).sample(range(len(pairs)), len(pairs)))
    batches = []
    while waiting:
        batch: list[int] = []
        skipped: list[int] = []
        used: set[int] = set()
        barred: set[int] = set()
        anchors: set[str] = set()
        while waiting and len(batch) < size and len(skipped) < LOOK_AHEAD * size:
            number = waiting.popleft()
            pair = pairs[number]
            own = {pair.passage, *pair.hard_negatives}
            if pair.anchor in anchors or not used.isdisjoint(pair.related) or not barred.isdisjoint(own):
                skipped.append(number)
                continue
            batch.append(number)
            used |= own
            barred |= pair.related
            anchors.add(pair.anchor)
        waiting.extendleft(reversed(skipped))
        if len(batch) > 1 or len(pairs) == 1:
            batches.append(batch)
    return batches


def _sentence_pairs(
    passage: Passage, number: int, related: frozenset[int], rng: random.Random, count: int
) -> Iterator[EmbedderPair]:
    text = passage.full_text
    spans = sentences(text, str(passage.metadata.get("language", "")))
    spans = [span for span in spans if len(word_texts(text[slice(*span)])) >= MIN_WORDS]
    for start, end in rng.sample(spans, min(count, len(spans))):
        rest = f"{text[:start].rstrip()} {text[end:].lstrip()}".strip()
        if len(word_texts(rest)) >= MIN_WORDS:
            yield EmbedderPair(text[start:end], " ".join([*passage.heading, rest]), number, related)
