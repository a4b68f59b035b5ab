"""How much it tells that a text holds a term.

idf(count=12, size=5000)      # 5.9
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping


def idf(count: int, size: int) -> float:
    """Inverse document frequency of what `count` of `size` texts hold (Robertson and Zaragoza 2009, section 3.1)."""
    return math.log(1 + (size - count + 0.5) / (count + 0.5))


def idf_by(counts: Mapping[str, int], size: int) -> Callable[[str], float]:
    """The inverse document frequency of each term, given how many of `size` texts hold it."""
    weights = {term: idf(count, size) for term, count in counts.items()}
    highest = idf(0, size)
    return lambda term: weights.get(term, highest)
