"""Questions with the passages that a search finds for them, and which of these are right.

In: a search, questions. Out: groups: a question, its candidates as the reranker will meet them, their labels. Groups
come one after the other, for thousands with their candidates are gigabytes.

    group = made_group(made, search)
    group.labels                     # [0, 1, 0, ...]
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.train.reranker.labelled_queries import Asked
from opora.train.reranker.synthetic_queries import Made

Search = Callable[[str], tuple[Query, list[Candidate]]]
"""Text of a question -> the question and its candidates, best first."""
K1, B = 1.2, 0.75
"""Of BM25, as the stores compute it."""


@dataclass
class Group:
    """A question and its candidates. `labels`: how right each is, from 0 to 1; `documents`: what it is about;
    `answer`: empty where it is not known."""

    question: Query
    candidates: list[Candidate]
    labels: list[float]
    documents: tuple[str, ...]
    made: bool
    answer: str = ""


def given_group(search: Search, asked: Asked) -> Group:
    """The group of a question whose passages are known by their ids, or which only has an answer."""
    question, candidates = search(asked.example.question)
    labels = [float(each.id in asked.gold) for each in candidates]
    answer = asked.example.answer if asked.example.behavior == "answer" else ""
    return Group(question, candidates, labels, asked.documents, made=False, answer=answer)


def made_group(search: Search, made: Made) -> Group:
    """The group of a made question. A sentence stays in its passage: with it taken out a forest learns that the right
    passage is the one that lacks the words (dev/LOG.md). Headings are taken out, of all candidates and of their lexical
    scores, for those of the right ones repeat the question."""
    question, candidates = search(made.text)
    if made.sentence:
        labels = [float(made.sentence in each.data["text"] or each.id == made.passage_id) for each in candidates]
        return Group(question, candidates, labels, (made.document_id,), made=True)
    labels = [float(_stands_below(each, made)) for each in candidates]
    length = _mean_length(candidates)
    bare = [_without_headings(each, question, length) for each in candidates]
    # the vectors were made with the headings
    return Group(question._replace(vector=None), bare, labels, (made.document_id,), made=True)


def _stands_below(candidate: Candidate, made: Made) -> bool:
    return candidate.data["document_id"] == made.document_id and tuple(candidate.data["heading"]) == made.heading


def _without_headings(candidate: Candidate, question: Query, length: float) -> Candidate:
    """The candidate by its text alone, its lexical score less by as much as BM25 is less here."""
    data = {**candidate.data, "heading": [], "metadata": {**candidate.data["metadata"], "title": ""}}
    before = _bm25([*candidate.heading_terms, *candidate.terms], question, length)
    after = _bm25(candidate.terms, question, length)
    score = candidate.bm25 * after / before if before else 0.0
    record = json.dumps(data, ensure_ascii=False)
    return Candidate(candidate.language, record, candidate.terms, [], score, 0.0, None)


def _bm25(terms: Sequence[str], question: Query, length: float) -> float:
    """Robertson and Zaragoza 2009; `length`: the mean of the passages."""
    counts = Counter(term for term in terms if term in question.terms)
    norm = K1 * (1 - B + B * len(terms) / length)
    return sum(question.terms[term] * count / (count + norm) for term, count in counts.items())


def _mean_length(candidates: Sequence[Candidate]) -> float:
    return sum(len(each.terms) + len(each.heading_terms) for each in candidates) / (len(candidates) or 1) or 1.0
