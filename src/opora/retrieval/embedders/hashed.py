"""Vectors of words that no table knows: hashes of the word and of its pieces, so that words spelt alike lie close.

In: terms. Out: vectors of length one, shape (terms, dimensions). A word is the sum of fixed random vectors, of the
whole word and of its runs of three to five letters (Bojanowski et al. 2017, "Enriching word vectors with subword
information", without the training).

    hashed_vectors(["kubernetes", "kubernets"], 300)      # their product is 0.27, that of strangers about 0
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Sequence

import numpy as np

from opora.retrieval.vectors import Vectors

BUCKETS = 1 << 14
SHORTEST, LONGEST = 3, 5
SEED = 20170615


def hashed_vectors(terms: Sequence[str], dimensions: int) -> Vectors:
    """A vector of length one for each term; the same in every process."""
    table = _table(dimensions)
    vectors = np.empty((len(terms), dimensions), dtype=np.float32)
    for row, term in enumerate(terms):
        pieces = _pieces(term)
        whole = table[_bucket(f"={term}")]
        # whole and pieces count alike, however many pieces there are
        vectors[row] = whole + table[[_bucket(piece) for piece in pieces]].sum(axis=0) / np.sqrt(len(pieces))
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _pieces(term: str) -> list[str]:
    marked = f"<{term}>"
    return [
        marked[start : start + length]
        for length in range(SHORTEST, LONGEST + 1)
        for start in range(len(marked) - length + 1)
    ] or [marked]


def _bucket(piece: str) -> int:
    """Python's own hash differs from process to process."""
    return zlib.crc32(piece.encode("utf-8", "surrogatepass")) % BUCKETS


@functools.cache
def _table(dimensions: int) -> Vectors:
    generator = np.random.Generator(np.random.PCG64(SEED))
    return generator.standard_normal((BUCKETS, dimensions), dtype=np.float32)
