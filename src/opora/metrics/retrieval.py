"""How near the top a search puts what is wanted.

In: for each hit, best first, which pieces of evidence it holds. Out: numbers from 0 to 1.

    reciprocal_rank([{}, {0}])          # 0.5
    ndcg([{}, {0}], gold=1)             # 0.63
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

DEPTH = 10


def reciprocal_rank(held: Sequence[Collection[int]]) -> float:
    """One over the rank of the first hit that holds any evidence, 0 if none does (Voorhees 1999)."""
    return next((1.0 / rank for rank, pieces in enumerate(held, 1) if pieces), 0.0)


def ndcg(held: Sequence[Collection[int]], gold: int, depth: int = DEPTH) -> float | None:
    """Normalised discounted cumulative gain (Järvelin & Kekäläinen 2002) over the first `depth` hits. A hit gains 1 if
    it holds a piece of evidence that no hit before it held; the ideal order has `gold` such hits on top, the fewest
    that hold all. None without gold."""
    if not gold:
        return None
    seen: set[int] = set()
    gained = 0.0
    for rank, pieces in enumerate(held[:depth], 1):
        gained += bool(set(pieces) - seen) / math.log2(rank + 1)
        seen |= set(pieces)
    return gained / sum(1.0 / math.log2(rank + 1) for rank in range(1, min(gold, depth) + 1))
