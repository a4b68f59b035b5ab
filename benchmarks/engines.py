"""Search engines with one interface: opora with parts removed one by one, others with the same terms or vectors.

In: a corpus, a folder to work in. Out: an engine that builds, opens and searches; `laps` holds seconds by phase.
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from snowballstemmer import stemmer

from opora.corpus.reader import read_passages
from opora.retrieval.embedders.base import Text
from opora.retrieval.embedders.registry import fit_or_load, open_embedder
from opora.retrieval.index.rows import batches, embedding_text
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.search import pipeline, searcher
from opora.retrieval.search.searcher import Index, open_index
from opora.retrieval.settings import IndexSettings, Retriever
from opora.text.search_terms import search_terms
from opora.text.terms import lemma
from opora.text.words import normalize_case, word_texts

BATCH = 1024
MILVUS = "milvus"
"""Stands for a file of Milvus Lite beside the index."""
STEM = stemmer("russian")
Laps = dict[str, list[float]]


def raw(text: str, _: str) -> list[str]:
    return [normalize_case(word) for word in word_texts(text)]


def stem(text: str, _: str) -> list[str]:
    return [STEM.stemWord(word) for word in raw(text, "")]


def lemmas(text: str, _: str) -> list[str]:
    return [lemma(word) for word in raw(text, "")]


class Opora:
    """The index of opora. `terms` replaces its search terms; `by` is the search method."""

    def __init__(
        self, by: Retriever, settings: IndexSettings, terms: Callable[[str, str], list[str]] = search_terms
    ) -> None:
        self.by, self.settings, self.terms = by, settings, terms
        self.laps: Laps = defaultdict(list)

    def build(self, corpus: Path, folder: Path) -> None:
        store = {"store": f"milvus:{folder}.db"} if self.settings.store == MILVUS else {}
        with self._terms():
            IndexStage(self.settings.model_copy(update=store), corpus, folder).run()

    def open(self, folder: Path) -> None:
        self.index: Index = open_index(folder)
        phases = ((searcher, "make_query", "terms and vector"), (pipeline, "retrieve", "two searches"))
        for module, name, phase in (*phases, (pipeline, "read_candidates", "rows")):
            setattr(module, name, self._timed(getattr(module, name), phase))
        if self.by == "reranked":
            reranker: Any = self.index._reader.reranker
            reranker.score = self._timed(reranker.score, "reranker")

    def search(self, question: str, top_k: int) -> list[str]:
        with self._terms():
            return [hit.passage.id for hit in self.index.search(question, top_k, by=self.by)]

    @contextlib.contextmanager
    def _terms(self) -> Iterator[None]:
        with (
            patch("opora.retrieval.index.rows.search_terms", self.terms),
            patch("opora.retrieval.search.hybrid.search_terms", self.terms),
        ):
            yield

    def _timed(self, run: Callable[..., Any], phase: str) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            began = time.perf_counter()
            result = run(*arguments)
            self.laps[phase].append(time.perf_counter() - began)
            return result

        return timed


class Bm25s:
    """bm25s over our terms: in memory, saved to a folder."""

    def __init__(self) -> None:
        self.laps: Laps = {}

    def build(self, corpus: Path, folder: Path) -> None:
        import bm25s

        ids, rows = [], []
        for passage in read_passages(corpus):
            ids.append(passage.id)
            rows.append(search_terms(passage.full_text, "ru"))
        retriever = bm25s.BM25(k1=1.2, b=0.75)
        retriever.index(rows, show_progress=False)
        retriever.save(str(folder), corpus=[{"id": id} for id in ids])

    def open(self, folder: Path) -> None:
        import bm25s

        self.retriever = bm25s.BM25.load(str(folder), load_corpus=True, mmap=True)

    def search(self, question: str, top_k: int) -> list[str]:
        terms = [term for term in set(search_terms(question, "ru")) if term in self.retriever.vocab_dict]
        if not terms:
            return []
        rows, _ = self.retriever.retrieve([terms], k=top_k, show_progress=False, n_threads=1)
        return [row["id"] for row in rows[0]]


class Tantivy:
    """tantivy over our terms."""

    def __init__(self) -> None:
        self.laps: Laps = {}

    def build(self, corpus: Path, folder: Path) -> None:
        import tantivy

        folder.mkdir(parents=True)
        index = tantivy.Index(self._schema(), str(folder))
        writer = index.writer(heap_size=500_000_000, num_threads=2)
        for passage in read_passages(corpus):
            terms = " ".join(search_terms(passage.full_text, "ru"))
            writer.add_document(tantivy.Document(id=passage.id, terms=terms, text=passage.text))
        writer.commit()
        writer.wait_merging_threads()

    def open(self, folder: Path) -> None:
        import tantivy

        self.index = tantivy.Index.open(str(folder))
        self.index.reload()
        self.searcher = self.index.searcher()

    def search(self, question: str, top_k: int) -> list[str]:
        import tantivy

        schema = self.index.schema
        terms = [
            (tantivy.Occur.Should, tantivy.Query.term_query(schema, "terms", term, "freq"))
            for term in set(search_terms(question, "ru"))
        ]
        hits = self.searcher.search(tantivy.Query.boolean_query(terms), top_k).hits
        return [self.searcher.doc(address)["id"][0] for _, address in hits]

    @staticmethod
    def _schema() -> Any:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw")
        builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
        builder.add_text_field("text", stored=True, tokenizer_name="raw", index_option="basic")
        return builder.build()


class Chroma:
    """Chroma over our vectors."""

    def __init__(self) -> None:
        self.laps: Laps = {}

    def build(self, corpus: Path, folder: Path) -> None:
        passages = read_passages(corpus)
        sample = [embedding_text(passage) for _, passage in zip(range(50_000), passages, strict=False)]
        embedder = fit_or_load("sif", sample, IndexSettings().sif_components)
        assert embedder
        embedder.save(folder / "embedder")
        table = self._table(folder)
        for batch in batches(read_passages(corpus), BATCH):
            vectors = embedder.embed(list(map(embedding_text, batch)), "passage")
            table.add([p.id for p in batch], vectors, documents=[p.text for p in batch])

    def open(self, folder: Path) -> None:
        embedder = open_embedder("sif", folder)
        assert embedder
        self.embedder = embedder
        self.table = self._table(folder)

    def search(self, question: str, top_k: int) -> list[str]:
        vector = self.embedder.embed([Text(question, "ru")], "question")
        ids: list[str] = self.table.query(vector, n_results=top_k)["ids"][0]
        return ids

    @staticmethod
    def _table(folder: Path) -> Any:
        import chromadb

        client = chromadb.PersistentClient(str(folder), chromadb.Settings(anonymized_telemetry=False))
        return client.get_or_create_collection("passages", configuration={"hnsw": {"space": "cosine"}})


WITHOUT_VECTORS = IndexSettings(embedder="none")
RERANKED = IndexSettings(reranker="train/reranker")
TRAINED = IndexSettings(embedder="train/embedder", reranker="train/reranker-over-trained")
ENGINES: dict[str, Callable[[], Any]] = {
    "raw words": lambda: Opora("bm25", WITHOUT_VECTORS, raw),
    "stems": lambda: Opora("bm25", WITHOUT_VECTORS, stem),
    "lemmas": lambda: Opora("bm25", WITHOUT_VECTORS, lemmas),
    "terms": lambda: Opora("bm25", RERANKED),
    "dense": lambda: Opora("dense", RERANKED),
    "fused": lambda: Opora("hybrid", RERANKED),
    "reranked": lambda: Opora("reranked", RERANKED),
    "dense, trained": lambda: Opora("dense", TRAINED),
    "fused, trained": lambda: Opora("hybrid", TRAINED),
    "reranked, trained": lambda: Opora("reranked", TRAINED),
    "bm25s, terms": Bm25s,
    "tantivy, terms": Tantivy,
    "Chroma, vectors": Chroma,
    "Milvus Lite, fused": lambda: Opora("hybrid", IndexSettings(store=MILVUS)),
}
SHARED = {
    "dense": "terms",
    "fused": "terms",
    "reranked": "terms",
    "fused, trained": "dense, trained",
    "reranked, trained": "dense, trained",
}
"""Engines that search the index of another one."""
MAX_SIZES = {"Milvus Lite, fused": 2_000}
"""Size at which an engine takes a second per question; it is not run on more passages."""
NEEDS = {
    "bm25s, terms": "bm25s",
    "tantivy, terms": "tantivy",
    "Chroma, vectors": "chromadb",
    "Milvus Lite, fused": "milvus_lite",
}
