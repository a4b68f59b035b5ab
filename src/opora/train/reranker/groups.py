"""Training groups of a reranker: a query, its candidates, their relevance.

In: a search and queries. Out: groups with the candidates that the reranker will see in use. They are produced one at a
time, because thousands of groups with their candidates take gigabytes.

    group = group_synthetic(search, synthetic)
    group.relevance                     # [0.0, 1.0, 0.0, ...]
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.store.bm25 import term_weight
from opora.train.reranker.labelled_queries import LabelledQuery
from opora.train.reranker.synthetic_queries import SyntheticQuery

Search = Callable[[str], tuple[Query, list[Candidate]]]
"""Text of a question -> query and candidates, best first."""


@dataclass
class RankingGroup:
    """A query and its candidates. `relevance`: from 0 to 1 for each candidate; `documents`: ids of the documents it is
    about; `answer`: empty if unknown."""

    query: Query
    candidates: list[Candidate]
    relevance: list[float]
    documents: tuple[str, ...]
    synthetic: bool
    answer: str = ""


def group_labelled(search: Search, labelled: LabelledQuery) -> RankingGroup:
    """Return the group of a labelled query. Without gold passages all candidates have relevance 0."""
    query, candidates = search(labelled.example.question)
    relevance = [float(candidate.id in labelled.gold) for candidate in candidates]
    answer = labelled.example.answer if labelled.example.behavior == "answer" else ""
    return RankingGroup(query, candidates, relevance, labelled.documents, synthetic=False, answer=answer)


def group_synthetic(search: Search, synthetic: SyntheticQuery) -> RankingGroup:
    """Return the group of a synthetic query.

    A source sentence stays in its passage: without it trees learn that the right passage is the one that lacks the
    words of the query (dev/LOG.md). Source headings are removed from all candidates and from their BM25 scores, because
    the headings of the right ones repeat the query.
    """
    query, candidates = search(synthetic.text)
    documents = (synthetic.document_id,)
    if synthetic.sentence:
        relevance = [
            float(synthetic.sentence in candidate.data["text"] or candidate.id == synthetic.passage_id)
            for candidate in candidates
        ]
        return RankingGroup(query, candidates, relevance, documents, synthetic=True)
    relevance = [float(_has_heading(candidate, synthetic)) for candidate in candidates]
    terms = sum(len(candidate.terms) + len(candidate.heading_terms) for candidate in candidates)
    mean_length = terms / (len(candidates) or 1) or 1.0
    bare = [_without_headings(candidate, query, mean_length) for candidate in candidates]
    # dense vectors were computed with the headings
    return RankingGroup(query._replace(vector=None), bare, relevance, documents, synthetic=True)


def _has_heading(candidate: Candidate, synthetic: SyntheticQuery) -> bool:
    data = candidate.data
    return data["document_id"] == synthetic.document_id and tuple(data["heading"]) == synthetic.heading


def _without_headings(candidate: Candidate, query: Query, mean_length: float) -> Candidate:
    """Return the candidate without headings, its BM25 score reduced in proportion."""
    data = {**candidate.data, "heading": [], "metadata": {**candidate.data["metadata"], "title": ""}}
    before = _bm25([*candidate.heading_terms, *candidate.terms], query, mean_length)
    after = _bm25(candidate.terms, query, mean_length)
    score = candidate.bm25 * after / before if before else 0.0
    record = json.dumps(data, ensure_ascii=False)
    return Candidate(candidate.language, record, candidate.terms, [], score, 0.0, None)


def _bm25(terms: Sequence[str], query: Query, mean_length: float) -> float:
    counts = Counter(term for term in terms if term in query.terms)
    return sum(query.terms[term] * term_weight(count, len(terms), mean_length) for term, count in counts.items())
