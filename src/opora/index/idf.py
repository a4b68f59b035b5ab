"""Inverse document frequency: what is rare tells most.

idf(1, 100)      # 4.2
"""

from __future__ import annotations

import math


def idf(count: int, size: int) -> float:
    """Of what `count` of `size` texts hold (Robertson and Zaragoza 2009, section 3.1)."""
    return math.log(1 + (size - count + 0.5) / (count + 0.5))
