"""Proximity of a question's terms in a passage (Tao and Zhai 2007): features from 0 to 1, higher for closer.

A match is (position, term) in the passage; positions are those of each term; the weights of the terms sum to 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

Match = tuple[int, str]
Positions = Mapping[str, Sequence[int]]
Weights = Mapping[str, float]

ADJACENT, NEAR = frozenset((1,)), frozenset(range(-4, 5))
"""Distances in terms at which two terms count as a bigram, and as neighbours in any order."""
WINDOW = 20
"""Length of a window in terms, about one or two sentences."""
DENSE_SHARE = 0.7
"""Share of the weight present in the passage that the smallest window has to contain."""


def adjacent_share(positions: Positions, weights: Weights) -> float:
    """Return the weight share of the question's bigrams that are adjacent and in order."""
    return _bigram_share(positions, weights, ADJACENT)


def near_share(positions: Positions, weights: Weights) -> float:
    """Return the weight share of the question's bigrams that are near each other, in any order."""
    return _bigram_share(positions, weights, NEAR)


def _bigram_share(positions: Positions, weights: Weights, distances: frozenset[int]) -> float:
    total = share = 0.0
    for first, second in itertools.pairwise(weights):
        weight = weights[first] + weights[second]
        total += weight
        if first in positions and second in positions:
            share += weight * (not distances.isdisjoint([b - a for a in positions[first] for b in positions[second]]))
    return share / total if total else 0.0


def window_share(matches: Sequence[Match], positions: Positions, weights: Weights) -> float:
    """Return the highest weight of distinct terms in one window."""
    counts = dict.fromkeys(positions, 0)
    weight = best = 0.0
    left = 0
    for end, term in matches:
        if not counts[term]:
            weight += weights[term]
        counts[term] += 1
        while end - matches[left][0] >= WINDOW:
            first = matches[left][1]
            counts[first] -= 1
            if not counts[first]:
                weight -= weights[first]
            left += 1
        best = max(best, weight)
    return best


def window_density(matches: Sequence[Match], positions: Positions, weights: Weights) -> float:
    """Return distinct terms per position of the densest window with `DENSE_SHARE` of the weight present."""
    counts = dict.fromkeys(positions, 0)
    required = DENSE_SHARE * sum([weights[term] for term in positions])
    weight = best = 0.0
    left = distinct = 0
    for right, (end, term) in enumerate(matches):
        if not counts[term]:
            weight += weights[term]
            distinct += 1
        counts[term] += 1
        while weight >= required and left <= right:
            begin, first = matches[left]
            best = max(best, distinct / (end - begin + 1))
            counts[first] -= 1
            if not counts[first]:
                weight -= weights[first]
                distinct -= 1
            left += 1
    return best


def closeness(positions: Positions, weights: Weights) -> float:
    """Return the reciprocal distance of the two rarest terms present; 0 with fewer than two."""
    if len(positions) < 2:
        return 0.0
    rarest, second = sorted(positions, key=lambda term: -weights[term])[:2]
    return 1 / min(max(1, abs(a - b)) for a in positions[rarest] for b in positions[second])
