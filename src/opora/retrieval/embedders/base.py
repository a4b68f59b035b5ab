"""Contract of an embedder: texts to unit vectors; a row of zeros for a text without known words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from opora.retrieval.vectors import Vectors

Role = Literal["passage", "question"]


class Text(NamedTuple):
    """Text to embed, in a language given by its ISO 639-1 code. A passage includes its headings."""

    text: str
    language: str


class Embedder(Protocol):
    """Turns texts into vectors. The dot product of two vectors is their cosine similarity."""

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[Text], role: Role) -> Vectors:
        """Return shape (texts, dimensions), float32. Raises ModelError if the model or its server fails."""

    def covers(self, language: str) -> bool:
        """Return False if texts in that language have no vectors."""

    def save(self, folder: Path) -> None:
        """Write into the index whatever `open_embedder` needs besides the spec, so that the index is self-contained."""

    def identity(self) -> Mapping[str, str]:
        """Return name -> revision or fingerprint of the weights, for the manifest."""
