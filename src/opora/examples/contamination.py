"""Contamination check: test questions must not appear in the training data.

Leaks are identical questions; 12 consecutive words of a question, its answer or its evidence (Brown et al. 2020,
appendix C, use 13; 12 is stricter); and near-duplicate questions.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from opora.errors import InputError
from opora.text.words import folded_words

NGRAM_WORDS = 12
NEAR_DUPLICATE = 92.0
"""Minimum similarity of the sorted words of two near-duplicate questions (rapidfuzz token_sort_ratio, 0 to 100)."""
SPELLING_VARIANT = 70.0
"""Minimum similarity of two spellings of one word (rapidfuzz ratio, 0 to 100)."""
COMPARED_AT_ONCE = 512


class ExampleTexts(NamedTuple):
    """Texts of one example."""

    id: str
    question: str
    private: tuple[str, ...]
    """Question, answer and evidence, which must not appear in earlier splits."""
    visible: tuple[str, ...]
    """Everything that a model reads when it is trained on the example."""


class Leak(NamedTuple):
    """Text that two splits share, and the ids of the examples."""

    kind: str
    trained: str
    tested: str
    text: str


def check_leaks(splits: Mapping[str, Sequence[ExampleTexts]]) -> None:
    """Compare each split with all later ones of the mapping. Raises InputError for a leak."""
    for (trained, trained_texts), (tested, tested_texts) in itertools.combinations(splits.items(), 2):
        leaks = list(find_leaks(trained_texts, tested_texts))
        if leaks:
            first = leaks[0]
            raise InputError(
                f"leak between {trained} and {tested}: {first.kind} in {first.trained!r} and {first.tested!r}:"
                f" {first.text!r} ({len(leaks)} in all); move these questions or documents into one split"
            )


def find_leaks(trained: Sequence[ExampleTexts], tested: Sequence[ExampleTexts]) -> Iterator[Leak]:
    """Yield the leaks of `tested` into `trained`, at most one of each kind per tested example."""
    questions = {_normalize(example.question): example.id for example in trained}
    ngrams: dict[tuple[str, ...], str] = {}
    for example in trained:
        for text in example.visible:
            ngrams.update(dict.fromkeys(_ngrams(text), example.id))
    for example in tested:
        if trained_id := questions.get(_normalize(example.question)):
            yield Leak("same question", trained_id, example.id, example.question)
        shared = (ngram for text in example.private for ngram in _ngrams(text) if ngram in ngrams)
        if ngram := next(shared, None):
            yield Leak(f"{NGRAM_WORDS} consecutive words", ngrams[ngram], example.id, " ".join(ngram))
    yield from _near_duplicates(trained, tested)


def _near_duplicates(trained: Sequence[ExampleTexts], tested: Sequence[ExampleTexts]) -> Iterator[Leak]:
    import numpy as np
    from rapidfuzz import fuzz, process

    distinct = list({example.question: example for example in trained}.values())
    left = [_normalize(example.question) for example in distinct]
    for start in range(0, len(tested), COMPARED_AT_ONCE):
        batch = tested[start : start + COMPARED_AT_ONCE]
        right = [_normalize(example.question) for example in batch]
        similarity = process.cdist(right, left, scorer=fuzz.token_sort_ratio, score_cutoff=NEAR_DUPLICATE)
        for row, column in np.argwhere(similarity > 0):
            if left[column] != right[row] and not _ask_different_things(left[column], right[row]):
                yield Leak("near-duplicate question", distinct[column].id, batch[row].id, batch[row].question)


def _ask_different_things(left: str, right: str) -> bool:
    """Return True if similar questions differ in a number, or a word that is not a spelling variant, as a name."""
    from rapidfuzz import fuzz

    left_words, right_words = set(left.split()), set(right.split())
    only_left, only_right = sorted(left_words - right_words), sorted(right_words - left_words)
    if any(any(map(str.isdigit, word)) for word in [*only_left, *only_right]):
        return True
    return bool(only_left and only_right) and fuzz.ratio(" ".join(only_left), " ".join(only_right)) < SPELLING_VARIANT


def _normalize(text: str) -> str:
    return " ".join(folded_words(text))


def _ngrams(text: str) -> Iterator[tuple[str, ...]]:
    normalized = _normalize(text).split()
    return (tuple(normalized[start : start + NGRAM_WORDS]) for start in range(len(normalized) - NGRAM_WORDS + 1))
