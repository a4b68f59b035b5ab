"""A question in, passages out.

In: an index. Out: hits: found by words (BM25) and by meaning (vectors), both scores fused, the best ones ranked anew.

    index = open_index(Path("index"))
    index.search("Какой срок хранения?", top_k=4)[0].passage.place
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from opora.artifacts import Manifest, read_manifest
from opora.errors import InputError, OporaError
from opora.records import Hit, Passage
from opora.retrieval.embedders.base import Text
from opora.retrieval.index.rows import batches
from opora.retrieval.index.stage import build_index, damage_of
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.search.hybrid import Found, ask, find, rank, read
from opora.retrieval.search.index_reader import Opened
from opora.retrieval.search.mmr import Ranked, choose, rerank
from opora.retrieval.settings import IndexSettings, Retriever
from opora.retrieval.store.filters import Access, Condition, Filters, OneOf, conditions
from opora.text.terms.index_terms import search_terms

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")
SPARE = 5
"""Passages that are read beyond those asked for, some of which may say the same."""
SWAP_S = 2.0
"""How long a reader waits for an index that is just being put in the place of another."""


def open_index(folder: Path, settings: IndexSettings | None = None) -> Index:
    """The index in `folder`. With `settings`, one that is damaged is built anew by them from the corpus beside it, and
    a line says so. Raises InputError if it is not there or not finished, OporaError if it is damaged."""
    if settings and folder.is_dir() and damage_of(folder):
        return Index(folder, build_index(settings, folder.parent / "corpus", folder))
    manifest = read_manifest(folder)
    if manifest.stage != "index":
        raise InputError(f"{folder}: is no index but the artefact of `{manifest.stage}`")
    if not settings and (damage := damage_of(folder)):
        raise OporaError(f"{folder}: {damage}; run `opora index`")
    return Index(folder, manifest)


class Index:
    """An index on disk; everything is read when it is first needed. When a newer index takes its place on disk, the
    next search that needs a file of the old one goes on in the new one."""

    def __init__(self, folder: Path, manifest: Manifest, settings: IndexSettings | None = None) -> None:
        """`settings`: others than those that it was built with; what concerns rows has no effect."""
        self._given = settings
        self._opened = Opened(folder, manifest, settings)

    @property
    def folder(self) -> Path:
        return self._opened.folder

    @property
    def manifest(self) -> Manifest:
        return self._opened.manifest

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of the passages, sorted."""
        return self._opened.languages

    def load(self) -> Index:
        """Read now what the first search would read."""

        def read(opened: Opened) -> None:
            _ = opened.store, opened.frequencies, opened.reranker, opened.synonyms
            for language in opened.languages:
                search_terms("a а", language)
                if opened.embedder:
                    opened.embedder.embed([Text("а", language)], "question")

        self._read(read)
        return self

    def search(
        self,
        question: str,
        top_k: int,
        filters: Filters | None = None,
        access: Collection[str] | None = None,
        by: Retriever | None = None,
    ) -> list[Hit]:
        """At most `top_k` passages, best first; none that hold nothing of the question. Only passages are searched that
        pass `filters` (a metadata key with a value, a list of values, or `{"min": 1, "max": 2}`) and that are public or
        carry a label of `access`. `by`: `reranked` by default where the index has a reranker, else `hybrid`. With
        `neighbors` set, each found passage is followed by those beside it, of the same rank.

        Raises InputError for a filter on an unknown key or with a value of another kind, OporaError if the index is
        damaged.
        """
        return self._read(lambda opened: self._search(opened, question, top_k, (filters or {}, access or ()), by))

    def candidates(self, question: str, depth: int) -> tuple[Query, list[Candidate]]:
        """What a search for `question` ranks: at most `depth` public passages by words and as many by meaning, by their
        fused scores."""

        def run(opened: Opened) -> tuple[Query, list[Candidate]]:
            asked = ask(opened, question)
            found = find(opened, asked, [Access(())], depth, "hybrid")
            fused = rank(opened, asked, found, "hybrid")
            return asked, read(opened, [each for each, _ in fused])

        return self._read(run)

    def has_meaning(self, language: str) -> bool:
        """True if questions in that language can be searched by meaning."""
        embedder = self._read(lambda opened: opened.embedder)
        return embedder is not None and embedder.covers(language) and bool(self._opened.settings.dense_weight)

    @property
    def has_reranker(self) -> bool:
        return self._opened.settings.reranker != "none"

    def passage(self, passage_id: str) -> Passage:
        """The passage of that id, whatever its access labels. Raises InputError if there is none."""
        rows = self._rows([OneOf("id", (passage_id,))])
        if not rows:
            raise InputError(f"{self.folder}: holds no passage {passage_id!r}")
        return rows[0]

    def passages(self) -> list[Passage]:
        """All passages, document by document, whatever their access labels."""
        return self._rows([])

    def idf(self, term: str) -> float:
        """Inverse document frequency of a term among all passages, the highest for one that no passage holds."""
        return self._read(lambda opened: opened.idf(term))

    def _search(
        self,
        opened: Opened,
        question: str,
        top_k: int,
        allowed: tuple[Filters, Collection[str]],
        by: Retriever | None,
    ) -> list[Hit]:
        filters, access = allowed
        wanted = [Access(tuple(sorted(access))), *conditions(filters, opened.manifest.results["metadata"])]
        if not opened.size or top_k < 1:
            return []
        settings = opened.settings
        asked = ask(opened, question)
        by = by or ("reranked" if self.has_reranker else "hybrid")
        found = find(opened, asked, wanted, max(settings.depth, 2 * top_k), by)
        fused = rank(opened, asked, found, by)
        ranked = self._ranked(opened, asked, fused, by, top_k + SPARE)
        named = "reranked" if by == "reranked" else "fused"
        diversity = settings.diversity if by in ("hybrid", "reranked") else 0.0
        hits = [
            Hit(passage=each.passage, rank=rank, scores={named: score, "bm25": each.bm25, "dense": each.cosine})
            for rank, (each, score) in enumerate(choose(ranked, top_k, diversity), 1)
        ]
        return self._with_neighbors(opened, hits, wanted) if settings.neighbors else hits

    def _ranked(
        self, opened: Opened, asked: Query, fused: Sequence[tuple[Found, float]], by: Retriever, size: int
    ) -> Iterator[Ranked]:
        """What was found, best first, read as it is taken, `size` passages at once. A reranker sees the best
        `rerank_depth`; behind them come the others."""
        if by != "reranked":
            for some in batches(fused, size):
                candidates = read(opened, [each for each, _ in some])
                block = map(Ranked, candidates, (score for _, score in some))
                yield from sorted(block, key=lambda each: (-each.score, each.candidate.id))
            return
        if not opened.reranker:
            raise InputError(f"{self.folder}: the index has no reranker; set index.reranker and run `opora index`")
        found = [each for each, _ in fused]
        front, rest = found[: opened.settings.rerank_depth], found[opened.settings.rerank_depth :]
        others = (each for some in batches(rest, size) for each in read(opened, some))
        yield from rerank(read(opened, front), partial(opened.reranker.score, asked), others)

    def _with_neighbors(self, opened: Opened, hits: Sequence[Hit], wanted: Sequence[Condition]) -> list[Hit]:
        """Each hit, and behind it the passages beside it, in the order of the document, none twice."""
        documents = tuple(dict.fromkeys(hit.passage.document_id for hit in hits))
        rows = opened.store.rows([OneOf("document_id", documents), *wanted], ("record",))
        beside: dict[str, list[Passage]] = {}
        for passage in _passages(rows):
            beside.setdefault(passage.document_id, []).append(passage)
        shown = {hit.passage.id for hit in hits}
        joined: list[Hit] = []
        for hit in hits:
            row = beside[hit.passage.document_id]
            at = next(number for number, each in enumerate(row) if each.id == hit.passage.id)
            near = row[max(0, at - opened.settings.neighbors) : at + opened.settings.neighbors + 1]
            joined.append(hit)
            for each in near:
                if each.id not in shown:
                    shown.add(each.id)
                    joined.append(Hit(passage=each, rank=hit.rank))
        return joined

    def _rows(self, wanted: Sequence[Condition]) -> list[Passage]:
        return self._read(lambda opened: _passages(opened.store.rows(wanted, ("record",))))

    def _read(self, run: Callable[[Opened], T]) -> T:
        """What `run` returns, of the index that is on disk; a store that cannot be read is one clear line."""
        while True:
            try:
                return run(self._opened)
            except Exception as error:  # the stores fail with types of their own
                newer = self._newer()
                if newer:
                    self._opened = newer
                elif isinstance(error, OporaError):
                    raise
                else:
                    line = " ".join(str(error).split())[:120]
                    raise OporaError(f"{self.folder}: the index is damaged ({line}); run `opora index`") from None

    def _newer(self) -> Opened | None:
        """The index that has taken the place of this one."""
        waited_until = time.monotonic() + SWAP_S
        while time.monotonic() < waited_until:
            try:
                manifest = read_manifest(self.folder)
            except InputError:
                time.sleep(0.05)
                continue
            return Opened(self.folder, manifest, self._given) if manifest != self.manifest else None
        return None


def _passages(rows: Iterator[pa.RecordBatch]) -> list[Passage]:
    found = [Passage.model_validate_json(record) for batch in rows for record in batch["record"].to_pylist()]
    return sorted(found, key=lambda each: (each.document_id, each.start, each.id))
