"""Contract of a reranker: a score per candidate, higher is better, comparable within one query only."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic_core import from_json

from opora.retrieval.query import Query
from opora.retrieval.vectors import Vectors


@dataclass(eq=False)
class Candidate:
    """Passage to rank.

    `terms`: index terms of the passage, in order; `heading_terms`: those of its title and headings; `bm25` and
    `cosine`: scores of the search, 0 where that search did not return the passage; `record`: the Passage as JSON.
    """

    language: str
    record: str
    terms: Sequence[str]
    heading_terms: Sequence[str]
    bm25: float
    cosine: float
    vector: Vectors | None

    @functools.cached_property
    def data(self) -> dict[str, Any]:
        """Fields of the Passage, not validated: ten times faster."""
        data: dict[str, Any] = from_json(self.record)
        return data

    @property
    def id(self) -> str:
        return str(self.data["id"])


class Reranker(Protocol):
    """Scores candidates of a query."""

    def score(self, query: Query, candidates: Sequence[Candidate]) -> list[float]:
        """Return one score per candidate. Raises ModelError if the model fails."""

    def identity(self) -> Mapping[str, str]:
        """Return name -> revision or fingerprint of the weights and prompts, for the manifest."""
