"""BM25: inverse document frequency, and sparse vectors for a store that has no BM25 of its own.

    counts = TermCounts()
    counts.add(["паром причал север", "касса билет"])
    counts.update()
    passage_weights("паром причал север", counts.mean)        # {2386391331: 0.91, 1410420397: 0.91, ...}
    query_weights(["паром"], counts)                          # {2386391331: 0.69}

The dot product of both is the score of Robertson and Zaragoza 2009, equation 3.15, with the idf of Lucene,
ln(1 + (N - n + 0.5) / (n + 0.5)), which is never negative. Terms with the same hash, about a hundred pairs in a million
terms, count as one.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

K1, B = 1.2, 0.75
NO_TERM = 2**32 - 2
"""Dimension of a passage without terms, since Milvus rejects an empty vector; no term has it."""
MAX_MEAN_DRIFT = 0.1
"""Relative change of the mean length beyond which all weights are computed again."""
FILE = "milvus/counts.npz"


def idf(count: int, size: int) -> float:
    """Return the inverse document frequency of a term that `count` of `size` passages contain."""
    return math.log(1 + (size - count + 0.5) / (count + 0.5))


@dataclass(frozen=True)
class Idf:
    """Inverse document frequency by term; the highest value for a term that no passage contains."""

    counts: Mapping[str, int]
    size: int

    def __call__(self, term: str) -> float:
        return idf(self.counts.get(term, 0), self.size)


def term_weight(count: int, length: int, mean: float) -> float:
    """Return the BM25 weight of a term that occurs `count` times in a passage of `length` terms, without its idf."""
    return count * (K1 + 1) / (count + K1 * (1 - B + B * length / mean))


class TermCounts:
    """Number of passages that contain each term, and the total length of passages, in terms.

    A passage without terms is not counted. `mean` is the mean length that the stored weights were computed with.
    """

    def __init__(self) -> None:
        self.passages, self.length, self.mean = 0, 0, 0.0
        self.frequencies: Counter[int] = Counter()
        """Dimension of a term -> number of passages that contain it."""

    def add(self, texts: Iterable[str]) -> None:
        """Add passages, each given as its terms, separated by spaces."""
        self._change(texts, 1)

    def remove(self, texts: Iterable[str]) -> None:
        """Remove passages that were added."""
        self._change(texts, -1)

    def update(self) -> bool:
        """Return True if the mean length drifted so far that `mean` was replaced."""
        mean = self.length / self.passages if self.passages else 0.0
        if abs(mean - self.mean) <= MAX_MEAN_DRIFT * self.mean:
            return False
        self.mean = mean
        return True

    def save(self, folder: Path) -> None:
        import numpy as np

        path = folder / FILE
        path.parent.mkdir(exist_ok=True)
        # the file may be a hard link that the previous index still uses
        path.unlink(missing_ok=True)
        counts = +self.frequencies
        totals = [self.passages, self.length, self.mean]
        np.savez(path, dimensions=list(counts), frequencies=list(counts.values()), totals=totals)

    @classmethod
    def load(cls, folder: Path) -> TermCounts:
        """Read saved counts. Raises the errors of numpy if the file is damaged."""
        import numpy as np

        counts = cls()
        with np.load(folder / FILE) as file:
            dimensions, frequencies, totals = (file[name].tolist() for name in ("dimensions", "frequencies", "totals"))
        counts.frequencies.update(dict(zip(dimensions, frequencies, strict=True)))
        passages, length, counts.mean = totals
        counts.passages, counts.length = int(passages), int(length)
        return counts

    def _change(self, texts: Iterable[str], sign: int) -> None:
        for text in texts:
            terms = text.split()
            self.passages += sign * bool(terms)
            self.length += sign * len(terms)
            for dimension in set(map(term_dimension, terms)):
                self.frequencies[dimension] += sign


def term_dimension(term: str) -> int:
    """Return the dimension of a term, the same on every machine."""
    return zlib.crc32(term.encode()) % NO_TERM


def passage_weights(text: str, mean: float) -> dict[int, float]:
    """Return the saturated frequency of each term of a passage, given as its terms, separated by spaces."""
    terms = text.split()
    counts = Counter(map(term_dimension, terms))
    return {dimension: term_weight(n, len(terms), mean) for dimension, n in counts.items()} or {NO_TERM: 1.0}


def query_weights(terms: Sequence[str], counts: TermCounts) -> dict[int, float]:
    """Return the idf of each term that some passage contains, times its count in the query."""
    occurrences = Counter(map(term_dimension, terms)).items()
    contained = [(dimension, count) for dimension, count in occurrences if counts.frequencies[dimension]]
    return {dimension: count * idf(counts.frequencies[dimension], counts.passages) for dimension, count in contained}


def read_frequencies(path: Path) -> dict[str, int]:
    """Read the number of passages that contain each term, as written by `write_frequencies`."""
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return dict(zip(table["term"].to_pylist(), table["count"].to_pylist(), strict=True))


def write_frequencies(path: Path, frequencies: Mapping[str, int]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    terms = sorted(frequencies)
    pq.write_table(pa.table({"term": terms, "count": [frequencies[term] for term in terms]}), path)
