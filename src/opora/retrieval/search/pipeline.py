"""Search of one version of an index: retrieve, fuse, rerank, select, add neighbors.

find_passages(reader, make_query(reader, "Какой срок хранения?"), top_k=4, by="hybrid")
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import NamedTuple

from opora.errors import InputError
from opora.records import Hit, Passage
from opora.retrieval.index.rows import batches
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.search.definitions import asked_word, defines
from opora.retrieval.search.hybrid import SearchHit, read_candidates, retrieve
from opora.retrieval.search.index_reader import IndexReader, parse_passage
from opora.retrieval.search.places import document_fits, place_groups
from opora.retrieval.settings import Retriever
from opora.retrieval.store.schema import OneOf

PLACE_SHARE = 0.75
"""Largest share of the hits that the places named in the question may fill."""
DEFINITION_CANDIDATES = 100
"""Passages among which the definition of a word is looked for; those that use it often rank above."""
SPARE = 5
"""Candidates read beyond the requested number, because some may be duplicates."""


class ScoredCandidate(NamedTuple):
    """A candidate and its score, comparable within one query only."""

    candidate: Candidate
    score: float


def find_passages(reader: IndexReader, query: Query, top_k: int, by: Retriever) -> list[Hit]:
    """Return at most `top_k` passages, each followed by its neighbors if `neighbor_passages` is set. Raises InputError
    for a wrong filter, or for `by="reranked"` without a reranker; StoreError for damage."""
    if not reader.size or top_k < 1:
        return []
    settings = reader.settings
    fused = retrieve(reader, query, max(settings.candidates, 2 * top_k), by)
    ranked = _rerank(reader, query, fused, top_k) if by == "reranked" else _read_in_order(reader, fused, top_k)
    score_name = "reranked" if by == "reranked" else "fused"
    if query.places:
        ranked = itertools.chain(_at_places(reader, query, top_k, by), ranked)
    elif asked := asked_word(query.text, query.language):
        ranked = itertools.chain(_definitions(reader, query, asked, by), ranked)
    mmr_lambda = settings.mmr_lambda if by in ("hybrid", "reranked") else 1.0
    selected = []
    for rank, (candidate, score) in enumerate(select(ranked, top_k, mmr_lambda), 1):
        scores = {score_name: score, "bm25": candidate.bm25, "dense": candidate.cosine}
        selected.append(Hit(passage=parse_passage(candidate.record), rank=rank, scores=scores))
    return _add_neighbors(reader, query, selected) if settings.neighbor_passages else selected


def _read_in_order(
    reader: IndexReader, fused: Sequence[tuple[SearchHit, float]], top_k: int
) -> Iterator[ScoredCandidate]:
    """Yield candidates by fused score, then id; they are read in batches, as the caller takes them."""
    for batch in batches(fused, top_k + SPARE):
        candidates = read_candidates(reader, [hit for hit, _ in batch])
        block = map(ScoredCandidate, candidates, (score for _, score in batch))
        yield from sorted(block, key=lambda row: (-row.score, row.candidate.id))


def _at_places(reader: IndexReader, query: Query, top_k: int, by: Retriever) -> list[ScoredCandidate]:
    """Return the passages in the places that the question names, those of the document that it names first."""
    retriever: Retriever = "hybrid" if by == "reranked" else by
    for places in place_groups(query):
        fused = retrieve(reader, query, reader.settings.candidates, retriever, places)
        candidates = read_candidates(reader, [hit for hit, _ in fused])
        scores = [score for _, score in fused]
        fits = document_fits(query, candidates)
        # above every fused score, which is at most 1
        rows = [
            ScoredCandidate(candidate, 2.0 + fit + score / 2)
            for candidate, fit, score in zip(candidates, fits, scores, strict=True)
            if fit is not None
        ]
        if rows:
            rows.sort(key=lambda row: (-row.score, row.candidate.id))
            return rows[: math.ceil(PLACE_SHARE * top_k)]
    return []


def _definitions(reader: IndexReader, query: Query, asked: tuple[str, ...], by: Retriever) -> list[ScoredCandidate]:
    """Return the best passage that defines the word which the question asks for, if there is one."""
    fused = retrieve(reader, query, DEFINITION_CANDIDATES, "hybrid" if by == "reranked" else by)
    candidates = read_candidates(reader, [hit for hit, _ in fused])
    rows = [
        ScoredCandidate(candidate, 2.0 + score)
        for candidate, (_, score) in zip(candidates, fused, strict=True)
        if defines(candidate.data["text"], asked, query.language, frozenset(candidate.heading_terms))
    ]
    return sorted(rows, key=lambda row: (-row.score, row.candidate.id))[:1]


def _rerank(
    reader: IndexReader, query: Query, fused: Sequence[tuple[SearchHit, float]], top_k: int
) -> Iterator[ScoredCandidate]:
    """Yield the best `rerank_candidates` in the order of the reranker, then the rest by fused score."""
    if not reader.reranker:
        raise InputError(f"{reader.folder}: the index has no reranker; set index.reranker and run `opora index`")
    hits, limit = [hit for hit, _ in fused], reader.settings.rerank_candidates
    front, rest = hits[:limit], hits[limit:]
    unranked = (row for batch in batches(rest, top_k + SPARE) for row in read_candidates(reader, batch))
    yield from rerank(read_candidates(reader, front), partial(reader.reranker.score, query), unranked)


def _add_neighbors(reader: IndexReader, query: Query, hits: Sequence[Hit]) -> list[Hit]:
    """Insert behind each hit the passages beside it, in document order, without repeats."""
    distance = reader.settings.neighbor_passages
    documents = tuple(dict.fromkeys(hit.passage.document_id for hit in hits))
    siblings: dict[str, list[Passage]] = {}
    for passage in reader.passages([OneOf("document_id", documents), *reader.conditions(query)]):
        siblings.setdefault(passage.document_id, []).append(passage)
    included = {hit.passage.id for hit in hits}
    joined: list[Hit] = []
    for hit in hits:
        row = siblings[hit.passage.document_id]
        position = next(i for i, passage in enumerate(row) if passage.id == hit.passage.id)
        joined.append(hit)
        for passage in row[max(0, position - distance) : position + distance + 1]:
            if passage.id not in included:
                included.add(passage.id)
                joined.append(Hit(passage=passage, rank=hit.rank))
    return joined


def rerank(
    front: Sequence[Candidate], score: Callable[[Sequence[Candidate]], Sequence[float]], rest: Iterable[Candidate]
) -> Iterator[ScoredCandidate]:
    """Yield the `front` candidates in the order of their new scores, then the `rest` in their present order."""
    scores = score(front)
    yield from sorted(map(ScoredCandidate, front, scores), key=lambda row: (-row.score, row.candidate.id))
    lowest = min(scores, default=0.0)
    for position, candidate in enumerate(rest, 1):
        yield ScoredCandidate(candidate, lowest - position)


def select(ranked: Iterable[ScoredCandidate], top_k: int, mmr_lambda: float) -> list[ScoredCandidate]:
    """Return at most `top_k` candidates without duplicates; of two duplicates the better one stays.

    With `mmr_lambda` below 1 all candidates are read and selected by maximal marginal relevance (Carbonell and
    Goldstein 1998): lambda * relevance - (1 - lambda) * similarity to a selected one, both from 0 to 1. Otherwise only
    as many candidates are read as needed.
    """
    distinct = _without_duplicates(ranked)
    return _select_mmr(list(distinct), top_k, mmr_lambda) if mmr_lambda < 1 else list(islice(distinct, top_k))


def _without_duplicates(ranked: Iterable[ScoredCandidate]) -> Iterator[ScoredCandidate]:
    """Drop candidates with the same terms as a better one, or that overlap it by more than half of the shorter one."""
    kept: list[Candidate] = []
    seen: set[tuple[str, ...]] = set()
    for row in ranked:
        terms = tuple(row.candidate.terms)
        if terms not in seen and not any(_overlaps(row.candidate, better) for better in kept):
            kept.append(row.candidate)
            seen.add(terms)
            yield row


def _overlaps(left: Candidate, right: Candidate) -> bool:
    a, b = left.data, right.data
    if a["document_id"] != b["document_id"]:
        return False
    common = min(a["end"], b["end"]) - max(a["start"], b["start"])
    return bool(2 * common > min(len(a["text"]), len(b["text"])))


def _select_mmr(ranked: Sequence[ScoredCandidate], top_k: int, mmr_lambda: float) -> list[ScoredCandidate]:
    low, high = (extreme((row.score for row in ranked), default=0.0) for extreme in (min, max))
    relevance = [(row.score - low) / ((high - low) or 1.0) for row in ranked]
    similarity = [0.0] * len(ranked)
    remaining, selected = list(range(len(ranked))), list[ScoredCandidate]()
    while remaining and len(selected) < top_k:
        best = max(remaining, key=lambda i: (mmr_lambda * relevance[i] - (1 - mmr_lambda) * similarity[i], -i))
        remaining.remove(best)
        selected.append(ranked[best])
        for i in remaining:
            similarity[i] = max(similarity[i], _jaccard(ranked[best].candidate, ranked[i].candidate))
    return selected


def _jaccard(left: Candidate, right: Candidate) -> float:
    """Return the share of their distinct terms that two passages have in common (Jaccard 1901)."""
    a, b = set(left.terms), set(right.terms)
    return len(a & b) / (len(a | b) or 1)
