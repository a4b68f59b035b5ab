"""Search of one version of an index: retrieve, fuse, rerank, select, add neighbors.

find_passages(reader, make_query(reader, "Какой срок хранения?"), top_k=4, by="hybrid")
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from opora.errors import InputError
from opora.records import Hit, Passage
from opora.retrieval.index.rows import batches
from opora.retrieval.query import Query
from opora.retrieval.search.hybrid import SearchHit, rank_fused, read_candidates, retrieve
from opora.retrieval.search.index_reader import IndexReader, parse_passage
from opora.retrieval.search.mmr import ScoredCandidate, rerank, select
from opora.retrieval.settings import Retriever
from opora.retrieval.store.filters import OneOf

SPARE = 5
"""Candidates read beyond the requested number, because some may be duplicates."""


def find_passages(reader: IndexReader, query: Query, top_k: int, by: Retriever) -> list[Hit]:
    """Return at most `top_k` passages, each followed by its neighbors if `neighbor_passages` is set.

    Raises InputError for a wrong filter, or for `by="reranked"` without a reranker; StoreError for damage.
    """
    if not reader.size or top_k < 1:
        return []
    settings = reader.settings
    hits = retrieve(reader, query, max(settings.candidates, 2 * top_k), by)
    fused = rank_fused(reader, query, hits, by)
    ranked = _rerank(reader, query, fused, top_k) if by == "reranked" else _read_in_order(reader, fused, top_k)
    score_name = "reranked" if by == "reranked" else "fused"
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
