"""Dense vectors with no download: means of word vectors, rare words counting most, what all texts share removed.

In: texts. Out: unit vectors, shape (texts, 300), float32. The method is that of Arora et al. 2017, "A simple but
tough-to-beat baseline for sentence embeddings", with the inverse document frequency in the place of their weight: it
found more (dev/LOG.md). Words are looked up by lemma in Navec; a word that it does not know gets a hashed vector.

    embedder = fit_sif([Text("Срок хранения — 5 дней.", "ru"), ...], components=8)
    embedder.embed([Text("На сколько дней принимают вещи?", "ru")], "question").shape          # (1, 300)
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from opora.artifacts import fingerprint_of_file
from opora.errors import InputError, first_line
from opora.retrieval.embedders.base import Role, Text
from opora.retrieval.embedders.hashed import hashed_vectors
from opora.retrieval.embedders.navec import DIMENSIONS, NAME, find_word_vectors, word_vectors
from opora.retrieval.store.idf import idf, read_counts, write_counts
from opora.retrieval.vectors import Vectors
from opora.text.terms.stems import lemma, term
from opora.text.words import fold, word_texts

LANGUAGE = "ru"
"""The language of the word vectors. Hashed words alone add nothing to what BM25 finds (dev/LOG.md)."""
HASHED = "#"
"""Before the keys of words that Navec does not know."""
SCALE = 5.4
"""Length of a hashed vector, that of most words of Navec. Shorter and longer ones found less (dev/LOG.md)."""
BATCH = 1024
_RUSSIAN_WORD = re.compile("[а-яё]+")
MAX_ROWS, MAX_PIECES = 200_000, 1_000_000
"""Rows of words (240 MB) and pieces of text that are remembered; when there are more, all are forgotten."""
COUNTS, COMPONENTS, FACTS = "counts.parquet", "components.npy", "sif.json"


class SifEmbedder:
    """`counts`: how many of `size` texts hold each word (see `word_key`); `components`, shape (n, 300): the directions
    to remove."""

    dimensions = DIMENSIONS

    def __init__(self, counts: Mapping[str, int], size: int, components: Vectors) -> None:
        self.counts, self.size, self.components = dict(counts), size, components
        self._pieces: dict[str, tuple[int, ...]] = {}
        self._keys: dict[str, int] = {}
        self._rows: Vectors = np.empty((4096, DIMENSIONS), dtype=np.float32)

    def __reduce__(self) -> tuple[type[SifEmbedder], tuple[Mapping[str, int], int, Vectors]]:
        return SifEmbedder, (self.counts, self.size, self.components)  # another process remembers rows of its own

    def embed(self, texts: Sequence[Text], role: Role = "passage") -> Vectors:
        """Unit vectors; zeros for a text without words or in a language without vectors. Roles are embedded alike."""
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

    def vectors_of(self, keys: Sequence[str]) -> Vectors:
        """What each word adds to the vector of a text, shape (keys, 300)."""
        rows = plain_vectors(keys)
        rows *= np.array([[idf(self.counts.get(key, 0), self.size)] for key in keys], dtype=np.float32)
        rows -= rows @ self.components.T @ self.components
        return rows

    def save(self, folder: Path) -> None:
        """Write the counts and components into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        write_counts(folder / COUNTS, self.counts)
        np.save(folder / COMPONENTS, self.components)
        (folder / FACTS).write_text(json.dumps({"texts": self.size}) + "\n", encoding="utf-8")

    def identity(self) -> Mapping[str, str]:
        return {NAME: fingerprint_of_file(find_word_vectors())}

    def _numbers(self, texts: Sequence[Text]) -> list[list[int]]:
        """For each text the rows of its words; rows that are missing are made."""
        if len(self._keys) > MAX_ROWS or len(self._pieces) > MAX_PIECES:
            self._pieces, self._keys = {}, {}
        found = [text.text.split() if self.covers(text.language) else [] for text in texts]
        fresh = {piece for pieces in found for piece in pieces if piece not in self._pieces}
        if fresh:
            self._learn(sorted(fresh))
        return [list(chain.from_iterable(map(self._pieces.__getitem__, pieces))) for pieces in found]

    def _learn(self, pieces: Sequence[str]) -> None:
        """Make the rows of the words of new pieces of text, a piece being what stands between blanks."""
        keys = {piece: [key for form in word_texts(piece) if (key := word_key(form, LANGUAGE))] for piece in pieces}
        known = len(self._keys)
        for each in keys.values():
            for key in each:
                self._keys.setdefault(key, len(self._keys))
        while len(self._keys) > len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        if len(self._keys) > known:
            self._rows[known : len(self._keys)] = self.vectors_of(list(self._keys)[known:])
        self._pieces.update({piece: tuple(map(self._keys.__getitem__, each)) for piece, each in keys.items()})


