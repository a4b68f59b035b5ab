"""Rows of the table of an index, made from passages. Runs in this process and on Ray.

maker = RowMaker(embedder, TableSchema(embedder.dimensions, {"page": "number"}), heading_weight=1, idf=idf)
maker.make_rows(passages)["terms"][0].as_py()         # 'срок хранен 5 дне'
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from opora.records import Passage
from opora.retrieval.embedders.base import Embedder, Text
from opora.retrieval.embedders.cached import is_costly
from opora.retrieval.store.schema import PUBLIC, TableSchema, arrow_schema, metadata_column
from opora.text.search_terms import search_terms, spellings

if TYPE_CHECKING:
    import pyarrow as pa

    from opora.retrieval.vectors import Vectors

T = TypeVar("T")
MAX_KEYWORDS = 8


class RowMaker:
    """Makes rows from passages.

    The terms of title and headings are counted `heading_weight` times; `idf` weighs the terms that become keywords.
    """

    def __init__(
        self, embedder: Embedder | None, schema: TableSchema, heading_weight: int, idf: Callable[[str], float]
    ) -> None:
        self._embedder, self._schema, self._heading_weight, self._idf = embedder, schema, heading_weight, idf

    @property
    def is_cheap(self) -> bool:
        """True if vectors are looked up in a table, so that the processors are the bottleneck."""
        return self._embedder is None or not is_costly(self._embedder)

    def make_rows(self, passages: Sequence[Passage]) -> pa.RecordBatch:
        """Return one row per passage, in order."""
        import pyarrow as pa

        heading_terms = [search_terms(heading_text(passage), passage_language(passage)) for passage in passages]
        own_terms = [search_terms(passage.full_text, passage_language(passage)) for passage in passages]
        pairs = zip(heading_terms, own_terms, strict=True)
        columns: dict[str, Any] = {
            "id": [passage.id for passage in passages],
            "document_id": [passage.document_id for passage in passages],
            "language": [passage_language(passage) for passage in passages],
            "access": [list(passage.access) or [PUBLIC] for passage in passages],
            "places": [list(passage.places) for passage in passages],
            "keywords": list(map(self._keywords, passages, own_terms)),
            # null instead of an empty string: reading single rows of a column of equal values is slow
            "heading_terms": [" ".join(terms) or None for terms in heading_terms],
            "terms": [" ".join([*self._heading_weight * heading, *own]) for heading, own in pairs],
            "record": [passage.model_dump_json() for passage in passages],
        }
        for key, kind in self._schema.metadata.items():
            values = [passage.metadata.get(key) for passage in passages]
            if kind == "text":
                values = [value if value is None else str(value) for value in values]
            columns[metadata_column(key, self._schema.metadata)] = values
        if self._embedder:
            vectors = pad_vectors(self._embedder.embed(list(map(embedding_text, passages)), "passage"))
            flat = pa.array(vectors.ravel(), pa.float32())
            columns["vector"] = pa.FixedSizeListArray.from_arrays(flat, self._schema.dimensions)
        return pa.RecordBatch.from_pydict(columns, schema=arrow_schema(self._schema))

    def _keywords(self, passage: Passage, terms: Sequence[str]) -> list[str]:
        """Return the words with the highest tf-idf, best first, spelled as where they first occur."""
        weights = {term: count * self._idf(term) for term, count in Counter(terms).items()}
        best = heapq.nlargest(MAX_KEYWORDS, weights, key=weights.__getitem__)
        spelled = spellings(passage.full_text, passage_language(passage), set(best))
        return [spelled[term] for term in best if term in spelled]


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` items; the last one may be shorter."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def padded_dimensions(embedder: Embedder | None) -> int:
    """Return the length of stored vectors, a multiple of eight as quantization requires; 0 without an embedder."""
    return -(-embedder.dimensions // 8) * 8 if embedder else 0


def pad_vectors(vectors: Vectors) -> Vectors:
    """Append zeros, which change no dot product, up to the stored length; shape (texts, padded dimensions)."""
    import numpy as np

    return np.pad(vectors, ((0, 0), (0, -vectors.shape[1] % 8)))


def passage_language(passage: Passage) -> str:
    return str(passage.metadata["language"])


def heading_text(passage: Passage) -> str:
    """Return title and headings, without repeats."""
    return " ".join(dict.fromkeys([str(passage.metadata.get("title", "")), *passage.heading]))


def embedding_text(passage: Passage) -> Text:
    """Return the text passed to the embedder: headings, then the passage."""
    return Text(" ".join([*passage.heading, passage.full_text]), passage_language(passage))
