"""What a search needs of an index on disk, each part read when it is first needed.

In: a folder and its manifest. Out: the store, the embedder, the reranker, the counts, the synonyms.
"""

from __future__ import annotations

import functools
from pathlib import Path

from opora.artifacts import Manifest
from opora.retrieval.embedders.base import Embedder
from opora.retrieval.embedders.registry import open_embedder
from opora.retrieval.index.stage import RERANKER, SYNONYMS
from opora.retrieval.index.statistics import TERMS
from opora.retrieval.rerankers.base import Reranker
from opora.retrieval.rerankers.registry import open_reranker
from opora.retrieval.search.synonyms import Synonyms, load_synonyms
from opora.retrieval.settings import IndexSettings
from opora.retrieval.store.base import Shape, Store
from opora.retrieval.store.idf import idf, read_counts
from opora.retrieval.store.registry import open_store
from opora.validation import parse_record


class Opened:
    """One state of an index: it stays what it is while a newer one takes its place on disk."""

    def __init__(self, folder: Path, manifest: Manifest, settings: IndexSettings | None = None) -> None:
        self.folder, self.manifest = folder, manifest
        built = parse_record(IndexSettings, manifest.settings, str(folder / "manifest.json"))
        self.settings = settings or built
        self._store_spec = built.store
        self._embedder_spec = built.embedder
        self.heading_weight = built.heading_weight
        self.size = manifest.counts["passages"]
        self.languages: tuple[str, ...] = tuple(manifest.results["languages"])

    @functools.cached_property
    def embedder(self) -> Embedder | None:
        return open_embedder(self._embedder_spec, self.folder)

    @functools.cached_property
    def reranker(self) -> Reranker | None:
        return open_reranker(self.settings.reranker, self.folder / RERANKER)

    @functools.cached_property
    def store(self) -> Store:
        shape = Shape(self.manifest.results["dimensions"], self.manifest.results["metadata"])
        return open_store(self._store_spec, self.folder, self.manifest.results["table"], shape)

    @functools.cached_property
    def frequencies(self) -> dict[str, int]:
        """Term -> how many passages hold it."""
        return read_counts(self.folder / TERMS)

    @functools.cached_property
    def synonyms(self) -> dict[str, Synonyms]:
        """Language -> its synonyms."""
        path = self.folder / SYNONYMS
        return {each: load_synonyms(path, each) for each in self.languages} if path.exists() else {}

    def idf(self, term: str) -> float:
        """Inverse document frequency of a term among all passages, the highest for one that no passage holds."""
        return idf(self.frequencies.get(term, 0), self.size)
