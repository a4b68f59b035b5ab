"""What is tested must not have been trained on: the check that runs on every dataset and fails loudly.

In: the text that each split shows a model, and what each split asks. Out: nothing, or an InputError that names the
first leak and counts the others. Three nets: the same question; twelve words in a row of a question, its answer or its
evidence (Brown et al. 2020, appendix C, use 13; 12 is stricter); a question nearly the same.

    check_leaks({"train": seen_rows, "valid": rows, "test": rows})
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from opora.errors import InputError
from opora.text.words import words

NGRAM_WORDS = 12
NEAR_DUPLICATE = 92.0
"""Questions whose sorted words are at least this similar (rapidfuzz token_sort_ratio, 0 to 100) are nearly the same,
unless they ask about another thing: another number, or a word that is no other spelling of the other's."""
SPELLING = 70.0
"""Words at least this similar are two spellings of one."""
COMPARED_AT_ONCE = 512


class Checked(NamedTuple):
    """One question of a split: what it asks, and the texts that must not be known beforehand (question, answer,
    evidence); `seen` is all that a model is shown when it is trained on it."""

    id: str
    question: str
    evidence: tuple[str, ...]
    seen: tuple[str, ...]


class Leak(NamedTuple):
    kind: str
    trained: str
    tested: str
    text: str


def check_leaks(splits: Mapping[str, Sequence[Checked]]) -> None:
    """Compare every split with every later one of the mapping, the earlier taken as trained on. Raises InputError."""
    for (trained, seen), (tested, asked) in itertools.combinations(splits.items(), 2):
        leaks = list(find_leaks(seen, asked))
        if leaks:
            first = leaks[0]
            raise InputError(
                f"leak between {trained} and {tested}: {first.kind} in {first.trained!r} and {first.tested!r}:"
                f" {first.text!r} ({len(leaks)} in all); move these questions or documents into one split"
            )


def find_leaks(seen: Sequence[Checked], asked: Sequence[Checked]) -> Iterator[Leak]:
    """The leaks of `asked` into `seen`, at most one of a kind for each question."""
    exact = {_normal(each.question): each.id for each in seen}
    ngrams: dict[tuple[str, ...], str] = {}
    for each in seen:
        for text in each.seen:
            ngrams.update(dict.fromkeys(_ngrams(text), each.id))
    for each in asked:
        if trained := exact.get(_normal(each.question)):
            yield Leak("same question", trained, each.id, each.question)
        shared = (ngram for text in each.evidence for ngram in _ngrams(text) if ngram in ngrams)
        if ngram := next(shared, None):
            yield Leak(f"{NGRAM_WORDS} words in a row", ngrams[ngram], each.id, " ".join(ngram))
    yield from _near_duplicates(seen, asked)


def _near_duplicates(seen: Sequence[Checked], asked: Sequence[Checked]) -> Iterator[Leak]:
    import numpy as np
    from rapidfuzz import fuzz, process

    trained = list({each.question: each for each in seen}.values())
    for start in range(0, len(asked), COMPARED_AT_ONCE):
        batch = asked[start : start + COMPARED_AT_ONCE]
        similarity = process.cdist(
            [_normal(each.question) for each in batch],
            [_normal(each.question) for each in trained],
            scorer=fuzz.token_sort_ratio,
            score_cutoff=NEAR_DUPLICATE,
        )
        for row, column in np.argwhere(similarity > 0):
            one, other = trained[column], batch[row]
            if _normal(one.question) != _normal(other.question) and not _ask_of_others(one, other):
                yield Leak("nearly the same question", one.id, other.id, other.question)


def _normal(text: str) -> str:
    return " ".join(word.text.casefold().replace("ё", "е") for word in words(text))


def _ask_of_others(one: Checked, other: Checked) -> bool:
    """True if two questions of one wording ask about different things: the ferry Aurora and the ferry Celeste."""
    from rapidfuzz import fuzz

    left, right = set(_normal(one.question).split()), set(_normal(other.question).split())
    only_left, only_right = sorted(left - right), sorted(right - left)
    if any(any(map(str.isdigit, word)) for word in [*only_left, *only_right]):
        return True
    return bool(only_left and only_right) and fuzz.ratio(" ".join(only_left), " ".join(only_right)) < SPELLING


def _ngrams(text: str) -> Iterator[tuple[str, ...]]:
    folded = _normal(text).split()
    return (tuple(folded[at : at + NGRAM_WORDS]) for at in range(len(folded) - NGRAM_WORDS + 1))
