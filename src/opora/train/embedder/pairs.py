"""What an embedder learns from: texts that belong together, and which passages are no strangers to each other.

In: passages. Out: pairs, a sentence with its passage, the sentence left out (the inverse cloze task of Lee et al. 2019,
arXiv:1906.00300), headings with their passage, questions with the passages that answer them.

    kin = find_kin(passages)
    corpus_pairs(passages, kin, per_passage=2, seed=0)[0]
    # Pair(anchor='Плата — 3 руб. в день.', positive='Хранение Срок — 5 дней.', passage=0, kin=frozenset({0}))
"""

from __future__ import annotations

import random
import zlib
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from opora.artifacts import read_records
from opora.errors import InputError
from opora.examples.evidence import resolve_gold
from opora.records import Document, Example, Passage
from opora.text.sentences import sentences
from opora.text.words import word_texts

SHORTEST = 4
"""Words below which a sentence, or what is left of a passage, says too little."""
SHINGLE, HASHES, BAND, ALIKE = 5, 16, 2, 0.5
"""Of MinHash (Broder 1997): words of a shingle, hashes of a passage, hashes of a band; share of equal hashes from which
two passages count as one."""
LOOK_AHEAD = 8
"""Batches' worth of rows that are looked through for one batch."""


class Pair(NamedTuple):
    """`anchor` is to find `positive`, the text of `passages[passage]` or a part of it; `kin`: passages that are no
    wrong answers, itself among them; `negatives`: wrong ones."""

    anchor: str
    positive: str
    passage: int
    kin: frozenset[int]
    negatives: tuple[int, ...] = ()


def corpus_pairs(passages: Sequence[Passage], kin: Sequence[frozenset[int]], per_passage: int, seed: int) -> list[Pair]:
    """At most `per_passage` sentences of each passage, drawn by the seed, and its headings."""
    below: dict[tuple[str, tuple[str, ...]], set[int]] = defaultdict(set)
    for number, passage in enumerate(passages):
        below[passage.document_id, passage.heading].add(number)
    pairs: list[Pair] = []
    for number, passage in enumerate(passages):
        pairs += _sentence_pairs(passage, number, kin[number], random.Random(f"{seed} {passage.id}"), per_passage)
        if passage.heading and len(word_texts(passage.shown)) >= SHORTEST:
            related = kin[number] | below[passage.document_id, passage.heading]
            pairs.append(Pair(" ".join(passage.heading), passage.shown, number, frozenset(related)))
    return pairs


def question_pairs(
    path: Path, documents: Sequence[Document], passages: Sequence[Passage], kin: Sequence[frozenset[int]]
) -> list[Pair]:
    """Each question of the file that has quotes and is not in the test split, with each passage that answers it. Raises
    InputError for a file without any, and for quotes that are not in the corpus."""
    numbers = {passage.id: number for number, passage in enumerate(passages)}
    pairs = []
    for example in read_records(path, Example):
        if example.split == "test" or not (example.quotes or example.gold):
            continue
        gold = [numbers[each] for each in resolve_gold(example, documents, passages).gold if each in numbers]
        related = frozenset().union(*(kin[each] for each in gold)) if gold else frozenset()
        pairs += [Pair(example.question, text_of(passages[each]), each, related) for each in gold]
    if not pairs:
        raise InputError(f"{path}: holds no question to train on: one with quotes, not in the test split")
    return pairs


def text_of(passage: Passage) -> str:
    """What the index embeds of a passage."""
    return " ".join([*passage.heading, passage.shown])


def find_kin(passages: Sequence[Passage]) -> list[frozenset[int]]:
    """For each passage those that say the same: itself, near-equal ones, those whose spans overlap with its own."""
    found: list[set[int]] = [{number} for number in range(len(passages))]
    for group in _near_equal([passage.shown for passage in passages]):
        for number in group:
            found[number] |= group
    places: dict[str, list[int]] = defaultdict(list)
    for number, passage in enumerate(passages):
        places[passage.document_id].append(number)
    for numbers in places.values():
        numbers.sort(key=lambda each: passages[each].start)
        for place, number in enumerate(numbers):
            for other in numbers[place + 1 :]:
                if passages[other].start >= passages[number].end:
                    break
                found[number].add(other)
                found[other].add(number)
    return [frozenset(each) for each in found]


def arrange(pairs: Sequence[Pair], size: int, seed: int) -> list[list[int]]:
    """Batches of at most `size` pairs, shuffled by the seed, in which no passage is a wrong answer by mistake: none is
    kin to the right passage of another pair, and no anchor comes twice. What fits no batch of two is left out."""
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
            own = {pair.passage, *pair.negatives}
            if pair.anchor in anchors or not used.isdisjoint(pair.kin) or not barred.isdisjoint(own):
                skipped.append(number)
                continue
            batch.append(number)
            used |= own
            barred |= pair.kin
            anchors.add(pair.anchor)
        waiting.extendleft(reversed(skipped))
        if len(batch) > 1 or len(pairs) == 1:
            batches.append(batch)
    return batches


def _sentence_pairs(
    passage: Passage, number: int, kin: frozenset[int], draw: random.Random, wanted: int
) -> Iterator[Pair]:
    shown = passage.shown
    spans = sentences(shown, str(passage.metadata.get("language", "")))
    spans = [span for span in spans if len(word_texts(shown[slice(*span)])) >= SHORTEST]
    for start, end in draw.sample(spans, min(wanted, len(spans))):
        rest = f"{shown[:start].rstrip()} {shown[end:].lstrip()}".strip()
        if len(word_texts(rest)) >= SHORTEST:
            yield Pair(shown[start:end], " ".join([*passage.heading, rest]), number, kin)


def _near_equal(texts: Sequence[str]) -> Iterator[set[int]]:
    """Groups of texts about half of whose shingles are those of the first of the group."""
    import numpy as np

    draw = np.random.Generator(np.random.PCG64(1))
    factors = draw.integers(0, 2**63, HASHES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    sketches = np.empty((len(texts), HASHES), dtype=np.uint64)
    for number, text in enumerate(texts):
        words = [zlib.crc32(word.lower().encode()) for word in word_texts(text)] or [number]
        hashes = np.array(words, dtype=np.uint64)
        mixed = np.zeros(max(1, len(hashes) - SHINGLE + 1), dtype=np.uint64)
        for place in range(min(SHINGLE, len(hashes))):
            mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + hashes[place : place + len(mixed)]
        mixed ^= mixed >> np.uint64(29)
        sketches[number] = (mixed[:, None] * factors[None, :]).min(axis=0)
    firsts: dict[tuple[int, bytes], int] = {}
    groups: dict[int, set[int]] = defaultdict(set)
    for number, sketch in enumerate(sketches):
        keys = [(band, sketch[band : band + BAND].tobytes()) for band in range(0, HASHES, BAND)]
        for key in keys:
            first = firsts.setdefault(key, number)
            if first != number and (sketches[first] == sketch).mean() >= ALIKE:
                groups[first] |= {first, number}
    yield from groups.values()
