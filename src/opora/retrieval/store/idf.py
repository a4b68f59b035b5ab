"""How much it tells that a text holds a term, and the file of how many hold each.

idf(count=12, size=5000)      # 5.9
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path


def idf(count: int, size: int) -> float:
    """Inverse document frequency of what `count` of `size` texts hold (Robertson and Zaragoza 2009, section 3.1)."""
    return math.log(1 + (size - count + 0.5) / (count + 0.5))


class Idf:
    """The inverse document frequency of each term, given how many of `size` texts hold it; the highest for a term that
    none holds."""

    def __init__(self, counts: Mapping[str, int], size: int) -> None:
        self._weights = {term: idf(count, size) for term, count in counts.items()}
        self._highest = idf(0, size)

    def __call__(self, term: str) -> float:
        return self._weights.get(term, self._highest)


def read_counts(path: Path) -> dict[str, int]:
    """Term -> how many texts hold it, as `write_counts` wrote it."""
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return dict(zip(table["term"].to_pylist(), table["count"].to_pylist(), strict=True))


def write_counts(path: Path, counts: Mapping[str, int]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    terms = sorted(counts)
    columns = {"term": pa.array(terms, pa.string()), "count": pa.array([counts[each] for each in terms], pa.int64())}
    pq.write_table(pa.table(columns), path)
