"""Near-duplicate texts: they share about half of their word 5-grams or more (MinHash, locality-sensitive hashing).

find_near_duplicates(["a b c d e f", "other words entirely", "a b c d e f g"])     # [{0, 2}]
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from opora.text.words import word_texts

SHINGLE_WORDS, HASHES, BAND_HASHES = 5, 16, 2
"""MinHash (Broder 1997): words per shingle, hashes per text, hashes per band."""
MIN_SIMILARITY = 0.5
"""Minimum share of equal hashes, an estimate of the Jaccard similarity of the shingles."""


def find_near_duplicates(texts: Sequence[str]) -> list[set[int]]:
    """Return groups of indices of texts that are similar to the first text of the group."""
    sketches = _minhash(texts)
    first_with: dict[tuple[int, bytes], int] = {}
    groups: dict[int, set[int]] = {}
    for index, sketch in enumerate(sketches):
        for band in range(0, HASHES, BAND_HASHES):
            first = first_with.setdefault((band, sketch[band : band + BAND_HASHES].tobytes()), index)
            if first != index and (sketches[first] == sketch).mean() >= MIN_SIMILARITY:
                groups.setdefault(first, {first}).add(index)
    return list(groups.values())


def _minhash(texts: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Return the sketches of texts, shape (texts, HASHES)."""
    random = np.random.Generator(np.random.PCG64(1))
    factors = random.integers(0, 2**63, HASHES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    sketches = np.empty((len(texts), HASHES), dtype=np.uint64)
    for index, text in enumerate(texts):
        # a text without words is similar to no other text
        words = np.array([zlib.crc32(word.lower().encode()) for word in word_texts(text)] or [index], dtype=np.uint64)
        shingles = np.zeros(max(1, len(words) - SHINGLE_WORDS + 1), dtype=np.uint64)
        for offset in range(min(SHINGLE_WORDS, len(words))):
            shingles = shingles * np.uint64(0x9E3779B97F4A7C15) + words[offset : offset + len(shingles)]
        shingles ^= shingles >> np.uint64(29)
        sketches[index] = (shingles[:, None] * factors[None, :]).min(axis=0)
    return sketches
