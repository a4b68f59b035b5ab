"""Questions with the passages that a search finds for them, and which of these are right.

In: a search, questions. Out: groups: a question, its candidates as the reranker will meet them, their labels. Groups
come one after the other, for thousands with their candidates are gigabytes.

    group = made_group(made, search)
    fill_vectors([group], embedder)
    group.labels                     # [0, 1, 0, ...]
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from opora.index.embedders.contract import Embedder, Text
from opora.index.rerank.contract import Candidate, Question
from opora.text.search_terms import search_terms
from opora.train.reranker_examples import Asked
from opora.train.reranker_questions import Made

Search = Callable[[str], tuple[Question, list[Candidate]]]
"""Text of a question -> the question and its candidates, best first."""
K1, B = 1.2, 0.75
"""Of BM25, as the stores compute it."""


@dataclass
class Group:
    """A question and its candidates. `labels`: how right each is, from 0 to 1; `documents`: what it is about;
    `answer`: empty where it is not known; `changed`: places of candidates whose vectors are to be made anew."""

    question: Question
    candidates: list[Candidate]
    labels: list[float]
    documents: tuple[str, ...]
    made: bool
    answer: str = ""
    changed: list[int] = field(default_factory=list)


def given_group(search: Search, asked: Asked) -> Group:
    """The group of a question whose passages are known by their ids, or which only has an answer."""
    question, candidates = search(asked.example.question)
    labels = [float(each.id in asked.gold) for each in candidates]
    answer = asked.example.answer if asked.example.behavior == "answer" else ""
    return Group(question, candidates, labels, asked.documents, made=False, answer=answer)


def made_group(search: Search, made: Made) -> Group:
    """The group of a made question; what it was made of is taken out of the candidates, and out of their scores."""
    question, candidates = search(made.text)
    documents, length = (made.document_id,), _mean_length(candidates)
    if not made.sentence:
        # without headings in its text a vector would have to be made for every candidate
        question = question._replace(vector=None)
        labels = [float(_stands_below(each, made)) for each in candidates]
        candidates = [_without_headings(each, question, length) for each in candidates]
        for each in candidates:
            each.cosine = 0.0
        return Group(question, candidates, labels, documents, made=True)
    holding = [place for place, each in enumerate(candidates) if made.sentence in each.data["text"]]
    labels = [float(place in holding or each.id == made.passage_id) for place, each in enumerate(candidates)]
    for place in holding:
        candidates[place] = _without_sentence(candidates[place], made.sentence, question, length)
    return Group(question, candidates, labels, documents, made=True, changed=holding)


def fill_vectors(groups: Sequence[Group], embedder: Embedder | None) -> None:
    """The vectors and cosines of candidates that a sentence was taken out of, in place. Raises ModelError."""
    changed = [(group, place) for group in groups for place in group.changed if group.question.vector is not None]
    if not changed or embedder is None:
        return
    texts = [_text_of(group.candidates[place]) for group, place in changed]
    for (group, place), vector in zip(changed, embedder.embed(texts, "passage"), strict=True):
        each = group.candidates[place]
        assert group.question.vector is not None
        each.vector, each.cosine = vector, max(0.0, float(vector @ group.question.vector))


def _stands_below(candidate: Candidate, made: Made) -> bool:
    return candidate.data["document_id"] == made.document_id and tuple(candidate.data["heading"]) == made.heading


def _without_headings(candidate: Candidate, question: Question, length: float) -> Candidate:
    data = {**candidate.data, "heading": [], "metadata": {**candidate.data["metadata"], "title": ""}}
    return _changed(candidate, data, [], question, length)


def _without_sentence(candidate: Candidate, sentence: str, question: Question, length: float) -> Candidate:
    data = {**candidate.data, "text": candidate.data["text"].replace(sentence, " ")}
    return _changed(candidate, data, candidate.heading_terms, question, length)


def _changed(
    candidate: Candidate, data: dict[str, Any], heading_terms: Sequence[str], question: Question, length: float
) -> Candidate:
    """The candidate with another text, its lexical score less by as much as BM25 is less here; no vector."""
    terms = search_terms(f"{data['header']}\n{data['text']}", candidate.language)
    before = _bm25([*candidate.heading_terms, *candidate.terms], question, length)
    after = _bm25([*heading_terms, *terms], question, length)
    score = candidate.bm25 * after / before if before else 0.0
    record = json.dumps(data, ensure_ascii=False)
    return Candidate(candidate.id, candidate.language, record, terms, heading_terms, score, candidate.cosine, None)


def _bm25(terms: Sequence[str], question: Question, length: float) -> float:
    """Robertson and Zaragoza 2009; `length`: the mean of the passages."""
    counts = Counter(term for term in terms if term in question.terms)
    norm = K1 * (1 - B + B * len(terms) / length)
    return sum(question.terms[term] * count / (count + norm) for term, count in counts.items())


def _mean_length(candidates: Sequence[Candidate]) -> float:
    return sum(len(each.terms) + len(each.heading_terms) for each in candidates) / (len(candidates) or 1) or 1.0


def _text_of(candidate: Candidate) -> Text:
    """As `rows.text_of` puts it."""
    data = candidate.data
    shown = f"{data['header']}\n{data['text']}" if data["header"] else data["text"]
    return Text(" ".join([*data["heading"], shown]), candidate.language)