def fit_sif(texts: Sequence[Text], components: int) -> SifEmbedder:
    """An embedder whose word weights and `components` common directions, at most one for ten texts, come from
    `texts`. Those in languages without vectors are left out."""
    known = [text for text in texts if text.language == LANGUAGE]
    counts: Counter[str] = Counter()
    keys: dict[str, str] = {}
    for text in known:
        forms = set(word_texts(text.text))
        for form in forms:
            if form not in keys:
                keys[form] = word_key(form, LANGUAGE)
        counts.update({keys[form] for form in forms} - {""})
    embedder = SifEmbedder(counts, len(known), np.zeros((0, DIMENSIONS), dtype=np.float32))
    wanted = min(components, len(known) // 10)
    return SifEmbedder(counts, len(known), _directions(embedder, known, wanted)) if wanted else embedder


def load_sif(folder: Path) -> SifEmbedder:
    """What `save` wrote into `folder`. Raises InputError if it is damaged."""
    try:
        counts = read_counts(folder / COUNTS)
        size = int(json.loads((folder / FACTS).read_text(encoding="utf-8"))["texts"])
        components = np.load(folder / COMPONENTS, allow_pickle=False)
        if components.shape[1:] != (DIMENSIONS,):
            raise ValueError(f"components of shape {components.shape}")
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InputError(f"{folder}: the embedder is damaged ({first_line(error)}); run `opora index` again") from None
    return SifEmbedder(counts, size, components)


def word_key(form: str, language: str) -> str:
    """What a spelling is looked up and counted by: the lemma of a Russian word that Navec knows, else the term; empty
    for a number."""
    if any(map(str.isdecimal, form)):
        return ""
    folded = fold(form)
    if language == LANGUAGE and _RUSSIAN_WORD.fullmatch(folded) and (found := lemma(folded)) in word_vectors():
        return found
    return HASHED + term(folded, language)


def plain_vectors(keys: Sequence[str]) -> Vectors:
    """Vectors of words, known or hashed, no weights, nothing removed; shape (keys, 300)."""
    vectors = np.empty((len(keys), DIMENSIONS), dtype=np.float32)
    table = word_vectors()
    known = [number for number, key in enumerate(keys) if not key.startswith(HASHED)]
    others = [number for number, key in enumerate(keys) if key.startswith(HASHED)]
    if known:
        vectors[known] = table.rows([keys[number] for number in known])
    if others:
        vectors[others] = SCALE * hashed_vectors([keys[number][1:] for number in others], DIMENSIONS)
    return vectors


def _directions(embedder: SifEmbedder, texts: Sequence[Text], wanted: int) -> Vectors:
    """The directions in which the mean vectors of texts lie most, shape (wanted, 300)."""
    moments = np.zeros((DIMENSIONS, DIMENSIONS))
    for vectors in _means(embedder, texts):
        moments += vectors.T @ vectors
    _, directions = np.linalg.eigh(moments)
    found: Vectors = directions.T[::-1][:wanted].astype(np.float32)
    return found


def _means(embedder: SifEmbedder, texts: Sequence[Text]) -> Iterator[Vectors]:
    for start in range(0, len(texts), BATCH):
        yield embedder.embed(texts[start : start + BATCH])
