"""Russian word vectors without a download: Navec, from a file inside the wheel `natasha`.

They cover 250,000 lower-case words of news (https://github.com/natasha/navec). The file is read here and not by the
package `navec`, which also computes norms of all words: 0.29 s instead of 0.44 s at the start of every `opora ask`.
Importing `natasha` would load its taggers.
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
from opora.retrieval.vectors import Vectors

DIMENSIONS = 300
NAME = "navec_news_v1_1B_250K_300d_100q"
REINSTALL = "pip install --force-reinstall natasha"


class WordVectors:
    """Word vectors under product quantization (Jégou et al. 2011): 100 parts, each one of 256 codes of three numbers.

    `counts`, shape (words,): word frequencies; `parts`, shape (words, 100): code of each part; `codes`, shape
    (100, 256, 3).
    """

    def __init__(
        self, words: Sequence[str], counts: npt.NDArray[np.int64], parts: npt.NDArray[np.uint8], codes: Vectors
    ) -> None:
        self._ids = {word: number for number, word in enumerate(words)}
        self._counts, self._parts, self._codes = counts, parts, codes

    def __contains__(self, word: str) -> bool:
        return word in self._ids

    def frequent(self, count: int) -> list[str]:
        """Return the `count` most frequent words, most frequent first."""
        words = list(self._ids)
        return [words[number] for number in np.argsort(-self._counts, kind="stable")[:count]]

    def rows(self, words: Sequence[str]) -> Vectors:
        """Return vectors of words of the vocabulary, shape (words, 300). Raises KeyError for another word."""
        parts = self._parts[[self._ids[word] for word in words]]
        rows: Vectors = self._codes[np.arange(len(self._codes)), parts].reshape(len(words), -1)
        return rows


@functools.cache
def word_vectors() -> WordVectors:
    """Return the vectors of the installed wheel, loaded once. Raises InputError if they are missing or damaged."""
    path = find_word_vectors()
    try:
        with tarfile.open(path) as tar:
            vocabulary = gzip.decompress(_member(tar, "vocab.bin"))
            quantized = _member(tar, "pq.bin")
        return _parse(vocabulary, quantized)
    except (tarfile.TarError, KeyError, OSError, EOFError, ValueError) as error:
        raise InputError(f"{path}: the word vectors are damaged ({error}); {REINSTALL}") from None


def find_word_vectors() -> Path:
    """Return the path of the file with the vectors. Raises InputError if it is missing."""
    spec = find_spec("natasha")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "data" / "emb" / f"{NAME}.tar"
        if path.is_file():
            return path
    raise InputError(f"the word vectors of the wheel natasha are missing; {REINSTALL}")


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read()


def _parse(vocabulary: bytes, quantized: bytes) -> WordVectors:
    """Parse the two files of the archive.

    `vocabulary`: number of words, frequencies (32 bits each), words (one per line). `quantized`: number of words,
    dimensions, parts, codes per part (32 bits each), the parts (one byte each), the codes (32-bit floats).
    """
    size = int(np.frombuffer(vocabulary, np.uint32, 1)[0])
    counts = np.frombuffer(vocabulary, np.uint32, size, offset=4).astype(np.int64)
    words = vocabulary[4 + 4 * size :].decode("utf-8").splitlines()
    count, dimensions, parts, codes = map(int, np.frombuffer(quantized, np.uint32, 4))
    if not len(words) == size == count or dimensions != DIMENSIONS:
        raise ValueError(f"{len(words)} words, {count} vectors of {dimensions}")
    table = np.frombuffer(quantized, np.uint8, count * parts, offset=16).reshape(count, parts)
    book = np.frombuffer(quantized, np.float32, parts * codes * (dimensions // parts), offset=16 + count * parts)
    return WordVectors(words, counts, table, book.reshape(parts, codes, -1))
