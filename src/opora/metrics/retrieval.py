"""Ranking metrics of retrieval, from the pieces of evidence that each hit contains, best first.

reciprocal_rank([{}, {0}])          # 0.5
alpha_ndcg([{}, {0}], gold=1)       # 0.63
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

DEPTH = 10


def reciprocal_rank(evidence: Sequence[Collection[int]]) -> float:
    """Return one over the rank of the first hit with any evidence, 0 if there is none (Voorhees 1999)."""
    return next((1.0 / rank for rank, pieces in enumerate(evidence, 1) if pieces), 0.0)


def alpha_ndcg(evidence: Sequence[Collection[int]], gold: int, depth: int = DEPTH) -> float | None:
    """Return alpha-nDCG with alpha = 1 (Clarke et al. 2008) over the first `depth` hits; None without gold.

    A hit gains 1 if it contains a piece of evidence that no hit before it contained; evidence found twice gains
    nothing. The ideal ranking has `gold` such hits on top, the fewest that contain all evidence.
    """
    if not gold:
        return None
    seen: set[int] = set()
    gain = 0.0
    for rank, pieces in enumerate(evidence[:depth], 1):
        gain += bool(set(pieces) - seen) / math.log2(rank + 1)
        seen |= set(pieces)
    return gain / sum(1.0 / math.log2(rank + 1) for rank in range(1, min(gold, depth) + 1))
