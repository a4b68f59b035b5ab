"""What every embedder can do.

In: texts. Out: unit vectors, shape (texts, dimensions), float32; a row of zeros for a text that it knows nothing of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from opora.retrieval.vectors import Vectors

Role = Literal["passage", "question"]


class Text(NamedTuple):
    """A text to embed; a passage comes with its headings before it. `language`: ISO 639-1."""

    text: str
    language: str


class Embedder(Protocol):
    """Makes vectors. Texts that mean the same lie close: the product of their vectors is their cosine."""

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[Text], role: Role) -> Vectors:
        """The vector of each text. Raises ModelError if the model or its server fails."""
        ...

    def covers(self, language: str) -> bool:
        """False if texts in that language have no vectors."""
        ...

    def save(self, folder: Path) -> None:
        """Put what `load_embedder` needs beside the spec into the index, which is then complete by itself. An embedder
        that is found by its name alone writes nothing."""
        ...

    def identity(self) -> Mapping[str, str]:
        """Name -> revision or fingerprint of the weights that the vectors come from, for the manifest."""
        ...
