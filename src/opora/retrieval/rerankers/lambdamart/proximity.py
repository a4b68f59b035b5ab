"""How close together the words of a question stand in a passage.

In: where its terms stand, and their weights, which sum to 1. Out: the features `PROXIMITY`, each from 0 to 1, higher
for closer.

    places = [(3, "срок"), (4, "хранен")]
    proximity(places, 100, {"срок": 0.4, "хранен": 0.6})
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

Place = tuple[int, str]
"""Position of a term among the terms of the passage, and the term."""

PROXIMITY: tuple[str, ...] = ("ordered", "unordered", "window_share", "window_density", "rare_distance", "first")
NEAR = 4
"""Terms within which two words count as neighbours."""
WINDOW = 20
"""Terms of a window, about a sentence or two."""
MOST = 0.7
"""Share of the weight that the passage holds which the smallest window has to hold."""


def proximity(places: Sequence[Place], length: int, weights: Mapping[str, float]) -> list[float]:
    """`ordered`, `unordered`: the share of the weight of neighbours in the question that follow each other at once, or
    stand near each other in any order; `window_share`: the most weight in one window; `window_density`: terms of the
    question among those of the smallest window that holds most; `rare_distance`: one over the distance of the two
    rarest terms held; `first`: how near the begin the first one stands."""
    if not places:
        return [0.0] * len(PROXIMITY)
    at: dict[str, list[int]] = {}
    for place, term in places:
        at.setdefault(term, []).append(place)
    return [
        *_bigrams(at, weights),
        _window_share(places, at, weights),
        _density(places, at, weights),
        _rare_distance(at, weights),
        1 - places[0][0] / length,
    ]


def _bigrams(at: Mapping[str, Sequence[int]], weights: Mapping[str, float]) -> tuple[float, float]:
    total = ordered = near = 0.0
    for one, other in itertools.pairwise(weights):
        weight = weights[one] + weights[other]
        total += weight
        if one in at and other in at:
            distances = [b - a for a in at[one] for b in at[other]]
            ordered += weight * (1 in distances)
            near += weight * any(abs(each) <= NEAR for each in distances)
    return (ordered / total, near / total) if total else (0.0, 0.0)


def _window_share(places: Sequence[Place], at: Mapping[str, Sequence[int]], weights: Mapping[str, float]) -> float:
    """The most weight of distinct terms in one window."""
    counts = dict.fromkeys(at, 0)
    held = best = 0.0
    left = 0
    for end, term in places:
        if not counts[term]:
            held += weights[term]
        counts[term] += 1
        while end - places[left][0] >= WINDOW:
            first = places[left][1]
            counts[first] -= 1
            if not counts[first]:
                held -= weights[first]
            left += 1
        best = max(best, held)
    return best


def _density(places: Sequence[Place], at: Mapping[str, Sequence[int]], weights: Mapping[str, float]) -> float:
    """Distinct terms of the smallest window that holds `MOST` of the held weight, by its length."""
    wanted = MOST * sum(weights[term] for term in at)
    counts = dict.fromkeys(at, 0)
    held = best = 0.0
    left = distinct = 0
    for right, (end, term) in enumerate(places):
        if not counts[term]:
            held += weights[term]
            distinct += 1
        counts[term] += 1
        while held >= wanted and left <= right:
            begin, first = places[left]
            best = max(best, distinct / (end - begin + 1))
            counts[first] -= 1
            if not counts[first]:
                held -= weights[first]
                distinct -= 1
            left += 1
    return best


def _rare_distance(at: Mapping[str, Sequence[int]], weights: Mapping[str, float]) -> float:
    if len(at) < 2:
        return 0.0
    one, other = sorted(at, key=lambda term: -weights[term])[:2]
    return 1 / min(max(1, abs(a - b)) for a in at[one] for b in at[other])
