"""Of ranked passages those to show: no passage twice, none that only repeats, neighbours joined.

In: candidates with a score each, higher is better. Out: the places of those to show, in order.

    choose(candidates, scores, top_k=4, diversity=0.3)      # [0, 3, 1, 7]
"""

from __future__ import annotations

from collections.abc import Sequence

from opora.index.rerank.contract import Candidate


def choose(candidates: Sequence[Candidate], scores: Sequence[float], top_k: int, diversity: float) -> list[int]:
    """Places of at most `top_k` candidates, best first, of those that say the same the better one. With `diversity` a
    candidate loses by its likeness to what was chosen before it: maximal marginal relevance (Carbonell and Goldstein
    1998), both its terms between 0 and 1."""
    order = sorted(range(len(candidates)), key=lambda place: (-scores[place], candidates[place].id))
    kept = _distinct([candidates[place] for place in order], len(order) if diversity else top_k)
    places = [order[each] for each in kept]
    return _diverse(candidates, scores, places, top_k, diversity) if diversity else places


def _distinct(ranked: Sequence[Candidate], most: int) -> list[int]:
    """Places of the first `most` that neither have the words of a better one nor overlap it by more than half of the
    shorter."""
    chosen: list[int] = []
    seen: set[tuple[str, ...]] = set()
    for place, each in enumerate(ranked):
        words = tuple(each.terms)
        if words not in seen and not any(_overlap(each, ranked[other]) for other in chosen):
            chosen.append(place)
            seen.add(words)
        if len(chosen) == most:
            break
    return chosen


def _overlap(one: Candidate, other: Candidate) -> bool:
    a, b = one.data, other.data
    if a["document_id"] != b["document_id"]:
        return False
    common = min(a["end"], b["end"]) - max(a["start"], b["start"])
    return bool(2 * common > min(len(a["text"]), len(b["text"])))


def _diverse(
    candidates: Sequence[Candidate], scores: Sequence[float], places: list[int], top_k: int, diversity: float
) -> list[int]:
    left, chosen = list(places), list[int]()
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    worth = {place: (scores[place] - low) / ((high - low) or 1.0) for place in places}
    likeness = dict.fromkeys(places, 0.0)
    while left and len(chosen) < top_k:
        best = max(left, key=lambda place: ((1 - diversity) * worth[place] - diversity * likeness[place], -place))
        left.remove(best)
        chosen.append(best)
        for place in left:
            likeness[place] = max(likeness[place], _likeness(candidates[best], candidates[place]))
    return chosen


def _likeness(one: Candidate, other: Candidate) -> float:
    """Share of their distinct terms that both hold (Jaccard 1901)."""
    a, b = set(one.terms), set(other.terms)
    return len(a & b) / (len(a | b) or 1)
