"""Embedder that journals its vectors, so that a killed run does not compute or pay for them twice."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from opora.artifacts import Journal
from opora.retrieval.embedders.base import Embedder, Role, Text
from opora.retrieval.vectors import Vectors

CHUNK = 256
"""Texts per row of the journal: the most that a killed run computes again."""


class JournalledEmbedder:
    """Embedder whose vectors are kept in a journal."""

    def __init__(self, embedder: Embedder, journal: Journal) -> None:
        self.embedder, self.dimensions, self._journal = embedder, embedder.dimensions, journal

    def embed(self, texts: Sequence[Text], role: Role) -> Vectors:
        identity = json.dumps(dict(self.identity()), sort_keys=True)
        parts = [np.zeros((0, self.dimensions), dtype=np.float32)]
        for start in range(0, len(texts), CHUNK):
            chunk = texts[start : start + CHUNK]
            key = hashlib.sha256(json.dumps([identity, role, chunk], ensure_ascii=True).encode()).hexdigest()
            if (stored := self._journal.get(key)) is None:
                vectors = self.embedder.embed(chunk, role)
                self._journal.put(key, base64.b64encode(vectors.astype("<f4").tobytes()).decode())
            else:
                vectors = np.frombuffer(base64.b64decode(stored), "<f4").reshape(len(chunk), -1).astype(np.float32)
            parts.append(vectors)
        return np.concatenate(parts)

    def covers(self, language: str) -> bool:
        return self.embedder.covers(language)

    def save(self, folder: Path) -> None:
        self.embedder.save(folder)

    def identity(self) -> Mapping[str, str]:
        return self.embedder.identity()


def is_costly(embedder: Embedder) -> bool:
    """Return True if the vectors come from a neural model or a server rather than from a table."""
    from opora.retrieval.embedders.openai import OpenAIEmbedder
    from opora.retrieval.embedders.sentence_transformer import TransformerEmbedder

    return isinstance(embedder, JournalledEmbedder | OpenAIEmbedder | TransformerEmbedder)
