"""Russian word vectors without a download: Navec, in a file that the wheel `natasha` carries.

In: words, lower-case. Out: their vectors, 300 numbers each (250,000 words of news; https://github.com/natasha/navec).
The file is read here: the package `navec` computes norms that nobody needs (0.4 s instead of 0.2 s), and importing
`natasha` loads its taggers.

    vectors = word_vectors()
    "срок" in vectors                           # True
    vectors.rows(["срок", "плата"]).shape       # (2, 300)
"""

from __future__ import annotations

import functools
import gzip
import tarfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from opora.errors import InputError

Vectors = npt.NDArray[np.float32]
DIMENSIONS = 300
NAME = "navec_news_v1_1B_250K_300d_100q"
WAY_OUT = "pip install --force-reinstall natasha"


class WordVectors:
    """Product quantisation (Jegou et al. 2011): a vector is 100 parts, each one of 256 `codes` of three numbers.

    `counts`, shape (words,): how often each was read; `parts`, shape (words, 100): which code each part of a word's
    vector is; `codes`, shape (100, 256, 3).
    """

    def __init__(
        self, words: Sequence[str], counts: npt.NDArray[np.int64], parts: npt.NDArray[np.uint8], codes: Vectors
    ) -> None:
        self._ids = {word: number for number, word in enumerate(words)}
        self._counts, self._parts, self._codes = counts, parts, codes

    def __contains__(self, word: str) -> bool:
        return word in self._ids

    def frequent(self, count: int) -> list[str]:
        """The `count` words that are read most, the most frequent first."""
        words = list(self._ids)
        return [words[number] for number in np.argsort(-self._counts, kind="stable")[:count]]

    def rows(self, words: Sequence[str]) -> Vectors:
        """Vectors of known words, shape (words, 300)."""
        parts = self._parts[[self._ids[word] for word in words]]
        rows: Vectors = self._codes[np.arange(len(self._codes)), parts].reshape(len(words), -1)
        return rows


@functools.cache
def word_vectors() -> WordVectors:
    """The vectors of the installed wheel. Raises InputError if they are not there or damaged."""
    path = find_word_vectors()
    try:
        with tarfile.open(path) as tar:
            vocabulary = gzip.decompress(_member(tar, "vocab.bin"))
            quantised = _member(tar, "pq.bin")
        return _parse(vocabulary, quantised)
    except (tarfile.TarError, KeyError, OSError, EOFError, ValueError) as error:
        raise InputError(f"{path}: the word vectors are damaged ({error}); {WAY_OUT}") from None


def find_word_vectors() -> Path:
    """Where the file is. Raises InputError if it is not there."""
    spec = find_spec("natasha")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "data" / "emb" / f"{NAME}.tar"
        if path.is_file():
            return path
    raise InputError(f"the word vectors of the wheel natasha are not there; {WAY_OUT}")


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read()


def _parse(vocabulary: bytes, quantised: bytes) -> WordVectors:
    """`vocabulary`: count of words, their frequencies (32 bits each), the words, a line each. `quantised`: count of
    words, dimensions, parts, codes a part (32 bits each), then the parts (a byte each), then the codes."""
    size = int(np.frombuffer(vocabulary, np.uint32, 1)[0])
    counts = np.frombuffer(vocabulary, np.uint32, size, offset=4).astype(np.int64)
    words = vocabulary[4 + 4 * size :].decode("utf-8").splitlines()
    count, dimensions, parts, codes = map(int, np.frombuffer(quantised, np.uint32, 4))
    if not len(words) == size == count or dimensions != DIMENSIONS:
        raise ValueError(f"{len(words)} words, {count} vectors of {dimensions}")
    table = np.frombuffer(quantised, np.uint8, count * parts, offset=16).reshape(count, parts)
    book = np.frombuffer(quantised, np.float32, parts * codes * (dimensions // parts), offset=16 + count * parts)
    return WordVectors(words, counts, table, book.reshape(parts, codes, -1))
