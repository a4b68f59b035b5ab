"""Of passages, best first, those to show: ranked anew, no passage twice, none that only repeats.

In: candidates with a score each, higher is better. Out: those to show, in order.

    ranked = rerank(candidates[:30], partial(reranker.score, question), candidates[30:])
    [candidate.id for candidate, _ in choose(ranked, top_k=4, diversity=0.3)]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from opora.retrieval.rerankers.base import Candidate


class Ranked(NamedTuple):
    candidate: Candidate
    score: float


def rerank(
    front: Sequence[Candidate], score: Callable[[Sequence[Candidate]], Sequence[float]], rest: Iterable[Candidate]
) -> Iterator[Ranked]:
    """Candidates in the order of new scores; behind them the others, in the order that they have."""
    scores = score(front)
    yield from sorted(map(Ranked, front, scores), key=lambda each: (-each.score, each.candidate.id))
    lowest = min(scores, default=0.0)
    for number, each in enumerate(rest, 1):
        yield Ranked(each, lowest - number)


def choose(ranked: Iterable[Ranked], top_k: int, diversity: float) -> list[Ranked]:
    """At most `top_k` candidates, of those that say the same the better one; no more are taken than that needs. With
    `diversity` all are taken, and one loses by its likeness to what was chosen before it: maximal marginal relevance
    (Carbonell and Goldstein 1998), both its terms between 0 and 1."""
    distinct = _distinct(ranked)
    return _diverse(list(distinct), top_k, diversity) if diversity else list(islice(distinct, top_k))


def _distinct(ranked: Iterable[Ranked]) -> Iterator[Ranked]:
    """Those that neither have the words of a better one nor overlap it by more than half of the shorter."""
    chosen: list[Candidate] = []
    seen: set[tuple[str, ...]] = set()
    for each in ranked:
        words = tuple(each.candidate.terms)
        if words not in seen and not any(_overlap(each.candidate, other) for other in chosen):
            chosen.append(each.candidate)
            seen.add(words)
            yield each


def _overlap(one: Candidate, other: Candidate) -> bool:
    a, b = one.data, other.data
    if a["document_id"] != b["document_id"]:
        return False
    common = min(a["end"], b["end"]) - max(a["start"], b["start"])
    return bool(2 * common > min(len(a["text"]), len(b["text"])))


def _diverse(ranked: Sequence[Ranked], top_k: int, diversity: float) -> list[Ranked]:
    low, high = (edge((each.score for each in ranked), default=0.0) for edge in (min, max))
    worth = [(each.score - low) / ((high - low) or 1.0) for each in ranked]
    likeness = [0.0] * len(ranked)
    left, chosen = list(range(len(ranked))), list[Ranked]()
    while left and len(chosen) < top_k:
        best = max(left, key=lambda at: ((1 - diversity) * worth[at] - diversity * likeness[at], -at))
        left.remove(best)
        chosen.append(ranked[best])
        for at in left:
            likeness[at] = max(likeness[at], _likeness(ranked[best].candidate, ranked[at].candidate))
    return chosen


def _likeness(one: Candidate, other: Candidate) -> float:
    """Share of their distinct terms that both hold (Jaccard 1901)."""
    a, b = set(one.terms), set(other.terms)
    return len(a & b) / (len(a | b) or 1)
