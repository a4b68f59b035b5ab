"""Features of a candidate passage for LambdaMART, comparable across corpora and languages.

Scores are divided by the best score among the candidates; terms are weighted by their share of the question's total
inverse document frequency. So a model trained on one corpus works on another. Sources: Liu 2009, "Learning to Rank for
Information Retrieval", section 1.2; proximity: Tao and Zhai 2007.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np

from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.rerankers.lambdamart.proximity import (
    Match,
    adjacent_share,
    closeness,
    near_share,
    window_density,
    window_share,
)
from opora.retrieval.rerankers.lambdamart.question_types import TYPES, question_type
from opora.retrieval.store.bm25 import K1
from opora.retrieval.vectors import Vectors
from opora.text.language import uses_cyrillic
from opora.text.search_terms import search_terms
from opora.text.words import words

DIGITS = frozenset("0123456789")
LONG_QUESTION = 20
"""Number of terms at which the length of a question is capped."""

_NAME = re.compile(r"[A-ZА-ЯЁÀ-Þ](?<=[^\W\d_][ -].)(?=[^\W\d_])")
"""A capitalized word that follows another word."""
_LATIN = re.compile(r"[A-Za-z]")
_OPENING = ' «"(“„'


class QuestionFacts(NamedTuple):
    """Facts of a question. `weights`: term -> share of the question's total weight."""

    weights: Mapping[str, float]
    rarest: str
    numbers: frozenset[str]
    names: frozenset[str]
    type: str
    language: str


class RelativeScore(NamedTuple):
    """Score of a candidate among the candidates: share of the best, reciprocal rank, gap to the best competitor."""

    value: float
    share: float
    rank: float
    gap: float


class CandidateFacts(NamedTuple):
    """Facts of a candidate for a question. `weights` are those of the question's terms.

    `matches`: (position, term) of the question's terms; `positions`: the same by term; `heading`, `title` and
    `present`: the question's terms in the headings, in the title, and anywhere; `numbers` and `names`: density per
    term; `dates`: number of dates, 1 for three or more.
    """

    question: QuestionFacts
    weights: Mapping[str, float]
    bm25: RelativeScore
    cosine: RelativeScore
    matches: Sequence[Match]
    positions: Mapping[str, Sequence[int]]
    heading: Set[str]
    heading_terms: int
    title: Set[str]
    present: Set[str]
    length: int
    mean_length: float
    numbers: float
    names: float
    dates: float
    table: bool
    language: str

    def weight(self, terms: Iterable[str]) -> float:
        """Return the sum of the weights of `terms`, which are terms of the question."""
        return sum([self.weights[term] for term in terms])


class Feature(NamedTuple):
    """Column of the features: its name, its group, and the function that computes it."""

    name: str
    group: str
    value: Callable[[CandidateFacts], float]


def _type_feature(name: str) -> Feature:
    return Feature(f"asks_{name}", "question", lambda facts: facts.question.type == name)


FEATURES = (
    Feature("bm25", "scores", lambda facts: facts.bm25.share),
    Feature("bm25_rank", "scores", lambda facts: facts.bm25.rank),
    Feature("bm25_gap", "scores", lambda facts: facts.bm25.gap),
    Feature("cosine", "scores", lambda facts: facts.cosine.value),
    Feature("cosine_share", "scores", lambda facts: facts.cosine.share),
    Feature("cosine_rank", "scores", lambda facts: facts.cosine.rank),
    Feature("cosine_gap", "scores", lambda facts: facts.cosine.gap),
    Feature("both", "scores", lambda facts: (facts.bm25.share + facts.cosine.share) / 2),
    Feature("passage_share", "words", lambda facts: facts.weight(facts.positions)),
    Feature("any_share", "words", lambda facts: facts.weight(facts.present)),
    Feature("saturated", "words", lambda facts: _saturated_weight(facts)),
    Feature("rarest", "words", lambda facts: facts.question.rarest in facts.present),
    Feature("missing", "words", lambda facts: _missing_weight(facts)),
    Feature("density", "words", lambda facts: len(facts.matches) / facts.length),
    Feature("heading_share", "headings", lambda facts: facts.weight(facts.heading)),
    Feature("heading_precision", "headings", lambda facts: len(facts.heading) / (facts.heading_terms or 1)),
    Feature("title_share", "headings", lambda facts: facts.weight(facts.title)),
    Feature("ordered", "proximity", lambda facts: adjacent_share(facts.positions, facts.weights)),
    Feature("unordered", "proximity", lambda facts: near_share(facts.positions, facts.weights)),
    Feature("window_share", "proximity", lambda facts: window_share(facts.matches, facts.positions, facts.weights)),
    Feature("window_density", "proximity", lambda facts: window_density(facts.matches, facts.positions, facts.weights)),
    Feature("rare_distance", "proximity", lambda facts: closeness(facts.positions, facts.weights)),
    Feature("first", "proximity", lambda facts: 1 - facts.matches[0][0] / facts.length if facts.matches else 0.0),
    Feature("question_numbers", "numbers", lambda facts: bool(facts.question.numbers)),
    Feature("numbers_share", "numbers", lambda facts: _present_share(facts, facts.question.numbers)),
    Feature("numbers_density", "numbers", lambda facts: facts.numbers),
    Feature("question_names", "names", lambda facts: bool(facts.question.names)),
    Feature("names_share", "names", lambda facts: _present_share(facts, facts.question.names)),
    Feature("names_density", "names", lambda facts: facts.names),
    Feature("length", "passage", lambda facts: facts.length / facts.mean_length),
    Feature("table", "passage", lambda facts: facts.table),
    Feature("same_language", "passage", lambda facts: facts.language == facts.question.language),
    *map(_type_feature, TYPES),
    Feature("question_terms", "question", lambda facts: min(LONG_QUESTION, len(facts.weights))),
    Feature("dates", "question", lambda facts: facts.dates),
    Feature("evidence", "question", lambda facts: _evidence_density(facts)),
)
"""Columns in their order. A trained model depends on it: after a change, rerankers are trained again."""
NAMES = tuple(feature.name for feature in FEATURES)


