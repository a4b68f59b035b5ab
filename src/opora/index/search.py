"""A question in, passages out.

In: an index. Out: hits, the lexical score (BM25 over terms) and the dense one (cosine) fused, best first.

    index = open_index(Path("index"))
    index.search("Какой срок хранения?", top_k=4)[0].passage.place
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from opora.artifacts import Manifest, read_manifest
from opora.errors import InputError, OporaError
from opora.index.build import DENSE_LANGUAGE, TABLE
from opora.index.filters import access_condition, conditions
from opora.index.settings import IndexSettings
from opora.index.vectors import Encoder, Vectors, lemmas
from opora.records import Hit, Passage, parse_record
from opora.text.language import detect_language
from opora.text.terms import terms

T = TypeVar("T")
OTHER_LANGUAGE = 0.5
"""What the score of a passage counts that is not in the language of the question."""
MAX_QUERY_TERMS = 256
SELECTED = ["id", "language", "vector", "record"]


def open_index(folder: Path) -> Index:
    """The index in `folder`. Raises InputError if it is not there or not finished, OporaError if it is damaged."""
    manifest = read_manifest(folder)
    if manifest.stage != "index":
        raise InputError(f"{folder}: is no index but the artefact of `{manifest.stage}`")
    return Index(folder, manifest)


class Index:
    """An index on disk; everything is read when it is first needed."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder, self.manifest = folder, manifest
        self.languages: tuple[str, ...] = tuple(manifest.results["languages"])
        self._settings = parse_record(IndexSettings, manifest.settings, str(folder / "manifest.json"))
        self._size = manifest.counts["passages"]

    def search(
        self,
        question: str,
        top_k: int,
        filters: Mapping[str, Any] | None = None,
        access: Collection[str] | None = None,
    ) -> list[Hit]:
        """At most `top_k` passages, best first. Only passages that pass `filters` are searched (a metadata key with a
        value, a list of values, or `{"min": 1, "max": 2}`) and that are public or carry a label of `access`.

        Raises InputError for a filter on an unknown key.
        """
        if not self._size:
            return []
        language = detect_language(question, among=self.languages)
        where = " AND ".join([access_condition(access or ()), *conditions(filters or {}, self._columns)])
        found = self._lexical(question, language, where)
        vector = self._vector(question, language)
        for row in self._dense(vector, where):
            found.setdefault(row["id"], row)
        return _best(self._fuse(found, vector, language), top_k)

    def search_many(self, questions: Sequence[str], top_k: int) -> list[list[Hit]]:
        """The hits of each question."""
        return [self.search(question, top_k) for question in questions]

    def passage(self, passage_id: str) -> Passage:
        """The passage of that id. Raises InputError if there is none."""
        quoted = passage_id.replace("'", "''")
        rows = self._guard(lambda: self._table.search().where(f"id = '{quoted}'").select(["record"]).to_list())
        if not rows:
            raise InputError(f"{self.folder}: holds no passage {passage_id!r}")
        return _parse(rows[0]["record"])

    def passages(self) -> list[Passage]:
        """All passages, in the order of the corpus."""
        rows = self._guard(lambda: self._table.search().select(["record"]).limit(max(1, self._size)).to_list())
        return [_parse(row["record"]) for row in rows]

    def idf(self, term: str) -> float:
        """Inverse document frequency of a term (Robertson and Zaragoza 2009, section 3.1), the highest for one that no
        passage holds."""
        count = self._frequencies.get(term, 0)
        return math.log(1 + (self._size - count + 0.5) / (count + 0.5))

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Dense vectors of Russian texts, shape (texts, 300)."""
        return self._encoder.encode([lemmas(text) for text in texts])

    def _lexical(self, question: str, language: str, where: str) -> dict[str, dict[str, Any]]:
        wanted = list(dict.fromkeys(terms(question, language)))[:MAX_QUERY_TERMS]
        wanted = [term for term in wanted if term in self._frequencies]
        if not wanted:
            return {}
        rows = self._guard(
            lambda: (
                self._table.search(_match(wanted), query_type="fts")
                .where(where)
                .select([*SELECTED, "_score"])
                .limit(self._settings.depth)
                .to_list()
            )
        )
        return {row["id"]: row for row in rows}

    def _dense(self, vector: Vectors | None, where: str) -> list[dict[str, Any]]:
        if vector is None:
            return []
        return self._guard(
            lambda: (
                self._table.search(vector, vector_column_name="vector")
                .distance_type("dot")
                .where(f"{where} AND language = '{DENSE_LANGUAGE}'", prefilter=True)
                .select([*SELECTED, "_distance"])
                .limit(self._settings.depth)
                .to_list()
            )
        )

    def _vector(self, question: str, language: str) -> Vectors | None:
        """The vector of a question, None where the dense search has nothing to say."""
        if language != DENSE_LANGUAGE or not self._settings.dense_weight:
            return None
        vector: Vectors = self.embed([question])[0]
        return vector if vector.any() else None

    def _fuse(
        self, found: Mapping[str, Mapping[str, Any]], vector: Vectors | None, language: str
    ) -> list[tuple[dict[str, float], str]]:
        """(scores, record) of each passage: a weighted sum of both scores, each divided by the best one."""
        best = max((row.get("_score", 0.0) for row in found.values()), default=0.0)
        cosines = {key: _cosine(row, vector) for key, row in found.items()}
        nearest = max(cosines.values(), default=0.0)
        weight = self._settings.dense_weight if vector is not None else 0.0
        fused = []
        for key, row in found.items():
            lexical = row.get("_score", 0.0) / best if best else 0.0
            dense = cosines[key] / nearest if nearest > 0 else 0.0
            score = (1 - weight) * lexical + weight * dense
            score *= 1.0 if row["language"] == language else OTHER_LANGUAGE
            scores = {"fused": score, "bm25": row.get("_score", 0.0), "dense": cosines[key]}
            fused.append((scores, str(row["record"])))
        return fused

    @functools.cached_property
    def _table(self) -> Any:
        import lancedb

        return self._guard(lambda: lancedb.connect(str(self.folder)).open_table(TABLE))

    @functools.cached_property
    def _columns(self) -> frozenset[str]:
        return frozenset(name.removeprefix("meta_") for name in self._table.schema.names if name.startswith("meta_"))

    @functools.cached_property
    def _frequencies(self) -> dict[str, int]:
        return self._guard(lambda: _read_counts(self.folder / "terms.parquet", "term"))

    @functools.cached_property
    def _encoder(self) -> Encoder:
        counts = self._guard(lambda: _read_counts(self.folder / "lemmas.parquet", "lemma"))
        return Encoder(counts, self._guard(lambda: np.load(self.folder / "components.npy")))

    def _guard(self, read: Callable[[], T]) -> T:
        """What `read` returns; a store that cannot be read is one clear line."""
        try:
            return read()
        except (OSError, ValueError, RuntimeError) as error:
            line = " ".join(str(error).split())[:120]
            raise OporaError(f"{self.folder}: the index is damaged ({line}); remove it and run `opora index`") from None


def _match(wanted: Sequence[str]) -> Any:
    """A query for any of some terms; nothing in them is read as syntax."""
    from lancedb.query import MatchQuery

    return MatchQuery(" ".join(wanted), "terms")  # type: ignore[call-arg]


def _best(fused: list[tuple[dict[str, float], str]], top_k: int) -> list[Hit]:
    """The best hits, of two that overlap by more than half of the shorter the better one."""
    chosen: list[Hit] = []
    for scores, record in sorted(fused, key=lambda each: (-each[0]["fused"], each[1])):
        if len(chosen) == top_k:
            break
        passage = _parse(record)
        if not any(_same(passage, hit.passage) for hit in chosen):
            chosen.append(Hit(passage=passage, rank=len(chosen) + 1, scores=scores))
    return chosen


def _same(one: Passage, other: Passage) -> bool:
    common = min(one.end, other.end) - max(one.start, other.start)
    return one.document_id == other.document_id and 2 * common > min(len(one.text), len(other.text))


def _cosine(row: Mapping[str, Any], vector: Vectors | None) -> float:
    return 0.0 if vector is None else max(0.0, float(np.dot(np.asarray(row["vector"], dtype=np.float32), vector)))


def _parse(record: str) -> Passage:
    return Passage.model_validate(json.loads(record))


def _read_counts(path: Path, name: str) -> dict[str, int]:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return dict(zip(table[name].to_pylist(), table["count"].to_pylist(), strict=True))
