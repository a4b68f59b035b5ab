"""A question in, passages out.

In: an index. Out: hits, the lexical score (BM25 over terms) and the dense one (cosine) fused, best first.

    index = open_index(Path("index"))
    index.search("Какой срок хранения?", top_k=4)[0].passage.place
"""

from __future__ import annotations

import functools
import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from opora.artifacts import Manifest, fingerprint_of_file, read_manifest
from opora.errors import InputError, OporaError
from opora.index.build import DENSE_LANGUAGE, TABLE
from opora.index.filters import Filters, access_condition, conditions, quote
from opora.index.settings import IndexSettings, Retriever
from opora.index.spelling import correct
from opora.index.vectors import Encoder, idf, lemmas
from opora.index.word_vectors import Vectors
from opora.records import Hit, Passage, parse_record
from opora.text.language import detect_language
from opora.text.terms import terms

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")
OTHER_LANGUAGE = 0.5
"""What the score of a passage counts that is not in the language of the question."""
MAX_QUESTION_CHARS = 10_000
"""The rest of a longer question is not read."""
MAX_QUERY_TERMS = 128
"""The rarest ones of a longer question are searched for."""
COLUMNS = ["id", "language", "record"]


class Found(NamedTuple):
    """A row of the table that a search found. `record` is the passage as JSON."""

    record: str
    language: str
    bm25: float
    cosine: float


def open_index(folder: Path) -> Index:
    """The index in `folder`. Raises InputError if it is not there or not finished, OporaError if it is damaged."""
    manifest = read_manifest(folder)
    if manifest.stage != "index":
        raise InputError(f"{folder}: is no index but the artefact of `{manifest.stage}`")
    return Index(folder, manifest)


