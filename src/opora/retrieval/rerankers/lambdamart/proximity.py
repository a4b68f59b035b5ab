"""Proximity of a question's terms in a passage (Tao and Zhai 2007).

In: positions of the terms, and their weights, which sum to 1. Out: the features `PROXIMITY`, from 0 to 1, higher for
closer.

    positions = [(3, "срок"), (4, "хранен")]
    proximity(positions, 100, {"срок": 0.4, "хранен": 0.6})
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

TermPosition = tuple[int, str]
"""Position of a term among the terms of the passage, and the term."""

PROXIMITY: tuple[str, ...] = ("ordered", "unordered", "window_share", "window_density", "rare_distance", "first")
MAX_DISTANCE = 4
"""Distance in terms up to which two terms count as neighbours."""
WINDOW = 20
"""Length of a window in terms, about one or two sentences."""
DENSE_SHARE = 0.7
"""Share of the weight present in the passage that the smallest window has to contain."""


def proximity(positions: Sequence[TermPosition], length: int, weights: Mapping[str, float]) -> list[float]:
    """Return the features `PROXIMITY` of a passage of `length` terms.

    `ordered`, `unordered`: weight share of the question's bigrams that are adjacent, or within `MAX_DISTANCE` in any
    order; `window_share`: highest weight in one window; `window_density`: density of question terms in the smallest
    window with `DENSE_SHARE` of the weight; `rare_distance`: reciprocal distance of the two rarest terms present;
    `first`: 1 if the first match is at the start of the passage, towards 0 at its end.
    """
    if not positions:
        return [0.0] * len(PROXIMITY)
    by_term: dict[str, list[int]] = {}
    for position, term in positions:
        by_term.setdefault(term, []).append(position)
    return [
        *_bigrams(by_term, weights),
        _window_share(positions, by_term, weights),
        _density(positions, by_term, weights),
        _rare_distance(by_term, weights),
        1 - positions[0][0] / length,
    ]


def _bigrams(by_term: Mapping[str, Sequence[int]], weights: Mapping[str, float]) -> tuple[float, float]:
    total = ordered = near = 0.0
    for first, second in itertools.pairwise(weights):
        weight = weights[first] + weights[second]
        total += weight
        if first in by_term and second in by_term:
            distances = [b - a for a in by_term[first] for b in by_term[second]]
            ordered += weight * (1 in distances)
            near += weight * any(abs(distance) <= MAX_DISTANCE for distance in distances)
    return (ordered / total, near / total) if total else (0.0, 0.0)


def _window_share(
    positions: Sequence[TermPosition], by_term: Mapping[str, Sequence[int]], weights: Mapping[str, float]
) -> float:
    """Return the highest weight of distinct terms in one window."""
    counts = dict.fromkeys(by_term, 0)
    weight = best = 0.0
    left = 0
    for end, term in positions:
        if not counts[term]:
            weight += weights[term]
        counts[term] += 1
        while end - positions[left][0] >= WINDOW:
            first = positions[left][1]
            counts[first] -= 1
            if not counts[first]:
                weight -= weights[first]
            left += 1
        best = max(best, weight)
    return best


def _density(
    positions: Sequence[TermPosition], by_term: Mapping[str, Sequence[int]], weights: Mapping[str, float]
) -> float:
    """Return distinct terms per position of the densest window with `DENSE_SHARE` of the weight present."""
    required = DENSE_SHARE * sum(weights[term] for term in by_term)
    counts = dict.fromkeys(by_term, 0)
    weight = best = 0.0
    left = distinct = 0
    for right, (end, term) in enumerate(positions):
        if not counts[term]:
            weight += weights[term]
            distinct += 1
        counts[term] += 1
        while weight >= required and left <= right:
            begin, first = positions[left]
            best = max(best, distinct / (end - begin + 1))
            counts[first] -= 1
            if not counts[first]:
                weight -= weights[first]
                distinct -= 1
            left += 1
    return best


def _rare_distance(by_term: Mapping[str, Sequence[int]], weights: Mapping[str, float]) -> float:
    if len(by_term) < 2:
        return 0.0
    rarest, second = sorted(by_term, key=lambda term: -weights[term])[:2]
    return 1 / min(max(1, abs(a - b)) for a in by_term[rarest] for b in by_term[second])