def compute_features(query: Query, candidates: Sequence[Candidate]) -> Vectors:
    """Return shape (candidates, FEATURES), float32; 0 where a feature does not apply."""
    if not candidates:
        return np.zeros((0, len(FEATURES)), dtype=np.float32)
    question = _question_facts(query)
    mean_length = sum(len(candidate.terms) for candidate in candidates) / len(candidates) or 1.0
    bm25 = _relative_scores([candidate.bm25 for candidate in candidates])
    cosine = _relative_scores([_cosine(query, candidate) for candidate in candidates])
    facts = map(functools.partial(_candidate_facts, question, mean_length), candidates, bm25, cosine)
    return np.array([[feature.value(row) for feature in FEATURES] for row in facts], dtype=np.float32)


def _question_facts(query: Query) -> QuestionFacts:
    total = sum(query.terms.values()) or 1.0
    return QuestionFacts(
        {term: weight / total for term, weight in query.terms.items()},
        max(query.terms, key=query.terms.__getitem__, default=""),
        frozenset(filter(_is_number, query.terms)),
        frozenset(_names(query.text, query.language)) & query.terms.keys(),
        question_type(query.text),
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


def _cosine(query: Query, candidate: Candidate) -> float:
    """Return the cosine, also of a candidate that dense retrieval did not return."""
    if candidate.cosine or query.vector is None or candidate.vector is None:
        return max(0.0, candidate.cosine)
    return max(0.0, float(candidate.vector @ query.vector))


def _relative_scores(values: Sequence[float]) -> Iterator[RelativeScore]:
    scores = np.array(values, dtype=np.float32)
    share = scores / (max(float(scores.max()), 0.0) or 1.0)
    # rank is the number of better scores, so that ties share a rank
    rank = np.where(scores > 0, 1.0 / (1 + (scores[None, :] > scores[:, None]).sum(axis=1)), 0.0)
    competitors = np.zeros_like(share)
    if len(share) > 1:
        second, first = np.partition(share, -2)[-2:]
        competitors[:] = first
        competitors[int(share.argmax())] = second
    return map(RelativeScore, scores.tolist(), share.tolist(), rank.tolist(), (share - competitors).tolist())


def _candidate_facts(
    question: QuestionFacts, mean_length: float, candidate: Candidate, bm25: RelativeScore, cosine: RelativeScore
) -> CandidateFacts:
    weights, text = question.weights, str(candidate.data["text"])
    title = str(candidate.data["metadata"].get("title", ""))
    length = len(candidate.terms) or 1
    matches = [(position, term) for position, term in enumerate(candidate.terms) if term in weights]
    positions: dict[str, list[int]] = {}
    for position, term in matches:
        positions.setdefault(term, []).append(position)
    headings = frozenset(candidate.heading_terms)
    heading = headings & weights.keys()
    # most terms are words; `isalpha` rejects them four times faster
    numbers = [term for term in candidate.terms if not term.isalpha() and _is_number(term)]
    return CandidateFacts(
        question, weights, bm25, cosine, matches, positions, heading,
        heading_terms=len(headings),
        title=_title_terms(title, candidate.language) & weights.keys(),
        present=positions.keys() | heading,
        length=length,
        mean_length=mean_length,
        numbers=len(numbers) / length,
        names=len(_NAME.findall(text)) / length,
        dates=min(3, sum(map(_is_date, numbers))) / 3,
        table=text.lstrip().startswith("|") or "\n|" in text,
        language=candidate.language,
    )  # fmt: skip


@functools.lru_cache(maxsize=10_000)
def _title_terms(title: str, language: str) -> frozenset[str]:
    return frozenset(search_terms(title, language))


def _saturated_weight(facts: CandidateFacts) -> float:
    counts = [(facts.weights[term], len(places)) for term, places in facts.positions.items()]
    return sum([weight * count / (count + K1) for weight, count in counts])


def _missing_weight(facts: CandidateFacts) -> float:
    """Return the highest weight of a term that is not present."""
    present = facts.present
    return max([weight for term, weight in facts.weights.items() if term not in present], default=0.0)


def _present_share(facts: CandidateFacts, terms: frozenset[str]) -> float:
    """Return the share of the weight of `terms` that is present."""
    total = facts.weight(terms)
    return facts.weight(terms & facts.present) / total if total else 0.0


def _evidence_density(facts: CandidateFacts) -> float:
    """Return the density of the entities that answer a question of this type."""
    return {"who": facts.names, "when": facts.dates, "how_many": facts.numbers}.get(facts.question.type, 0.0)


def _is_number(term: str) -> bool:
    """Return True for a number, or a code of letters and digits."""
    return term[0] in DIGITS or term[-1] in DIGITS


def _is_date(number: str) -> bool:
    """Return True for a year, or a date in the form of index terms, `2021-03-12`."""
    return (len(number) == 4 and number.isdigit() and number[0] in "12") or (len(number) == 10 and number[4] == "-")
