"""Dense vectors of Russian texts: means of word vectors, rare words counting most, what all texts share removed.

In: texts as lists of lemmas. Out: unit vectors, shape (texts, 300), float32; zeros where no word is known. The method
is that of Arora et al. 2017, "A simple but tough-to-beat baseline for sentence embeddings", with the inverse document
frequency in the place of their weight: it found more (dev/LOG.md). Other languages have no vectors here.

    encoder = fit_encoder([["срок", "хранение"], ["плата"]], components=8)
    encoder.encode([["срок"]]).shape          # (1, 300)
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from opora.index.word_vectors import DIMENSIONS, Vectors, word_vectors
from opora.text.terms import lemma
from opora.text.words import words


class Encoder:
    """`counts`: how many of `size` texts hold each lemma; `components`, shape (n, 300): the directions to remove."""

    def __init__(self, counts: Mapping[str, int], size: int, components: Vectors) -> None:
        self.counts, self.size, self.components = dict(counts), size, components

    def encode(self, texts: Sequence[Sequence[str]]) -> Vectors:
        """Unit vectors of texts, each a list of lemmas."""
        vectors = self.average(texts)
        vectors -= vectors @ self.components.T @ self.components
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-6)
        return unit

    def average(self, texts: Sequence[Sequence[str]]) -> Vectors:
        """Weighted means of the word vectors, nothing removed."""
        table = word_vectors()
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            known = [word for word in text if word in table]
            if known:
                weights = [idf(self.counts.get(word, 0), self.size) for word in known]
                vectors[row] = np.asarray(weights, dtype=np.float32) @ table.rows(known) / len(known)
        return vectors


def fit_encoder(texts: Sequence[Sequence[str]], components: int) -> Encoder:
    """An encoder whose word weights and common directions come from `texts`."""
    counts = Counter(word for text in texts for word in set(text))
    encoder = Encoder(counts, len(texts), np.zeros((0, DIMENSIONS), dtype=np.float32))
    wanted = min(components, len(texts) // 10)
    if wanted:
        vectors = encoder.average(texts).astype(np.float64)
        _, directions = np.linalg.eigh(vectors.T @ vectors)
        encoder.components = directions.T[::-1][:wanted].astype(np.float32)
    return encoder


def idf(count: int, size: int) -> float:
    """Inverse document frequency of what `count` of `size` texts hold (Robertson and Zaragoza 2009, section 3.1)."""
    return math.log(1 + (size - count + 0.5) / (count + 0.5))


def lemmas(text: str) -> list[str]:
    """Lemmas of the words of a Russian text; numbers are left out."""
    return [lemma(word.text) for word in words(text) if not word.is_number]
