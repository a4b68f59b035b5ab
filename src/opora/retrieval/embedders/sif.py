"""Embedder without a download: weighted means of word vectors with common directions removed (SIF).

The method is that of Arora et al. 2017, "A simple but tough-to-beat baseline for sentence embeddings", with inverse
document frequency as the weight, which had higher recall (dev/LOG.md). Words are looked up by lemma in Navec; an
out-of-vocabulary word gets a hashed vector.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from opora.artifacts import fingerprint_of_file
from opora.errors import InputError, first_line
from opora.models.spec import Spec
from opora.retrieval.embedders.base import Role, Text
from opora.retrieval.embedders.hashed import hashed_vectors
from opora.retrieval.embedders.navec import DIMENSIONS, NAME, find_word_vectors, word_vectors
from opora.retrieval.embedders.settings import EmbeddingSettings
from opora.retrieval.store.bm25 import idf, read_frequencies, write_frequencies
from opora.retrieval.vectors import Vectors
from opora.text.terms import lemma, term
from opora.text.words import normalize_case, word_texts

LANGUAGE = "ru"
"""Language of the word vectors. Hashed words alone add nothing to BM25 (dev/LOG.md)."""
HASHED = "#"
"""Prefix of the keys of out-of-vocabulary words."""
SCALE = 5.4
"""Norm of hashed vectors, as of most words of Navec. Lower and higher values had lower recall (dev/LOG.md)."""
BATCH = 1024
_RUSSIAN_WORD = re.compile("[а-яё]+")
CACHED_ROWS, CACHED_TOKENS = 200_000, 1_000_000
"""Word vectors (240 MB) and whitespace tokens that are cached; the cache is cleared when it is full."""
COUNTS, COMPONENTS, FACTS = "counts.parquet", "components.npy", "sif.json"


class SifEmbedder:
    """Weighted means of word vectors.

    `counts`: word (see `word_key`) -> number of texts with it, out of `size` texts; `components`, shape (n, 300):
    directions to remove.
    """

    dimensions = DIMENSIONS

    def __init__(self, counts: Mapping[str, int], size: int, components: Vectors) -> None:
        self.counts, self.size, self.components = dict(counts), size, components
        self._tokens: dict[str, tuple[int, ...]] = {}
        self._keys: dict[str, int] = {}
        self._rows: Vectors = np.empty((4096, DIMENSIONS), dtype=np.float32)

    def __reduce__(self) -> tuple[type[SifEmbedder], tuple[Mapping[str, int], int, Vectors]]:
        return SifEmbedder, (self.counts, self.size, self.components)  # the cache stays in this process

    def embed(self, texts: Sequence[Text], role: Role = "passage") -> Vectors:
        """Return unit vectors, the same for both roles; zeros for a text without words or in another language."""
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for start in range(0, len(texts), BATCH):
            for row, numbers in enumerate(self._numbers(texts[start : start + BATCH]), start):
                if numbers:
                    self._rows.take(numbers, axis=0).sum(axis=0, out=vectors[row])
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-6)
        return unit

    def covers(self, language: str) -> bool:
        return language == LANGUAGE

    def weighted_vectors(self, keys: Sequence[str]) -> Vectors:
        """Return the contribution of each word to the vector of a text, shape (keys, 300)."""
        rows = raw_vectors(keys)
        rows *= np.array([[idf(self.counts.get(key, 0), self.size)] for key in keys], dtype=np.float32)
        rows -= rows @ self.components.T @ self.components
        return rows

    def save(self, folder: Path) -> None:
        """Write the counts and components into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        write_frequencies(folder / COUNTS, self.counts)
        np.save(folder / COMPONENTS, self.components)
        (folder / FACTS).write_text(json.dumps({"texts": self.size}) + "\n", encoding="utf-8")

    def identity(self) -> Mapping[str, str]:
        return {NAME: fingerprint_of_file(find_word_vectors())}

    def _numbers(self, texts: Sequence[Text]) -> list[list[int]]:
        """Return for each text the row numbers of its words; missing rows are added to the cache."""
        if len(self._keys) > CACHED_ROWS or len(self._tokens) > CACHED_TOKENS:
            self._tokens, self._keys = {}, {}
        split = [text.text.split() if self.covers(text.language) else [] for text in texts]
        fresh = {token for tokens in split for token in tokens if token not in self._tokens}
        if fresh:
            self._add(sorted(fresh))
        return [list(chain.from_iterable(map(self._tokens.__getitem__, tokens))) for tokens in split]

    def _add(self, tokens: Sequence[str]) -> None:
        """Add the rows of the words of new whitespace tokens to the cache."""
        keys = {token: [key for form in word_texts(token) if (key := word_key(form, LANGUAGE))] for token in tokens}
        before = len(self._keys)
        for key in chain.from_iterable(keys.values()):
            self._keys.setdefault(key, len(self._keys))
        while len(self._keys) > len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        if len(self._keys) > before:
            self._rows[before : len(self._keys)] = self.weighted_vectors(list(self._keys)[before:])
        self._tokens.update({token: tuple(map(self._keys.__getitem__, words)) for token, words in keys.items()})


