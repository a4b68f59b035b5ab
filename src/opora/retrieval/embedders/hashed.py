"""Hashed vectors of out-of-vocabulary words: words with similar spelling get similar vectors.

A word is the sum of fixed random vectors of the whole word and of its character n-grams, n from 3 to 5 (Bojanowski et
al. 2017, "Enriching word vectors with subword information", without the training).

    hashed_vectors(["kubernetes", "kubernets"], 300)      # cosine 0.27; about 0 for unrelated words
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Sequence

import numpy as np

from opora.retrieval.vectors import Vectors

BUCKETS = 1 << 14
MIN_N, MAX_N = 3, 5
SEED = 20170615


def hashed_vectors(terms: Sequence[str], dimensions: int) -> Vectors:
    """Return unit vectors, shape (terms, dimensions), the same in every process."""
    table = _table(dimensions)
    vectors = np.empty((len(terms), dimensions), dtype=np.float32)
    for row, term in enumerate(terms):
        ngrams = _ngrams(term)
        word = table[_bucket(f"={term}")]
        # the word and its n-grams have equal weight, however many n-grams there are
        vectors[row] = word + table[[_bucket(ngram) for ngram in ngrams]].sum(axis=0) / np.sqrt(len(ngrams))
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _ngrams(term: str) -> list[str]:
    marked = f"<{term}>"
    spans = [(start, start + n) for n in range(MIN_N, MAX_N + 1) for start in range(len(marked) - n + 1)]
    return [marked[start:end] for start, end in spans] or [marked]


def _bucket(text: str) -> int:
    """Hash a text into a row of the table; Python's own hash differs between processes."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass")) % BUCKETS


@functools.cache
def _table(dimensions: int) -> Vectors:
    generator = np.random.Generator(np.random.PCG64(SEED))
    return generator.standard_normal((BUCKETS, dimensions), dtype=np.float32)
