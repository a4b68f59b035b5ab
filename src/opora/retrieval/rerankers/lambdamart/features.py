"""Features of a candidate passage for LambdaMART, comparable across corpora and languages.

In: a query and its candidates. Out: one row per candidate, shape (candidates, FEATURES), float32. Scores are divided
by the best score among the candidates; terms are weighted by their share of the question's total inverse document
frequency. So a model trained on one corpus works on another. Sources: Liu 2009, "Learning to Rank for Information
Retrieval", section 1.2; proximity: Tao and Zhai 2007.

    compute_features(query, candidates)[0, FEATURES.index("bm25")]        # 1.0 for the best BM25 score
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np

from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.rerankers.lambdamart.proximity import PROXIMITY, TermPosition, proximity
from opora.retrieval.rerankers.lambdamart.question_types import TYPES, question_type
from opora.retrieval.store.bm25 import K1
from opora.retrieval.vectors import Vectors
from opora.text.language import uses_cyrillic
from opora.text.search_terms import search_terms
from opora.text.words import words

GROUPS: dict[str, tuple[str, ...]] = {
    "scores": ("bm25", "bm25_rank", "bm25_gap", "cosine", "cosine_share", "cosine_rank", "cosine_gap", "both"),
    "words": ("passage_share", "any_share", "saturated", "rarest", "missing", "density"),
    "headings": ("heading_share", "heading_precision", "title_share"),
    "proximity": PROXIMITY,
    "numbers": ("question_numbers", "numbers_share", "numbers_density"),
    "names": ("question_names", "names_share", "names_density"),
    "passage": ("length", "table", "same_language"),
    "question": (*(f"asks_{name}" for name in TYPES), "question_terms", "dates", "evidence"),
}
"""Group -> features, in the order of the columns."""
FEATURES: tuple[str, ...] = tuple(name for group in GROUPS.values() for name in group)

DIGITS = frozenset("0123456789")
LONG_QUESTION = 20
"""Number of terms at which the length of a question is capped."""

_NAME = re.compile(r"[A-ZА-ЯЁÀ-Þ](?<=[^\W\d_][ -].)(?=[^\W\d_])")
"""A capitalized word that follows another word."""
_LATIN = re.compile(r"[A-Za-z]")
_OPENING = ' «"(“„'


class _QuestionFacts(NamedTuple):
    """Facts of a question. `weights`: term -> share of the question's total weight."""

    weights: Mapping[str, float]
    rarest: str
    numbers: frozenset[str]
    names: frozenset[str]
    type: str
    constant: list[float]
    """Features that all candidates share: one-hot question type, number of terms."""
    language: str


class _CandidateFacts(NamedTuple):
    """Facts of a candidate.

    `positions`: positions of the question's terms; `heading`: terms of the question in its headings; `numbers` and
    `names`: density per term; `dates`: number of dates, 1 for three or more.
    """

    positions: list[TermPosition]
    counts: Mapping[str, int]
    heading: frozenset[str]
    length: int
    numbers: float
    names: float
    dates: float
    table: bool


def compute_features(query: Query, candidates: Sequence[Candidate]) -> Vectors:
    """Return one row per candidate, columns as in `FEATURES`; 0 where a feature does not apply."""
    if not candidates:
        return np.zeros((0, len(FEATURES)), dtype=np.float32)
    question = _question_facts(query)
    mean = sum(len(candidate.terms) for candidate in candidates) / len(candidates) or 1.0
    rows = np.array([_text_features(question, candidate, mean) for candidate in candidates], dtype=np.float32)
    return np.hstack([_score_features(query, candidates), rows])


def _question_facts(query: Query) -> _QuestionFacts:
    total = sum(query.terms.values()) or 1.0
    kind = question_type(query.text)
    return _QuestionFacts(
        {term: weight / total for term, weight in query.terms.items()},
        max(query.terms, key=query.terms.__getitem__, default=""),
        frozenset(filter(_is_number, query.terms)),
        frozenset(_names(query.text, query.language)) & query.terms.keys(),
        kind,
        [*(float(name == kind) for name in TYPES), float(min(LONG_QUESTION, len(query.terms)))],
        query.language,
    )


def _names(text: str, language: str) -> Iterator[str]:
    """Yield index terms of names: capitalized words inside a sentence, abbreviations, words in another script."""
    cyrillic = uses_cyrillic(language)
    for word in words(text):
        before = text[: word.start].rstrip(_OPENING)
        begins = not before or before[-1] in ".!?"
        capital = word.text[0].isupper() and (not begins or (len(word.text) > 1 and word.text.isupper()))
        if not word.is_number and (capital or (cyrillic and _LATIN.match(word.text))):
            yield from search_terms(word.text, language)