def fit_sif(texts: Sequence[Text], components: int) -> SifEmbedder:
    """Fit word weights and `components` common directions, at most one per ten texts, to the texts in Russian."""
    covered = [text for text in texts if text.language == LANGUAGE]
    counts: Counter[str] = Counter()
    keys: dict[str, str] = {}
    for text in covered:
        forms = set(word_texts(text.text))
        for form in forms:
            if form not in keys:
                keys[form] = word_key(form, LANGUAGE)
        counts.update({keys[form] for form in forms} - {""})
    embedder = SifEmbedder(counts, len(covered), np.zeros((0, DIMENSIONS), dtype=np.float32))
    if not (components := min(components, len(covered) // 10)):
        return embedder
    return SifEmbedder(counts, len(covered), _common_directions(embedder, covered, components))


def open_embedder(spec: Spec, folder: Path | None, settings: EmbeddingSettings) -> SifEmbedder:
    """Load the files that `save` wrote into `folder`. Raises InputError if they are damaged, or without an index."""
    if folder is None:
        raise InputError("embedder 'sif' is fitted to passages; name the index that contains it")
    try:
        counts = read_frequencies(folder / COUNTS)
        size = int(json.loads((folder / FACTS).read_text(encoding="utf-8"))["texts"])
        components = np.load(folder / COMPONENTS, allow_pickle=False)
        if components.shape[1:] != (DIMENSIONS,):
            raise ValueError(f"components of shape {components.shape}")
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InputError(f"{folder}: the embedder is damaged ({first_line(error)}); run `opora index` again") from None
    return SifEmbedder(counts, size, components)


def word_key(form: str, language: str) -> str:
    """Return the key of a word form: the lemma of a Russian word in Navec, else its index term; empty for a number."""
    if any(map(str.isdecimal, form)):
        return ""
    folded = normalize_case(form)
    if language == LANGUAGE and _RUSSIAN_WORD.fullmatch(folded) and (key := lemma(folded)) in word_vectors():
        return key
    return HASHED + term(folded, language)


def raw_vectors(keys: Sequence[str]) -> Vectors:
    """Return word vectors, from Navec or hashed, without weights, shape (keys, 300)."""
    vectors = np.empty((len(keys), DIMENSIONS), dtype=np.float32)
    table = word_vectors()
    in_table = [row for row, key in enumerate(keys) if not key.startswith(HASHED)]
    hashed = [row for row, key in enumerate(keys) if key.startswith(HASHED)]
    if in_table:
        vectors[in_table] = table.rows([keys[row] for row in in_table])
    if hashed:
        vectors[hashed] = SCALE * hashed_vectors([keys[row][1:] for row in hashed], DIMENSIONS)
    return vectors


def _common_directions(embedder: SifEmbedder, texts: Sequence[Text], count: int) -> Vectors:
    """Return the principal directions of the vectors of texts, shape (count, 300)."""
    moments = np.zeros((DIMENSIONS, DIMENSIONS))
    for start in range(0, len(texts), BATCH):
        vectors = embedder.embed(texts[start : start + BATCH])
        moments += vectors.T @ vectors
    _, eigenvectors = np.linalg.eigh(moments)
    directions: Vectors = eigenvectors.T[::-1][:count].astype(np.float32)
    return directions
