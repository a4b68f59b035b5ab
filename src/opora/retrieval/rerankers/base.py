"""What every reranker can do.

In: a question and candidates. Out: a score for each, higher is better, comparable within one question only.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pydantic_core import from_json

from opora.records import Passage
from opora.retrieval.query import Query
from opora.retrieval.vectors import Vectors


class Candidate:
    """A passage that a search found.

    `terms`, those of the passage itself, in order; `heading_terms`, those of its title and headings; `bm25` and
    `cosine` as the stores gave them, 0 where the passage was not found so; `record`: the Passage as JSON.
    """

    __slots__ = ("__dict__", "bm25", "cosine", "heading_terms", "language", "record", "terms", "vector")

    def __init__(
        self,
        language: str,
        record: str,
        terms: Sequence[str],
        heading_terms: Sequence[str],
        bm25: float,
        cosine: float,
        vector: Vectors | None,
    ) -> None:
        self.language, self.record = language, record
        self.terms, self.heading_terms = terms, heading_terms
        self.bm25, self.cosine, self.vector = bm25, cosine, vector

    @functools.cached_property
    def data(self) -> dict[str, Any]:
        """The fields of the Passage, not validated: a tenth of the time."""
        data: dict[str, Any] = from_json(self.record)
        return data

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @functools.cached_property
    def passage(self) -> Passage:
        return Passage.model_validate_json(self.record)


class Reranker(Protocol):
    """Puts candidates into an order."""

    def score(self, question: Query, candidates: Sequence[Candidate]) -> list[float]:
        """One score a candidate. Raises ModelError if the model fails."""
        ...

    def identity(self) -> Mapping[str, str]:
        """Name -> revision or fingerprint of what the scores come from, for the manifest."""
        ...
