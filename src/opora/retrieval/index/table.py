"""Table of an index: created from all passages, or copied from the previous index and changed.

draft = TableBuilder(build, settings, corpus).create({"page": "number"})
draft.statistics.passages          # 310
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from opora.artifacts import Build, Manifest
from opora.console.progress import Progress
from opora.corpus.reader import count_passages, read_passages
from opora.retrieval.embedders.cached import JournalledEmbedder, is_costly
from opora.retrieval.embedders.registry import SAVED, fit_or_load, open_embedder
from opora.retrieval.index.rows import RowMaker, batches, embedding_text, padded_dimensions
from opora.retrieval.index.runners import PassageSource, make_rows, parse_runner, write_rows
from opora.retrieval.index.statistics import STATISTICS_COLUMNS, DocumentDigest, IndexStatistics
from opora.retrieval.settings import IndexSettings
from opora.retrieval.store.base import Store
from opora.retrieval.store.bm25 import Idf
from opora.retrieval.store.registry import copy_store, create_store, lance_uri, open_store, table_name
from opora.retrieval.store.schema import ColumnType, OneOf, TableSchema
from opora.text.search_terms import search_terms

if TYPE_CHECKING:
    import pyarrow as pa

    from opora.retrieval.embedders.base import Embedder

RERANKER, SYNONYMS = "reranker", "synonyms.txt"
"""Folder and file beside the table of an index."""
SAMPLE = 20_000
"""Passages that word vectors are fitted to."""
IDF_SAMPLE = 2_000
"""Passages of the sample that document frequencies are counted in, for the keywords of each passage."""
MAX_CHANGED_SHARE = 0.5
"""Share of documents that may be added, removed or changed before the index is rebuilt instead of updated."""
BATCH = 1024


class DocumentChanges(NamedTuple):
    """Ids of documents to remove and to write; a changed document is among both."""

    removed: frozenset[str]
    added: frozenset[str]
    added_passages: int


class IndexDraft(NamedTuple):
    """A written table that is not yet published."""

    store: Store
    table: str
    schema: TableSchema
    statistics: IndexStatistics
    embedder: Embedder | None
    idf: Idf
    """Inverse document frequencies, which select the keywords of passages."""


def find_changes(
    previous: Mapping[str, DocumentDigest], current: Mapping[str, DocumentDigest]
) -> DocumentChanges | None:
    """Compare the digests of documents by id; None if so many changed that the index has to be rebuilt."""
    removed = frozenset(id for id, digest in previous.items() if current.get(id) != digest)
    added = frozenset(id for id, digest in current.items() if previous.get(id) != digest)
    if len(removed | added) > MAX_CHANGED_SHARE * len(previous):
        return None
    return DocumentChanges(removed, added, sum(current[id].passages for id in added))


class TableBuilder:
    """Writes the table of an index into the folder of its build."""

    def __init__(self, build: Build, settings: IndexSettings, corpus: Path) -> None:
        self._build, self._settings, self._corpus = build, settings, corpus
        self._table = table_name(settings.store, build.key)

    def create(self, types: Mapping[str, ColumnType]) -> IndexDraft:
        """Create a table of all passages. `types` are those of the metadata keys."""
        settings, folder = self._settings, self._build.path
        size = count_passages(self._corpus)
        numbers = frozenset(random.Random(0).sample(range(size), min(SAMPLE, size)))
        sample = [embedding_text(passage) for passage in read_passages(self._corpus, numbers)]
        counted = sample[:IDF_SAMPLE]
        frequencies = Counter(term for text in counted for term in set(search_terms(text.text, text.language)))
        root = self._corpus.parent
        embedder = fit_or_load(settings.embedder, sample, settings.sif_components, settings.embedding, root)
        if embedder:
            embedder.save(folder / SAVED)
        schema = TableSchema(padded_dimensions(embedder), types)
        store = create_store(settings.store, folder, self._table, schema)
        idf = Idf(frequencies, len(counted))
        draft = IndexDraft(store, self._table, schema, IndexStatistics(), embedder, idf)
        return self._write(draft, PassageSource(self._corpus), size)

    def update(self, previous: Manifest, changes: DocumentChanges) -> IndexDraft:
        """Copy the previous index, sharing its files, and apply the changes."""
        settings, folder, out = self._settings, self._build.path, self._build.out
        for path in out.iterdir():
            # the reranker is saved again when the index is published
            if path.is_dir() and path.name != RERANKER:
                shutil.copytree(path, folder / path.name, copy_function=os.link)
        embedder = open_embedder(settings.embedder, folder, settings.embedding)
        schema = TableSchema(padded_dimensions(embedder), previous.results["metadata"])
        store = copy_store(settings.store, folder, previous.results["table"], self._table, schema)
        statistics = IndexStatistics.read(out)
        idf = Idf(dict(statistics.frequencies), statistics.passages)
        for ids in batches(sorted(changes.removed), BATCH):
            for rows in store.scan([OneOf("document_id", tuple(ids))], STATISTICS_COLUMNS):
                statistics.remove(rows)
        if changes.removed:
            store.delete(changes.removed)
        draft = IndexDraft(store, self._table, schema, statistics, embedder, idf)
        if not changes.added:
            return draft
        return self._write(draft, PassageSource(self._corpus, changes.added), changes.added_passages)

    def _write(self, draft: IndexDraft, source: PassageSource, total: int) -> IndexDraft:
        """Write `total` passages into the store and count them; on a cluster, workers write the files of the table."""
        settings = self._settings
        maker = RowMaker(draft.embedder, draft.schema, settings.heading_weight, draft.idf)
        uri = lance_uri(settings.store, self._build.path, self._table)
        if uri and parse_runner(settings.runner) is not None:
            write_rows(settings.runner, source, maker, uri)
            store = open_store(settings.store, self._build.path, self._table, draft.schema)
            statistics = IndexStatistics()
            for rows in store.scan([], STATISTICS_COLUMNS):
                statistics.add(rows)
            return draft._replace(store=store, statistics=statistics)
        with contextlib.ExitStack() as stack:
            if draft.embedder and is_costly(draft.embedder) and settings.runner == "local":
                embedder = JournalledEmbedder(draft.embedder, stack.enter_context(self._build.journal("vectors")))
                maker = RowMaker(embedder, draft.schema, settings.heading_weight, draft.idf)
            progress = stack.enter_context(Progress("index", total))

            def counted_rows() -> Iterator[pa.RecordBatch]:
                for rows in make_rows(settings.runner, source, maker):
                    draft.statistics.add(rows)
                    yield rows
                    progress.advance(rows.num_rows)

            draft.store.write(counted_rows())
        return draft
