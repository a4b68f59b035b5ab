"""Passages become the rows of a store: the one function that runs in this process and on Ray alike.

In: passages, an embedder. Out: record batches.

    maker = RowMaker(embedder, Shape(embedder.dimensions, {"page": "number"}), heading_weight=1)
    maker.rows(passages)["terms"][0].as_py()         # 'срок хранен 5 дне'
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from opora.records import Passage, Scalar
from opora.retrieval.embedders.base import Embedder, Text
from opora.retrieval.embedders.cached import is_costly
from opora.retrieval.store.base import Shape
from opora.retrieval.store.filters import PUBLIC, Kind, column_of
from opora.text.terms.index_terms import search_terms, spellings

if TYPE_CHECKING:
    import pyarrow as pa

    from opora.retrieval.vectors import Vectors

T = TypeVar("T")
KEYWORDS = 8


class RowMaker:
    """Makes rows. The words of title and headings count `heading_weight` times beside those of the passage; `idf` tells
    which of its words are its keywords."""

    def __init__(
        self, embedder: Embedder | None, shape: Shape, heading_weight: int, idf: Callable[[str], float]
    ) -> None:
        self._embedder, self._shape, self._heading_weight, self._idf = embedder, shape, heading_weight, idf

    @property
    def cheap(self) -> bool:
        """True if the vectors come out of a table, so that processors are what limits."""
        return self._embedder is None or not is_costly(self._embedder)

    def rows(self, passages: Sequence[Passage]) -> pa.RecordBatch:
        """A row a passage, in order."""
        import pyarrow as pa

        heading_terms = [search_terms(around(each), language_of(each)) for each in passages]
        own_terms = [search_terms(each.shown, language_of(each)) for each in passages]
        columns: dict[str, Any] = {
            "id": [each.id for each in passages],
            "document_id": [each.document_id for each in passages],
            "language": [language_of(each) for each in passages],
            "access": [list(each.access) or [PUBLIC] for each in passages],
            "keywords": list(map(self._keywords, passages, own_terms)),
            # to read single rows of a column of equal values is slow, of nulls it is not
            "heading_terms": [" ".join(each) or None for each in heading_terms],
            "terms": [
                " ".join([*self._heading_weight * above, *own])
                for above, own in zip(heading_terms, own_terms, strict=True)
            ],
            "record": [each.model_dump_json() for each in passages],
        }
        for key, kind in self._shape.kinds.items():
            columns[column_of(key, self._shape.kinds)] = [_as_kind(each.metadata.get(key), kind) for each in passages]
        if self._embedder:
            vectors = widen(self._embedder.embed([text_of(each) for each in passages], "passage"))
            flat = pa.array(vectors.ravel(), pa.float32())
            columns["vector"] = pa.FixedSizeListArray.from_arrays(flat, self._shape.dimensions)
        return pa.RecordBatch.from_pydict(columns, schema=schema_of(self._shape))

    def _keywords(self, passage: Passage, terms: Sequence[str]) -> list[str]:
        """The words of the passage whose terms have the highest tf-idf, best first, as it spells them first."""
        weights = {each: count * self._idf(each) for each, count in Counter(terms).items()}
        best = heapq.nlargest(KEYWORDS, weights, key=weights.__getitem__)
        spelled = spellings(passage.shown, language_of(passage), set(best))
        return [spelled[each] for each in best if each in spelled]


def schema_of(shape: Shape) -> pa.Schema:
    """The columns of a row."""
    import pyarrow as pa

    types = {"text": pa.string(), "number": pa.float64(), "bool": pa.bool_()}
    fields = [
        pa.field("id", pa.string()),
        pa.field("document_id", pa.string()),
        pa.field("language", pa.string()),
        pa.field("access", pa.list_(pa.string())),
        pa.field("keywords", pa.list_(pa.string())),
        pa.field("heading_terms", pa.string()),
        pa.field("terms", pa.string()),
        pa.field("record", pa.string()),
    ]
    fields += [pa.field(column_of(key, shape.kinds), types[kind]) for key, kind in shape.kinds.items()]
    if shape.dimensions:
        fields.append(pa.field("vector", pa.list_(pa.float32(), shape.dimensions)))
    return pa.schema(fields)


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items, the last one shorter."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def width_of(embedder: Embedder | None) -> int:
    """Numbers of a vector as it is stored: a multiple of eight, which stores quantize by; 0 without an embedder."""
    return -(-embedder.dimensions // 8) * 8 if embedder else 0


def widen(vectors: Vectors) -> Vectors:
    """Vectors as they are stored, zeros behind them, which change no product; shape (texts, width)."""
    import numpy as np

    return np.pad(vectors, ((0, 0), (0, -vectors.shape[1] % 8)))


def language_of(passage: Passage) -> str:
    return str(passage.metadata["language"])


def around(passage: Passage) -> str:
    """What stands above a passage: its title and its headings."""
    return " ".join(dict.fromkeys([str(passage.metadata.get("title", "")), *passage.heading]))


def text_of(passage: Passage) -> Text:
    """What is embedded of a passage: below its headings, what is shown of it."""
    return Text(" ".join([*passage.heading, passage.shown]), language_of(passage))


def _as_kind(value: Scalar | None, kind: Kind) -> Scalar | None:
    return str(value) if kind == "text" and value is not None else value
