"""BM25 as a product of sparse vectors, for a store that has no BM25 of its own.

In: the terms of rows and of a question. Out: number of a term -> weight; the product of both is the score.

    counts = Counts()
    counts.change(["паром причал север", "касса билет"], by=1)
    counts.settle()
    weights_of_row("паром причал север", counts.mean)         # {2386391331: 0.91, 1410420397: 0.91, ...}
    weights_of_question(["паром"], counts)                    # {2386391331: 0.69}

Robertson and Zaragoza 2009, equation 3.15, with the idf of Lucene, ln(1 + (N - n + 0.5) / (n + 0.5)), which is never
below zero. Two terms of the same number count as one; of a million terms about a hundred pairs share a number.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K1, B = 1.2, 0.75
NO_TERM = 2**32 - 2
"""The number that a row without terms has, for a vector may not be empty; no term has it."""
DRIFT = 0.1
"""How far the mean length may be from the one that weights were made with, as a share of it."""
FILE = "milvus/counts.npz"


class Counts:
    """How many rows hold each term, and how long rows are, in terms. A row without terms counts for nothing.

    `mean`: the mean length that the weights of rows are made with.
    """

    def __init__(self) -> None:
        import numpy as np

        self.rows, self.length, self.mean = 0, 0, 0.0
        self._numbers: NDArray[np.int64] = np.zeros(0, np.int64)
        self._holding: NDArray[np.int64] = np.zeros(0, np.int64)
        self._changes: Counter[int] = Counter()

    def change(self, texts: Iterable[str], by: int) -> None:
        """Count rows in (by = 1) or out (by = -1), each given as its terms, divided by blanks."""
        for text in texts:
            terms = text.split()
            self.rows += by * bool(terms)
            self.length += by * len(terms)
            for number in {number_of(term) for term in terms}:
                self._changes[number] += by

    def settle(self) -> bool:
        """Bring the counts up to date. True if the mean length was so far off that `mean` is new."""
        import numpy as np

        numbers = np.concatenate([self._numbers, np.fromiter(self._changes, np.int64)])
        amounts = np.concatenate([self._holding, np.fromiter(self._changes.values(), np.int64)])
        every, places = np.unique(numbers, return_inverse=True)
        holding = np.zeros(len(every), np.int64)
        np.add.at(holding, places, amounts)
        self._numbers, self._holding = every[holding > 0], holding[holding > 0]
        self._changes.clear()
        mean = self.length / self.rows if self.rows else 0.0
        if abs(mean - self.mean) <= DRIFT * self.mean:
            return False
        self.mean = mean
        return True

    def holding(self, numbers: Sequence[int]) -> list[int]:
        """How many rows hold each of some terms, as of the last `settle`."""
        import numpy as np

        places = np.searchsorted(self._numbers, numbers)
        return [
            int(self._holding[place]) if place < len(self._numbers) and self._numbers[place] == number else 0
            for place, number in zip(places, numbers, strict=True)
        ]

    def save(self, folder: Path) -> None:
        import numpy as np

        path = folder / FILE
        path.parent.mkdir(exist_ok=True)
        # the index that this one is a copy of may share the file
        path.unlink(missing_ok=True)
        totals = np.array([self.rows, self.length, self.mean])
        np.savez(path, numbers=self._numbers, holding=self._holding, totals=totals)

    @classmethod
    def load(cls, folder: Path) -> Counts:
        """What `save` wrote. numpy's own errors come through."""
        import numpy as np

        counts = cls()
        with np.load(folder / FILE) as file:
            counts._numbers, counts._holding = file["numbers"], file["holding"]
            rows, length, counts.mean = file["totals"].tolist()
        counts.rows, counts.length = int(rows), int(length)
        return counts


def number_of(term: str) -> int:
    """The dimension of a term: the same on every machine."""
    return zlib.crc32(term.encode()) % NO_TERM


def weights_of_row(text: str, mean: float) -> dict[int, float]:
    """Saturated frequency of each term, for the length of the row; a row without terms has NO_TERM."""
    terms = text.split()
    if not terms:
        return {NO_TERM: 1.0}
    norm = K1 * (1 - B + B * len(terms) / mean)
    return {number: count * (K1 + 1) / (count + norm) for number, count in Counter(map(number_of, terms)).items()}


def weights_of_question(terms: Sequence[str], counts: Counts) -> dict[int, float]:
    """The idf of each term that some row holds, as often as the question has it."""
    frequencies = Counter(map(number_of, terms))
    holding = zip(frequencies, counts.holding(list(frequencies)), strict=True)
    return {
        number: frequencies[number] * math.log(1 + (counts.rows - n + 0.5) / (n + 0.5)) for number, n in holding if n
    }
