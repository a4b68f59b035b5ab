"""Selection of passages to show: rerank the best, drop duplicates, optionally diversify.

ranked = rerank(candidates[:30], partial(reranker.score, query), candidates[30:])
[candidate.id for candidate, _ in select(ranked, top_k=4, mmr_lambda=0.7)]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from opora.retrieval.rerankers.base import Candidate


class ScoredCandidate(NamedTuple):
    """A candidate and its score, comparable within one query only."""

    candidate: Candidate
    score: float


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
