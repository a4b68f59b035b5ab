"""The index as its users see it: a question in, passages out.

index = open_index(Path("index"))
index.search("Какой срок хранения?", top_k=4)[0].passage.location
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

from opora.artifacts import Manifest, read_manifest
from opora.errors import InputError, OporaError
from opora.records import Hit, Passage, Scalar
from opora.retrieval.embedders.base import Text
from opora.retrieval.index.stage import check_index, damaged_error
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.search.hybrid import make_query, read_candidates, retrieve
from opora.retrieval.search.index_reader import IndexReader
from opora.retrieval.search.pipeline import find_passages
from opora.retrieval.settings import IndexSettings, Retriever
from opora.retrieval.store.base import StoreError
from opora.retrieval.store.schema import Filters, OneOf, metadata_column
from opora.text.search_terms import search_terms
from opora.validation import nearest

T = TypeVar("T")
SWAP_S = 2.0
"""Maximum time to wait for an index that is being replaced."""


def open_index(folder: Path) -> Index:
    """Open the index in `folder`; nothing is written. Raises InputError if it is missing or unfinished, OporaError if
    it is damaged or of another version."""
    return Index(folder, check_index(folder))


class Index:
    """An index on disk, read lazily.

    If a newer index replaces it on disk, the next search that cannot read the old files continues in the new ones.
    """

    def __init__(self, folder: Path, manifest: Manifest, settings: IndexSettings | None = None) -> None:
        """`settings` replaces the settings of the search; those of the rows have no effect."""
        self._settings = settings
        self._reader = IndexReader(folder, manifest, settings)

    def with_settings(self, settings: IndexSettings) -> Index:
        """Return the same index searched with other settings; those of the rows have no effect."""
        return Index(self.folder, self.manifest, settings)

    @property
    def folder(self) -> Path:
        return self._reader.folder

    @property
    def manifest(self) -> Manifest:
        return self._reader.manifest

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of the passages, sorted."""
        return self._reader.languages

    def load(self) -> Index:
        """Load everything that the first search would load."""

        def run(reader: IndexReader) -> None:
            _ = reader.store, reader.frequencies, reader.reranker, reader.synonyms
            for language in reader.languages:
                search_terms("a а", language)
                if reader.embedder:
                    reader.embedder.embed([Text("а", language)], "question")

        self._read(run)
        return self

    def query(self, text: str, filters: Filters | None = None, access: Collection[str] | None = None) -> Query:
        """Prepare a question for `search`: its language, corrected terms and vector.

        `filters` maps metadata keys to a value, a list of values, or `{"min": 1, "max": 2}`; `access` holds the labels
        of the reader, who sees public passages and those with one of the labels.
        """
        return self._read(lambda reader: make_query(reader, text, filters, access))

    def search(
        self,
        query: str | Query,
        top_k: int,
        filters: Filters | None = None,
        access: Collection[str] | None = None,
        by: Retriever | None = None,
    ) -> list[Hit]:
        """Return at most `top_k` passages that match the question, best first.

        `filters` and `access` belong to a question given as text; see `query`. `by` is `reranked` by default if the
        index has a reranker, otherwise `hybrid`. With `neighbor_passages` set, each hit is followed by its neighbors,
        which have its rank. Raises InputError for a wrong filter, OporaError if the index is damaged.
        """
        retriever = by or ("reranked" if self.has_reranker else "hybrid")
        return self._read(
            lambda reader: find_passages(reader, _query_for(reader, query, filters, access), top_k, retriever)
        )

    def candidates(self, query: str | Query, limit: int) -> tuple[Query, list[Candidate]]:
        """Return the query and what a reranker would see: at most `limit` passages each from BM25 and dense search,
        by fused score."""

        def run(reader: IndexReader) -> tuple[Query, list[Candidate]]:
            current = _query_for(reader, query)
            return current, read_candidates(reader, [hit for hit, _ in retrieve(reader, current, limit, "hybrid")])

        return self._read(run)

    def has_dense(self, language: str) -> bool:
        """Return True if questions in that language can be searched by vectors."""
        embedder = self._read(lambda reader: reader.embedder)
        return embedder is not None and embedder.covers(language) and bool(self._reader.settings.dense_weight)

    @property
    def has_reranker(self) -> bool:
        return self._reader.settings.reranker != "none"

    def passage(self, passage_id: str) -> Passage:
        """Return a passage by id, whatever its access labels. Raises InputError if there is none."""
        passages = self._read(lambda reader: reader.passages([OneOf("id", (passage_id,))]))
        if not passages:
            raise InputError(f"{self.folder}: no passage has the id {passage_id!r}")
        return passages[0]

    def values(self, key: str) -> list[Scalar]:
        """Return the distinct values of a metadata key, sorted, whatever the access labels of their passages. Raises
        InputError for an unknown key."""

        def run(reader: IndexReader) -> list[Scalar]:
            types = reader.manifest.results["metadata"]
            if key not in types:
                raise InputError(f"metadata {key} is unknown; {nearest(key, sorted(types))}")
            column = metadata_column(key, types)
            values = {value for rows in reader.store.scan([], (column,)) for value in rows[column].to_pylist()}
            return sorted(values - {None})

        return self._read(run)

    def passages(self) -> list[Passage]:
        """Return all passages in document order, whatever their access labels."""
        return self._read(lambda reader: reader.passages([]))

    def idf(self, term: str) -> float:
        """Return the inverse document frequency of a term; highest for a term that no passage contains."""
        return self._read(lambda reader: reader.idf(term))

    def _read(self, run: Callable[[IndexReader], T]) -> T:
        """Return the result of `run` on the index that is on disk now."""
        while True:
            try:
                return run(self._reader)
            except (OporaError, OSError) as error:
                newer = self._newer_reader()
                if newer:
                    self._reader = newer
                elif isinstance(error, OSError | StoreError):
                    raise damaged_error(self.folder, str(error)) from None
                else:
                    raise

    def _newer_reader(self) -> IndexReader | None:
        """Return a reader of the index that replaced this one on disk, if any."""
        deadline = time.monotonic() + SWAP_S
        while time.monotonic() < deadline:
            try:
                manifest = read_manifest(self.folder)
            except InputError:
                time.sleep(0.05)
                continue
            return IndexReader(self.folder, manifest, self._settings) if manifest != self.manifest else None
        return None


def _query_for(
    reader: IndexReader, query: str | Query, filters: Filters | None = None, access: Collection[str] | None = None
) -> Query:
    """Return a query made with this version of the index; one of another version is made again from its text."""
    if isinstance(query, str):
        return make_query(reader, query, filters, access)
    if query.index_fingerprint == reader.manifest.fingerprint:
        return query
    return make_query(reader, query.text, query.filters, query.access)
