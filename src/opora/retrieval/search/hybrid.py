"""Hybrid retrieval: BM25 and dense search of one query, and the fusion of their scores.

query = make_query(reader, "Какой срок хранения?")
hits = [hit for hit, score in retrieve(reader, query, limit=50, by="hybrid")]
read_candidates(reader, hits[:10])[0].data["text"]
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from opora.retrieval.embedders.base import Text
from opora.retrieval.index.rows import pad_vectors
from opora.retrieval.query import MAX_QUESTION_CHARS, Place, Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.search.index_reader import IndexReader
from opora.retrieval.search.places import parse_places
from opora.retrieval.search.terms import correct_spelling
from opora.retrieval.settings import Retriever
from opora.retrieval.store.base import Key
from opora.retrieval.store.schema import At, Filters, OneOf
from opora.retrieval.vectors import Vectors
from opora.text.language import detect_language
from opora.text.search_terms import search_terms

T = TypeVar("T")
OTHER_LANGUAGE_WEIGHT = 0.5
"""Factor for the score of a passage that is not in the language of the question."""
MAX_QUERY_TERMS = 128
"""Number of terms that are searched for, the rarest first."""
POOL = ThreadPoolExecutor(thread_name_prefix="opora-search")
"""Runs the dense search while the calling thread runs BM25."""


def make_query(
    reader: IndexReader, text: str, filters: Filters | None = None, access: Collection[str] | None = None
) -> Query:
    """Return a question with its language, corrected terms and vector."""
    text = text[:MAX_QUESTION_CHARS]
    language = detect_language(text, among=reader.languages)
    corrected = correct_spelling(search_terms(text, language), reader.frequencies)
    terms = {term: reader.idf(term) for term in corrected}
    vector = _embed_question(reader, text, language)
    labels = tuple(sorted(access or ()))
    return Query(
        text, language, terms, vector, filters or {}, labels, reader.manifest.fingerprint, parse_places(text, language)
    )


class SearchHit(NamedTuple):
    """A row found by BM25 or dense search, with the columns that fusion needs; without a vector if only BM25 ran."""

    key: Key
    language: str
    bm25: float
    cosine: float
    vector: Vectors | None


def retrieve(
    reader: IndexReader, query: Query, limit: int, by: Retriever, places: Sequence[Place] = ()
) -> list[tuple[SearchHit, float]]:
    """Return the best `limit` hits of each of the two searches, which run in parallel, by fused score; only passages
    that lie in all `places`."""
    conditions = [*reader.conditions(query), *map(At, places)]
    vector = query.vector if by != "bm25" else None
    dense = None
    if vector is not None:
        covered = tuple(code for code in reader.languages if reader.embedder and reader.embedder.covers(code))
        embedded = [] if len(covered) == len(reader.languages) else [OneOf("language", covered)]
        dense = POOL.submit(reader.store.search_by_vector, vector, [*conditions, *embedded], limit)
    terms = _expand_terms(reader, query) if by != "dense" else []
    bm25 = dict(reader.store.search_by_terms(terms, conditions, limit)) if terms else {}
    keys = sorted({*bm25, *(dense.result() if dense else ())})
    languages, vectors = _read_columns(reader, keys, vector is not None)
    # rounded, because dot products of equal vectors differ in their last bits
    cosines = [0.0] * len(keys) if vectors is None or vector is None else (vectors @ vector).clip(0).round(6).tolist()
    nearest = set(heapq.nlargest(limit, range(len(keys)), key=cosines.__getitem__))
    hits = [
        SearchHit(key, languages[i], bm25.get(key, 0.0), cosines[i], None if vectors is None else vectors[i])
        for i, key in enumerate(keys)
        if key in bm25 or i in nearest
    ]
    weight = {"bm25": 0.0, "dense": 1.0}.get(by, reader.settings.dense_weight) if query.vector is not None else 0.0
    return sort_by_score(hits, fuse(hits, query.language, weight))


def read_candidates(reader: IndexReader, hits: Sequence[SearchHit]) -> list[Candidate]:
    """Read the passages of hits with their terms, in order."""
    if not hits:
        return []
    rows = reader.store.take([hit.key for hit in hits], ["record", "terms", "heading_terms"])
    columns = [rows[name].to_pylist() for name in rows.column_names]
    candidates = []
    for hit, record, terms, heading_terms in zip(hits, *columns, strict=True):
        heading = (heading_terms or "").split()
        own = terms.split()[reader.heading_weight * len(heading) :]
        candidates.append(Candidate(hit.language, record, own, heading, hit.bm25, hit.cosine, hit.vector))
    return candidates


def fuse(hits: Sequence[SearchHit] | Sequence[Candidate], language: str, dense_weight: float) -> list[float]:
    """Return the weighted sum of both scores of each hit, each score divided by its maximum. A passage that is not in
    `language`, the language of the question, counts half."""
    max_bm25 = max((hit.bm25 for hit in hits), default=0.0) or 1.0
    max_cosine = max((hit.cosine for hit in hits), default=0.0) or 1.0
    return [
        ((1 - dense_weight) * hit.bm25 / max_bm25 + dense_weight * hit.cosine / max_cosine)
        * (1.0 if hit.language == language else OTHER_LANGUAGE_WEIGHT)
        for hit in hits
    ]


def sort_by_score(items: Sequence[T], scores: Sequence[float]) -> list[tuple[T, float]]:
    """Return items with their scores, best first, in order among equals; without items that score 0."""
    ranked = sorted(zip(items, scores, strict=True), key=lambda pair: -pair[1])
    return [(item, score) for item, score in ranked if score > 0]


def _embed_question(reader: IndexReader, text: str, language: str) -> Vectors | None:
    if not reader.embedder or not reader.settings.dense_weight or not reader.embedder.covers(language):
        return None
    vector: Vectors = pad_vectors(reader.embedder.embed([Text(text, language)], "question"))[0]
    return vector if vector.any() else None


def _expand_terms(reader: IndexReader, query: Query) -> list[str]:
    """Return the rarest terms of a query, including synonyms that occur in the index."""
    terms = list(query.terms)
    if synonyms := reader.synonyms.get(query.language):
        expansion = synonyms.expand(terms)
        terms += [term for term in expansion if term in reader.frequencies and term not in query.terms]
    return heapq.nlargest(MAX_QUERY_TERMS, terms, key=reader.idf)


def _read_columns(reader: IndexReader, keys: Sequence[Key], with_vectors: bool) -> tuple[list[str], Vectors | None]:
    """Read languages and vectors of rows; the store is not read if the answer is known without it."""
    languages = [*reader.languages[:1]] * len(keys)
    columns = ["language"] * (len(reader.languages) > 1) + ["vector"] * with_vectors
    if not keys or not columns:
        return languages, None
    rows = reader.store.take(keys, columns)
    if "language" in columns:
        languages = rows["language"].to_pylist()
    if not with_vectors:
        return languages, None
    return languages, rows["vector"].combine_chunks().flatten().to_numpy().reshape(len(keys), -1)
