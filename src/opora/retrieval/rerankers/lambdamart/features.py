"""What is known of how well a passage fits a question, as numbers that mean the same in every corpus and language.

In: a question and its candidates. Out: a row a candidate, shape (candidates, FEATURES), float32. Scores are divided by
the best one among the candidates, words count by the share of the question's weight (inverse document frequency) that
they hold; so a forest that was trained on one corpus serves another. Features of this kind: Liu 2009, "Learning to Rank
for Information Retrieval", section 1.2; of proximity: Tao and Zhai 2007.

    features(question, candidates)[0, FEATURES.index("bm25")]        # 1.0 where the first was found best by its words
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np

from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.rerankers.lambdamart.proximity import PROXIMITY, Place, proximity
from opora.retrieval.rerankers.lambdamart.question_types import TYPES, question_type
from opora.retrieval.vectors import Vectors
from opora.text.language import CYRILLIC
from opora.text.terms.index_terms import search_terms
from opora.text.words import words

GROUPS: dict[str, tuple[str, ...]] = {
    "scores": ("bm25", "bm25_rank", "bm25_gap", "cosine", "cosine_share", "cosine_rank", "cosine_gap", "both"),
    "words": ("passage_share", "any_share", "saturated", "rarest", "missing", "density"),
    "headings": ("heading_share", "heading_precision", "title_share"),
    "proximity": PROXIMITY,
    "numbers": ("numbers_asked", "numbers_held", "numbers_density"),
    "names": ("names_asked", "names_held", "names_density"),
    "passage": ("length", "table", "same_language"),
    "question": (*(f"asks_{each.replace(' ', '_')}" for each in TYPES), "asked_terms", "dates", "evidence"),
}
"""Group -> its features, in the order of the columns."""
FEATURES: tuple[str, ...] = tuple(name for group in GROUPS.values() for name in group)

SATURATION = 1.2
"""How soon repeats of a term stop to count: k1 of BM25."""
DIGITS = frozenset("0123456789")
MOST_TERMS = 20
"""Longer questions count as this long."""

_NAME = re.compile(r"[A-ZА-ЯЁÀ-Þ](?<=[^\W\d_][ -].)(?=[^\W\d_])")
"""A word with a capital behind another word."""
_LATIN = re.compile(r"[A-Za-z]")
_OPENING = ' «"(“„'


class _Asked(NamedTuple):
    """What the question asks for. `weights`: term -> share of the question's weight."""

    weights: Mapping[str, float]
    rarest: str
    numbers: frozenset[str]
    names: frozenset[str]
    type: str
    constant: list[float]
    """The features that all candidates share: one for the type among `TYPES`, and how many terms there are."""
    language: str


class _Held(NamedTuple):
    """What a candidate holds. `places`: where terms of the question stand among its own; `heading`: those that its
    headings hold; `numbers` and `names`: how dense they are; `dates`: 1 where there are three or more."""

    places: list[Place]
    counts: Mapping[str, int]
    heading: frozenset[str]
    length: int
    numbers: float
    names: float
    dates: float
    table: bool


def features(question: Query, candidates: Sequence[Candidate]) -> Vectors:
    """A row a candidate, columns as `FEATURES` names them; 0 where a feature has nothing to say."""
    if not candidates:
        return np.zeros((0, len(FEATURES)), dtype=np.float32)
    asked = _asked(question)
    mean = sum(len(each.terms) for each in candidates) / len(candidates) or 1.0
    own = np.array([_own(asked, each, mean) for each in candidates], dtype=np.float32)
    return np.hstack([_scores(question, candidates), own])


def _asked(question: Query) -> _Asked:
    total = sum(question.terms.values()) or 1.0
    kind = question_type(question.text)
    return _Asked(
        {term: weight / total for term, weight in question.terms.items()},
        max(question.terms, key=question.terms.__getitem__, default=""),
        frozenset(filter(_is_number, question.terms)),
        frozenset(_names(question.text, question.language)) & question.terms.keys(),
        kind,
        [*(float(each == kind) for each in TYPES), float(min(MOST_TERMS, len(question.terms)))],
        question.language,
    )


def _names(text: str, language: str) -> Iterator[str]:
    """Terms of names: words with a capital inside a sentence, abbreviations, codes, words of another script."""
    cyrillic = language in CYRILLIC
    for word in words(text):
        before = text[: word.start].rstrip(_OPENING)
        begins = not before or before[-1] in ".!?"
        capital = word.text[0].isupper() and (not begins or (len(word.text) > 1 and word.text.isupper()))
        if not word.is_number and (capital or (cyrillic and _LATIN.match(word.text))):
            yield from search_terms(word.text, language)