class Index:
    """An index on disk; everything is read when it is first needed, which takes the first search about a second."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder, self.manifest = folder, manifest
        self.languages: tuple[str, ...] = tuple(manifest.results["languages"])
        self._settings = parse_record(IndexSettings, manifest.settings, str(folder / "manifest.json"))
        self._size = manifest.counts["passages"]

    def load(self) -> Index:
        """Read now what the first search would read."""
        _ = self._table, self._frequencies
        for language in self.languages:
            terms("a а", language)
        if DENSE_LANGUAGE in self.languages:
            self.embed(["а"])
        return self

    def search(
        self,
        question: str,
        top_k: int,
        filters: Filters | None = None,
        access: Collection[str] | None = None,
        by: Retriever = "hybrid",
    ) -> list[Hit]:
        """At most `top_k` passages, best first; none that hold nothing of the question. Only passages are searched that
        pass `filters` (a metadata key with a value, a list of values, or `{"min": 1, "max": 2}`) and that are public or
        carry a label of `access`. `by` words alone (BM25), by meaning alone (vectors, where the question's language has
        them: see `has_meaning`), or by both.

        Raises InputError for a filter on an unknown key or with a value of another kind, OporaError if the index is
        damaged.
        """
        kinds = self.manifest.results["metadata"]
        where = " AND ".join([access_condition(access or ()), *conditions(filters or {}, kinds)])
        if not self._size or top_k < 1:
            return []
        question = question[:MAX_QUESTION_CHARS]
        language = detect_language(question, among=self.languages)
        depth = max(self._settings.depth, 2 * top_k)
        vector = self._vector(question, language) if by != "words" else None
        found = self._dense(vector, where, depth) if vector is not None else {}
        if by != "meaning":
            found |= self._lexical(terms(question, language), vector, where, depth)
        weight = 0.0 if vector is None else 1.0 if by == "meaning" else self._settings.dense_weight
        return _best(self._fuse(found.values(), language, weight), top_k)

    def has_meaning(self, language: str) -> bool:
        """True if questions in that language can be searched by meaning."""
        return language == DENSE_LANGUAGE and bool(self._settings.dense_weight)

    def passage(self, passage_id: str) -> Passage:
        """The passage of that id, whatever its access labels. Raises InputError if there is none."""
        where = f"id = {quote(passage_id)}"
        rows = self._guard(lambda: self._table.search().where(where).select(["record"]).to_list())
        if not rows:
            raise InputError(f"{self.folder}: holds no passage {passage_id!r}")
        return Passage.model_validate_json(rows[0]["record"])

    def passages(self) -> list[Passage]:
        """All passages, in the order of the corpus, whatever their access labels."""
        rows = self._guard(lambda: self._table.search().select(["record"]).limit(max(1, self._size)).to_list())
        return [Passage.model_validate_json(row["record"]) for row in rows]

    def idf(self, term: str) -> float:
        """Inverse document frequency of a term among all passages, the highest for one that no passage holds."""
        return idf(self._frequencies.get(term, 0), self._size)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of Russian texts, shape (texts, 300); zeros for a text without a known word."""
        return self._encoder.encode([lemmas(text) for text in texts])

    def _vector(self, question: str, language: str) -> Vectors | None:
        """The vector of a question, None where the dense search has nothing to say."""
        if not self.has_meaning(language):
            return None
        vector: Vectors = self.embed([question])[0]
        return vector if vector.any() else None

    def _dense(self, vector: Vectors, where: str, depth: int) -> dict[str, Found]:
        def run() -> pa.Table:
            query = self._table.search(vector, vector_column_name="vector").distance_type("dot")
            query = query.where(f"{where} AND language = '{DENSE_LANGUAGE}'", prefilter=True)
            return query.select([*COLUMNS, "_distance"]).limit(depth).to_arrow()

        rows = self._guard(run)
        # the store's distance is 1 less the product
        return _found(rows, np.zeros(len(rows)), 1 - rows["_distance"].to_numpy())

    def _lexical(self, asked: Iterable[str], vector: Vectors | None, where: str, depth: int) -> dict[str, Found]:
        known = correct(asked, self._frequencies)
        if not known:
            return {}
        wanted = heapq.nlargest(MAX_QUERY_TERMS, known, key=self.idf)

        def run() -> pa.Table:
            query = self._table.search(_match(wanted), query_type="fts").where(where, prefilter=True)
            return query.select([*COLUMNS, "vector", "_score"]).limit(depth).to_arrow()

        rows = self._guard(run)
        cosines = np.zeros(len(rows))
        if vector is not None and len(rows):
            cosines = rows["vector"].combine_chunks().flatten().to_numpy().reshape(len(rows), -1) @ vector
        return _found(rows, rows["_score"].to_numpy(), cosines)

    def _fuse(self, found: Collection[Found], language: str, weight: float) -> Iterator[tuple[dict[str, float], str]]:
        """(scores, record) of each passage: the sum of both scores, each divided by the best one, the dense one by
        `weight`, the other by the rest."""
        best = max((each.bm25 for each in found), default=0.0) or 1.0
        nearest = max((each.cosine for each in found), default=0.0) or 1.0
        for each in found:
            score = (1 - weight) * each.bm25 / best + weight * each.cosine / nearest
            score *= 1.0 if each.language == language else OTHER_LANGUAGE
            if score > 0:
                yield {"fused": score, "bm25": each.bm25, "dense": each.cosine}, each.record

    @functools.cached_property
    def _table(self) -> Any:
        import lancedb

        return self._guard(lambda: lancedb.connect(str(self.folder)).open_table(TABLE))

    @functools.cached_property
    def _frequencies(self) -> dict[str, int]:
        return self._guard(lambda: _read_counts(self._file("terms.parquet"), "term"))

    @functools.cached_property
    def _encoder(self) -> Encoder:
        counts = self._guard(lambda: _read_counts(self._file("lemmas.parquet"), "lemma"))
        components = self._guard(lambda: np.load(self._file("components.npy")))
        return Encoder(counts, self.manifest.results["languages"].get(DENSE_LANGUAGE, 0), components)

    def _file(self, name: str) -> Path:
        """A file beside the table, unharmed."""
        path = self.folder / name
        if fingerprint_of_file(path) != self.manifest.files.get(name):
            raise OSError(f"{name} is not what was written")
        return path

    def _guard(self, read: Callable[[], T]) -> T:
        """What `read` returns; a store that cannot be read is one clear line."""
        try:
            return read()
        except OporaError:
            raise
        except Exception as error:  # the store fails, and panics, with types of its own
            line = " ".join(str(error).split())[:120]
            raise OporaError(f"{self.folder}: the index is damaged ({line}); remove it and run `opora index`") from None


def _match(wanted: Sequence[str]) -> Any:
    """A query for any of some terms; nothing in them is read as syntax."""
    from lancedb.query import MatchQuery

    return MatchQuery(" ".join(wanted), "terms")  # type: ignore[call-arg]


def _found(rows: pa.Table, scores: Iterable[float], cosines: Iterable[float]) -> dict[str, Found]:
    columns = [rows[name].to_pylist() for name in COLUMNS]
    return {
        key: Found(record, language, float(score), max(0.0, float(cosine)))
        for key, language, record, score, cosine in zip(*columns, scores, cosines, strict=True)
    }


def _best(fused: Iterable[tuple[dict[str, float], str]], top_k: int) -> list[Hit]:
    """The best hits, of two that overlap by more than half of the shorter the better one."""
    chosen: list[Hit] = []
    for scores, record in sorted(fused, key=lambda each: (-each[0]["fused"], each[1])):
        passage = Passage.model_validate_json(record)
        if not any(_same(passage, hit.passage) for hit in chosen):
            chosen.append(Hit(passage=passage, rank=len(chosen) + 1, scores=scores))
        if len(chosen) == top_k:
            break
    return chosen


def _same(one: Passage, other: Passage) -> bool:
    common = min(one.end, other.end) - max(one.start, other.start)
    return one.document_id == other.document_id and 2 * common > min(len(one.text), len(other.text))


def _read_counts(path: Path, name: str) -> dict[str, int]:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return dict(zip(table[name].to_pylist(), table["count"].to_pylist(), strict=True))
