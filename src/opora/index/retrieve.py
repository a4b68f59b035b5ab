"""The two searches of an index, by words and by meaning, and their scores fused.

In: an open index, a question. Out: candidates with both scores, and the fused score of each.

    asked = ask(opened, "Какой срок хранения?")
    found = find(opened, asked, [], depth=50, by="hybrid")
    fuse(found, asked.language, weight_of(opened, asked, "hybrid"))      # [0.93, 1.0, ...]
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from opora.index.embedders.contract import Text
from opora.index.filters import Condition, OneOf
from opora.index.opened import Opened
from opora.index.rerank.contract import Candidate, Question
from opora.index.rows import widen
from opora.index.settings import Retriever
from opora.index.spelling import correct
from opora.index.word_vectors import Vectors
from opora.text.language import detect_language
from opora.text.search_terms import search_terms

if TYPE_CHECKING:
    import pyarrow as pa

OTHER_LANGUAGE = 0.5
"""What the score of a passage counts that is not in the language of the question."""
MAX_QUESTION_CHARS = 10_000
"""The rest of a longer question is not read."""
MAX_QUERY_TERMS = 128
"""The rarest ones of a longer question are searched for."""
POOL = ThreadPoolExecutor(thread_name_prefix="opora-search")
"""One search runs here while the other runs in the thread that asks."""


def ask(opened: Opened, text: str) -> Question:
    """A question as it is searched for: its language, its terms set right, its vector."""
    text = text[:MAX_QUESTION_CHARS]
    language = detect_language(text, among=opened.languages)
    known = correct(search_terms(text, language), opened.frequencies)
    terms = {term: opened.idf(term) for term in known}
    return Question(text, language, terms, _vector(opened, text, language))


def find(opened: Opened, asked: Question, wanted: Sequence[Condition], depth: int, by: Retriever) -> list[Candidate]:
    """Candidates of both searches, which run side by side."""
    dense = None
    vector = asked.vector if by != "words" else None
    if vector is not None:
        covered = tuple(each for each in opened.languages if opened.embedder and opened.embedder.covers(each))
        spoken = [] if len(covered) == len(opened.languages) else [OneOf("language", covered)]
        dense = POOL.submit(opened.store.by_vector, vector, [*wanted, *spoken], depth)
    found: dict[str, Candidate] = {}
    terms = _terms(opened, asked) if by != "meaning" else []
    if terms:
        for each in _candidates(opened, opened.store.by_terms(terms, wanted, depth), vector):
            found[each.id] = each
    if dense:
        for each in _candidates(opened, dense.result().drop_columns("score"), vector):
            found.setdefault(each.id, each)
    return list(found.values())


def fuse(found: Sequence[Candidate], language: str, weight: float) -> list[float]:
    """The sum of both scores of each candidate, each divided by the best one, the dense one by `weight`, the other by
    the rest; a passage in another language counts half."""
    best = max((each.bm25 for each in found), default=0.0) or 1.0
    nearest = max((each.cosine for each in found), default=0.0) or 1.0
    return [
        ((1 - weight) * each.bm25 / best + weight * each.cosine / nearest)
        * (1.0 if each.language == language else OTHER_LANGUAGE)
        for each in found
    ]


def weight_of(opened: Opened, asked: Question, by: Retriever) -> float:
    """Share of the dense score."""
    if asked.vector is None or by == "words":
        return 0.0
    return 1.0 if by == "meaning" else opened.settings.dense_weight


def _vector(opened: Opened, text: str, language: str) -> Vectors | None:
    """The vector of a question, None where the dense search has nothing to say."""
    if not opened.embedder or not opened.settings.dense_weight or not opened.embedder.covers(language):
        return None
    vector: Vectors = widen(opened.embedder.embed([Text(text, language)], "question"))[0]
    return vector if vector.any() else None


def _terms(opened: Opened, asked: Question) -> list[str]:
    """What is searched for by words: the rarest terms, and synonyms that the passages hold."""
    terms = list(asked.terms)
    if synonyms := opened.synonyms.get(asked.language):
        terms += [each for each in synonyms.expand(terms) if each in opened.frequencies and each not in asked.terms]
    return heapq.nlargest(MAX_QUERY_TERMS, terms, key=opened.idf)


def _candidates(opened: Opened, rows: pa.Table, vector: Vectors | None) -> Iterator[Candidate]:
    """Rows of a store; those found by words have a `score`."""
    import numpy as np

    size, weight = len(rows), opened.heading_weight
    texts = [rows[name].to_pylist() for name in ("id", "language", "record", "terms", "heading_terms")]
    scores = rows["score"].to_pylist() if "score" in rows.column_names else [0.0] * size
    vectors = [None] * size
    cosines = np.zeros(size, dtype=np.float32)
    if size and "vector" in rows.column_names:
        vectors = rows["vector"].combine_chunks().flatten().to_numpy().reshape(size, -1)
        if vector is not None:
            cosines = vectors @ vector
    for key, language, record, terms, above, score, cosine, own in zip(*texts, scores, cosines, vectors, strict=True):
        heading = above.split()
        words = terms.split()[weight * len(heading) :]
        yield Candidate(key, language, record, words, heading, score, max(0.0, float(cosine)), own)
