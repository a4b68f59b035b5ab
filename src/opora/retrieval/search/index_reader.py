"""One version of an index on disk; each part is read when it is first needed."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from opora.artifacts import Manifest
from opora.records import Passage
from opora.retrieval.embedders.base import Embedder
from opora.retrieval.embedders.registry import open_embedder
from opora.retrieval.index.statistics import TERMS
from opora.retrieval.index.table import RERANKER, SYNONYMS
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Reranker
from opora.retrieval.rerankers.registry import open_reranker
from opora.retrieval.search.terms import Synonyms, load_synonyms
from opora.retrieval.settings import IndexSettings
from opora.retrieval.store.base import Store, StoreError
from opora.retrieval.store.bm25 import Idf, read_frequencies
from opora.retrieval.store.registry import open_store
from opora.retrieval.store.schema import Access, Condition, TableSchema, parse_filters
from opora.validation import parse_record


class IndexReader:
    """Version of an index that was opened. `settings` replaces the settings of the search that it was built with."""

    def __init__(self, folder: Path, manifest: Manifest, settings: IndexSettings | None = None) -> None:
        self.folder, self.manifest = folder, manifest
        built = parse_record(IndexSettings, manifest.settings, str(folder / "manifest.json"))
        self.settings, self._built = settings or built, built
        self.heading_weight = built.heading_weight
        self.size = manifest.counts["passages"]
        self.languages: tuple[str, ...] = tuple(manifest.results["languages"])

    @functools.cached_property
    def embedder(self) -> Embedder | None:
        return open_embedder(self._built.embedder, self.folder, self.settings.embedding)

    @functools.cached_property
    def reranker(self) -> Reranker | None:
        return open_reranker(self.settings.reranker, self.folder / RERANKER, settings=self.settings.reranking)

    @functools.cached_property
    def store(self) -> Store:
        schema = TableSchema(self.manifest.results["dimensions"], self.manifest.results["metadata"])
        return open_store(self._built.store, self.folder, self.manifest.results["table"], schema)

    @functools.cached_property
    def frequencies(self) -> dict[str, int]:
        """Term -> number of passages that contain it."""
        from pyarrow import ArrowInvalid

        try:
            return read_frequencies(self.folder / TERMS)
        except ArrowInvalid as error:
            raise StoreError(f"{self.folder / TERMS}: {error}") from None

    @functools.cached_property
    def synonyms(self) -> dict[str, Synonyms]:
        """Language -> its synonyms."""
        path = self.folder / SYNONYMS
        return {language: load_synonyms(path, language) for language in self.languages} if path.exists() else {}

    @functools.cached_property
    def idf(self) -> Idf:
        return Idf(self.frequencies, self.size)

    def conditions(self, query: Query) -> list[Condition]:
        """Return the conditions of a query: access first, then its filters. Raises InputError for a wrong filter."""
        return [Access(query.access), *parse_filters(query.filters, self.manifest.results["metadata"])]

    def passages(self, conditions: Sequence[Condition]) -> list[Passage]:
        """Return all passages that meet all conditions, in document order. Raises StoreError for a damaged one."""
        rows = self.store.scan(conditions, ("record",))
        passages = [parse_passage(record) for batch in rows for record in batch["record"].to_pylist()]
        return sorted(passages, key=lambda passage: (passage.document_id, passage.start, passage.id))


def parse_passage(record: str) -> Passage:
    """Parse a passage of a store. Raises StoreError if it is damaged."""
    try:
        return Passage.model_validate_json(record)
    except ValidationError as error:
        raise StoreError(f"a passage cannot be read: {error.errors()[0]['msg']}") from None
