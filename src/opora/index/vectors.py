"""Dense vectors of Russian text, without a download: the word vectors that the wheel `natasha` carries.

In: texts as lists of lemmas. Out: unit vectors, shape (texts, 300), float32; zeros where no word is known. Navec (300
dimensions, 250,000 words, news) weighted by smooth inverse frequency, less the common components (Arora et al. 2017,
"A simple but tough-to-beat baseline for sentence embeddings").

    encoder = fit_encoder([["срок", "хранение"], ["плата"]], components=2)
    encoder.encode([["срок"]]).shape          # (1, 300)
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from opora.errors import InputError
from opora.text.terms import lemma
from opora.text.words import words

if TYPE_CHECKING:
    from navec import Navec

Vectors = npt.NDArray[np.float32]
DIMENSIONS = 300
SMOOTHING = 1e-3
"""`a` of equation 3 of the paper."""


class Encoder:
    """`counts`: how often each lemma stands in the corpus; `components`, shape (n, 300): the directions to remove."""

    def __init__(self, counts: Mapping[str, int], components: Vectors) -> None:
        self.counts, self.components = dict(counts), components
        self._total = max(1, sum(counts.values()))

    def encode(self, texts: Sequence[Sequence[str]]) -> Vectors:
        """Unit vectors of texts, each a list of lemmas."""
        vectors = self.average(texts)
        vectors -= vectors @ self.components.T @ self.components
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-6)
        return unit

    def average(self, texts: Sequence[Sequence[str]]) -> Vectors:
        """Weighted means of the word vectors, nothing removed."""
        table = _navec()
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            known = [word for word in text if word in table]
            for word in known:
                weight = SMOOTHING / (SMOOTHING + self.counts.get(word, 0) / self._total)
                vectors[row] += weight * table[word]
            vectors[row] /= max(1, len(known))
        return vectors


def fit_encoder(texts: Sequence[Sequence[str]], components: int) -> Encoder:
    """An encoder whose word weights and common directions come from `texts`."""
    counts = Counter(word for text in texts for word in text)
    encoder = Encoder(counts, np.zeros((0, DIMENSIONS), dtype=np.float32))
    vectors = encoder.average(texts)
    if components and len(texts) > 10 * components:
        _, _, directions = np.linalg.svd(vectors, full_matrices=False)
        encoder.components = directions[:components].astype(np.float32)
    return encoder


def lemmas(text: str) -> list[str]:
    """Lemmas of the words of a Russian text; numbers are left out."""
    return [lemma(word.text) for word in words(text) if not word.is_number]


@functools.cache
def _navec() -> Navec:
    from navec import Navec

    # read as a file: importing natasha would load its taggers
    files = metadata.distribution("natasha").files or ()
    found = [file for file in files if file.name.startswith("navec_news") and file.name.endswith(".tar")]
    if not found:
        raise InputError("the word vectors of the wheel natasha are not there; pip install --force-reinstall natasha")
    return Navec.load(Path(str(found[0].locate())))
