"""A question as the search sees it, made once by `Index.query` and passed to every later step.

query = index.query("Какой срок хранения?", access=["board"])
hits = index.search(query, top_k=4)
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from opora.retrieval.store.schema import Filters
from opora.retrieval.vectors import Vectors

MAX_QUESTION_CHARS = 20_000
"""Maximum length of a question; the search ignores the rest of a longer one."""


Place = tuple[str, ...]
"""Places that fit one that a question names: `п. 2` is `clause 2`, and `part 2` in an article."""


class Query(NamedTuple):
    """A question with its language and the terms, vector and filters to search by."""

    text: str
    language: str
    """ISO 639-1, one of the languages of the index."""
    terms: Mapping[str, float]
    """Distinct search terms, spelling corrected, without synonyms -> inverse document frequency."""
    vector: Vectors | None = None
    """Unit vector, shape (dimensions,); None where the embedder does not cover the language."""
    filters: Filters = MappingProxyType({})
    """Metadata filters."""
    access: tuple[str, ...] = ()
    """Access labels of the reader; passages without labels are public."""
    index_fingerprint: str = ""
    """Fingerprint of the index that terms and vector were computed with."""
    places: tuple[Place, ...] = ()
    """Places that the question names."""