def _scores(question: Query, candidates: Sequence[Candidate]) -> Vectors:
    """The group `scores`: each score by the best one, one over its rank, its distance to the best of the others."""
    bm25 = np.array([each.bm25 for each in candidates], dtype=np.float32)
    cosine = np.array([_cosine(question, each) for each in candidates], dtype=np.float32)
    columns = []
    for scores in (bm25, cosine):
        best = max(float(scores.max()), 0.0) or 1.0
        share = scores / best
        # as many are better, so that equals rank alike
        rank = np.where(scores > 0, 1.0 / (1 + (scores[None, :] > scores[:, None]).sum(axis=1)), 0.0)
        columns.append((share, rank, share - _best_other(share)))
    (lexical, *of_bm25), (dense, *of_cosine) = columns
    both = (lexical + dense) / 2
    return np.column_stack([lexical, *of_bm25, cosine, dense, *of_cosine, both]).astype(np.float32)


def _cosine(question: Query, candidate: Candidate) -> float:
    """Also of what was not found by its vector."""
    if candidate.cosine or question.vector is None or candidate.vector is None:
        return max(0.0, candidate.cosine)
    return max(0.0, float(candidate.vector @ question.vector))


def _best_other(scores: Vectors) -> Vectors:
    """For each score the best of the others, 0 where there is no other."""
    if len(scores) == 1:
        return np.zeros_like(scores)
    second, first = np.partition(scores, -2)[-2:]
    at = int(scores.argmax())
    others = np.full_like(scores, first)
    others[at] = second
    return others


def _own(asked: _Asked, candidate: Candidate, mean: float) -> list[float]:
    """All other groups."""
    held = _held(asked, candidate)
    either = held.counts.keys() | held.heading
    return [
        *_words(asked, held, either),
        *_headings(asked, candidate, held),
        *proximity(held.places, held.length, asked.weights),
        float(bool(asked.numbers)),
        _share(asked.numbers, either, asked.weights),
        held.numbers,
        float(bool(asked.names)),
        _share(asked.names, either, asked.weights),
        held.names,
        held.length / mean,
        float(held.table),
        float(candidate.language == asked.language),
        *asked.constant,
        held.dates,
        _evidence(asked, held),
    ]


def _held(asked: _Asked, candidate: Candidate) -> _Held:
    weights, text = asked.weights, str(candidate.data["text"])
    length = len(candidate.terms) or 1
    places = [(at, term) for at, term in enumerate(candidate.terms) if term in weights]
    # most terms are words, which is told in a quarter of the time
    numbers = [term for term in candidate.terms if not term.isalpha() and _is_number(term)]
    counts: dict[str, int] = {}
    for _, term in places:
        counts[term] = counts.get(term, 0) + 1
    return _Held(
        places,
        counts,
        frozenset(candidate.heading_terms) & weights.keys(),
        length,
        numbers=len(numbers) / length,
        names=len(_NAME.findall(text)) / length,
        dates=min(3, sum(map(_is_date, numbers))) / 3,
        table=text.lstrip().startswith("|") or "\n|" in text,
    )


def _words(asked: _Asked, held: _Held, either: Set[str]) -> list[float]:
    weights = asked.weights
    return [
        sum(weights[term] for term in held.counts),
        sum(weights[term] for term in either),
        sum(weights[term] * count / (count + SATURATION) for term, count in held.counts.items()),
        float(asked.rarest in either),
        max((weight for term, weight in weights.items() if term not in either), default=0.0),
        len(held.places) / held.length,
    ]


def _headings(asked: _Asked, candidate: Candidate, held: _Held) -> list[float]:
    title = _title_terms(str(candidate.data["metadata"].get("title", "")), candidate.language)
    return [
        sum(asked.weights[term] for term in held.heading),
        len(held.heading) / (len(set(candidate.heading_terms)) or 1),
        sum(asked.weights[term] for term in title & asked.weights.keys()),
    ]


def _evidence(asked: _Asked, held: _Held) -> float:
    """How much the passage holds of what answers a question of that type."""
    return {"who": held.names, "when": held.dates, "how many": held.numbers}.get(asked.type, 0.0)


@functools.lru_cache(maxsize=10_000)
def _title_terms(title: str, language: str) -> frozenset[str]:
    return frozenset(search_terms(title, language))


def _share(wanted: frozenset[str], held: Set[str], weights: Mapping[str, float]) -> float:
    """Share of the weight of `wanted` terms that is held."""
    total = sum(weights[term] for term in wanted)
    return sum(weights[term] for term in wanted & held) / total if total else 0.0


def _is_number(term: str) -> bool:
    """A number, or a code of letters and digits."""
    return term[0] in DIGITS or term[-1] in DIGITS


def _is_date(number: str) -> bool:
    """A year, or a date as `search_terms` writes it, `2021-03-12`."""
    return (len(number) == 4 and number.isdigit() and number[0] in "12") or (len(number) == 10 and number[4] == "-")