def _score_features(query: Query, candidates: Sequence[Candidate]) -> Vectors:
    """Return the group `scores`: score relative to the best one, reciprocal rank, gap to the best competitor."""
    bm25 = np.array([candidate.bm25 for candidate in candidates], dtype=np.float32)
    cosine = np.array([_cosine(query, candidate) for candidate in candidates], dtype=np.float32)
    columns = []
    for scores in (bm25, cosine):
        best = max(float(scores.max()), 0.0) or 1.0
        share = scores / best
        # rank is the number of better scores, so that ties share a rank
        rank = np.where(scores > 0, 1.0 / (1 + (scores[None, :] > scores[:, None]).sum(axis=1)), 0.0)
        columns.append((share, rank, share - _best_competitors(share)))
    (lexical, *more_bm25), (dense, *more_cosine) = columns
    both = (lexical + dense) / 2
    return np.column_stack([lexical, *more_bm25, cosine, dense, *more_cosine, both]).astype(np.float32)


def _cosine(query: Query, candidate: Candidate) -> float:
    """Return the cosine, also of a candidate that dense retrieval did not return."""
    if candidate.cosine or query.vector is None or candidate.vector is None:
        return max(0.0, candidate.cosine)
    return max(0.0, float(candidate.vector @ query.vector))


def _best_competitors(scores: Vectors) -> Vectors:
    """Return for each score the best of all other scores, 0 if there is none."""
    if len(scores) == 1:
        return np.zeros_like(scores)
    second, first = np.partition(scores, -2)[-2:]
    competitors = np.full_like(scores, first)
    competitors[int(scores.argmax())] = second
    return competitors


def _text_features(question: _QuestionFacts, candidate: Candidate, mean: float) -> list[float]:
    """Return all groups but `scores`. `mean`: mean length of the candidates in terms."""
    facts = _candidate_facts(question, candidate)
    present = facts.counts.keys() | facts.heading
    return [
        *_word_features(question, facts, present),
        *_heading_features(question, candidate, facts),
        *proximity(facts.positions, facts.length, question.weights),
        float(bool(question.numbers)),
        _weight_share(question.numbers, present, question.weights),
        facts.numbers,
        float(bool(question.names)),
        _weight_share(question.names, present, question.weights),
        facts.names,
        facts.length / mean,
        float(facts.table),
        float(candidate.language == question.language),
        *question.constant,
        facts.dates,
        _evidence(question, facts),
    ]


def _candidate_facts(question: _QuestionFacts, candidate: Candidate) -> _CandidateFacts:
    weights, text = question.weights, str(candidate.data["text"])
    length = len(candidate.terms) or 1
    positions = [(position, term) for position, term in enumerate(candidate.terms) if term in weights]
    # most terms are words; `isalpha` rejects them four times faster
    numbers = [term for term in candidate.terms if not term.isalpha() and _is_number(term)]
    counts: dict[str, int] = {}
    for _, term in positions:
        counts[term] = counts.get(term, 0) + 1
    return _CandidateFacts(
        positions,
        counts,
        frozenset(candidate.heading_terms) & weights.keys(),
        length,
        numbers=len(numbers) / length,
        names=len(_NAME.findall(text)) / length,
        dates=min(3, sum(map(_is_date, numbers))) / 3,
        table=text.lstrip().startswith("|") or "\n|" in text,
    )


def _word_features(question: _QuestionFacts, facts: _CandidateFacts, present: Set[str]) -> list[float]:
    weights = question.weights
    return [
        sum(weights[term] for term in facts.counts),
        sum(weights[term] for term in present),
        sum(weights[term] * count / (count + K1) for term, count in facts.counts.items()),
        float(question.rarest in present),
        max((weight for term, weight in weights.items() if term not in present), default=0.0),
        len(facts.positions) / facts.length,
    ]


def _heading_features(question: _QuestionFacts, candidate: Candidate, facts: _CandidateFacts) -> list[float]:
    title = _title_terms(str(candidate.data["metadata"].get("title", "")), candidate.language)
    return [
        sum(question.weights[term] for term in facts.heading),
        len(facts.heading) / (len(set(candidate.heading_terms)) or 1),
        sum(question.weights[term] for term in title & question.weights.keys()),
    ]


def _evidence(question: _QuestionFacts, facts: _CandidateFacts) -> float:
    """Return the density of the entities that answer a question of this type."""
    return {"who": facts.names, "when": facts.dates, "how_many": facts.numbers}.get(question.type, 0.0)


@functools.lru_cache(maxsize=10_000)
def _title_terms(title: str, language: str) -> frozenset[str]:
    return frozenset(search_terms(title, language))


def _weight_share(terms: frozenset[str], present: Set[str], weights: Mapping[str, float]) -> float:
    """Return the share of the weight of `terms` that is present."""
    total = sum(weights[term] for term in terms)
    return sum(weights[term] for term in terms & present) / total if total else 0.0


def _is_number(term: str) -> bool:
    """Return True for a number, or a code of letters and digits."""
    return term[0] in DIGITS or term[-1] in DIGITS


def _is_date(number: str) -> bool:
    """Return True for a year, or a date in the form of index terms, `2021-03-12`."""
    return (len(number) == 4 and number.isdigit() and number[0] in "12") or (len(number) == 10 and number[4] == "-")
