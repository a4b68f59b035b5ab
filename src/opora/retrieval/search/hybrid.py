"""The two searches of an index, by words and by meaning, and their scores fused.

In: an open index, a question. Out: what was found with both scores, the fused score of each, and what a reranker needs
of those that are wanted.

    asked = ask(opened, "Какой срок хранения?")
    found = find(opened, asked, [], depth=50, by="hybrid")
    best = rank(opened, asked, found, "hybrid")
    read(opened, [each for each, _ in best[:10]])[0].passage
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from opora.retrieval.embedders.base import Text
from opora.retrieval.index.rows import widen
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.search.index_reader import Opened
from opora.retrieval.search.spelling import correct
from opora.retrieval.settings import Retriever
from opora.retrieval.store.base import Key
from opora.retrieval.store.filters import Condition, OneOf
from opora.retrieval.vectors import Vectors
from opora.text.language import detect_language
from opora.text.terms.index_terms import search_terms

T = TypeVar("T")
OTHER_LANGUAGE = 0.5
"""What the score of a passage counts that is not in the language of the question."""
MAX_QUESTION_CHARS = 10_000
"""The rest of a longer question is not read."""
MAX_QUERY_TERMS = 128
"""The rarest ones of a longer question are searched for."""
POOL = ThreadPoolExecutor(thread_name_prefix="opora-search")
"""One search runs here while the other runs in the thread that asks."""


def ask(opened: Opened, text: str) -> Query:
    """A question as it is searched for: its language, its terms set right, its vector."""
    text = text[:MAX_QUESTION_CHARS]
    language = detect_language(text, among=opened.languages)
    known = correct(search_terms(text, language), opened.frequencies)
    terms = {term: opened.idf(term) for term in known}
    return Query(text, language, terms, _vector(opened, text, language))


class Found(NamedTuple):
    """A passage that a search found, before anything is read of it but what the fusion needs. `vector`: None where
    nothing is searched by meaning."""

    key: Key
    language: str
    bm25: float
    cosine: float
    vector: Vectors | None


def find(opened: Opened, asked: Query, wanted: Sequence[Condition], depth: int, by: Retriever) -> list[Found]:
    """The best `depth` of each of the two searches, which run side by side, in the order of their keys."""
    vector = asked.vector if by != "words" else None
    near = None
    if vector is not None:
        covered = tuple(each for each in opened.languages if opened.embedder and opened.embedder.covers(each))
        spoken = [] if len(covered) == len(opened.languages) else [OneOf("language", covered)]
        near = POOL.submit(opened.store.by_vector, vector, [*wanted, *spoken], depth)
    terms = _terms(opened, asked) if by != "meaning" else []
    bm25 = dict(opened.store.by_terms(terms, wanted, depth)) if terms else {}
    keys = sorted({*bm25, *(near.result() if near else ())})
    languages, vectors = _columns(opened, keys, vector is not None)
    # rounded, since the products of equal vectors differ in their last bits by where they stand
    cosines = [0.0] * len(keys) if vectors is None or vector is None else (vectors @ vector).clip(0).round(6).tolist()
    nearest = set(heapq.nlargest(depth, range(len(keys)), key=cosines.__getitem__))
    return [
        Found(key, languages[at], bm25.get(key, 0.0), cosines[at], None if vectors is None else vectors[at])
        for at, key in enumerate(keys)
        if key in bm25 or at in nearest
    ]


def read(opened: Opened, found: Sequence[Found]) -> list[Candidate]:
    """What a reranker needs of passages, in their order."""
    if not found:
        return []
    rows = opened.store.take([each.key for each in found], ["record", "terms", "heading_terms"])
    columns = [rows[name].to_pylist() for name in rows.column_names]
    candidates = []
    for each, record, terms, above in zip(found, *columns, strict=True):
        heading = (above or "").split()
        words = terms.split()[opened.heading_weight * len(heading) :]
        candidates.append(Candidate(each.language, record, words, heading, each.bm25, each.cosine, each.vector))
    return candidates


def fuse(found: Sequence[Found] | Sequence[Candidate], language: str, weight: float) -> list[float]:
    """The sum of both scores of each passage, each divided by the best one, the dense one by `weight`, the other by the
    rest; a passage in another language counts half."""
    best = max((each.bm25 for each in found), default=0.0) or 1.0
    nearest = max((each.cosine for each in found), default=0.0) or 1.0
    return [
        ((1 - weight) * each.bm25 / best + weight * each.cosine / nearest)
        * (1.0 if each.language == language else OTHER_LANGUAGE)
        for each in found
    ]


def best_first(found: Sequence[T], scores: Sequence[float]) -> list[tuple[T, float]]:
    """Each with its score; none that scores nothing. Of equals the one that came first."""
    ranked = sorted(zip(found, scores, strict=True), key=lambda each: -each[1])
    return [each for each in ranked if each[1] > 0]


def rank(opened: Opened, asked: Query, found: Sequence[Found], by: Retriever) -> list[tuple[Found, float]]:
    """What was found with its fused score, best first."""
    weight = {"words": 0.0, "meaning": 1.0}.get(by, opened.settings.dense_weight)
    return best_first(found, fuse(found, asked.language, 0.0 if asked.vector is None else weight))


def _vector(opened: Opened, text: str, language: str) -> Vectors | None:
    """The vector of a question, None where the dense search has nothing to say."""
    if not opened.embedder or not opened.settings.dense_weight or not opened.embedder.covers(language):
        return None
    vector: Vectors = widen(opened.embedder.embed([Text(text, language)], "question"))[0]
    return vector if vector.any() else None


def _terms(opened: Opened, asked: Query) -> list[str]:
    """What is searched for by words: the rarest terms, and synonyms that the passages hold."""
    terms = list(asked.terms)
    if synonyms := opened.synonyms.get(asked.language):
        terms += [each for each in synonyms.expand(terms) if each in opened.frequencies and each not in asked.terms]
    return heapq.nlargest(MAX_QUERY_TERMS, terms, key=opened.idf)


def _columns(opened: Opened, keys: Sequence[Key], with_vectors: bool) -> tuple[list[str], Vectors | None]:
    """Languages and vectors of rows; nothing is read that is known anyway."""
    wanted = ["language"] if len(opened.languages) > 1 else []
    wanted += ["vector"] if with_vectors else []
    if not keys or not wanted:
        return [*opened.languages[:1]] * len(keys), None
    rows = opened.store.take(keys, wanted)
    languages = rows["language"].to_pylist() if "language" in wanted else [opened.languages[0]] * len(keys)
    if not with_vectors:
        return languages, None
    return languages, rows["vector"].combine_chunks().flatten().to_numpy().reshape(len(keys), -1)
