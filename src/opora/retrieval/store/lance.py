"""Rows in a Lance table, in a folder or an object store; LanceDB opens it too, pylance alone reads it twice as fast.

In: a path or a URI. Out: a store.

    store = create_lance("index/passages.lance", Shape(300, {}))
    store.write([rows])
    store.finish()
    store = open_lance("index/passages.lance", Shape(300, {}))
    store.take([key for key, _ in store.by_terms(["срок"], [], depth=10)], ["id"])
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from opora.errors import OporaError
from opora.records import Scalar
from opora.retrieval.store.base import Key, Shape
from opora.retrieval.store.filters import PUBLIC, Access, Between, Condition, OneOf

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from opora.retrieval.vectors import Vectors

QUANTIZED_FROM = 2000
"""Rows from which vectors are searched through an index; fewer are compared one by one, exactly."""
PARTITION = 4096
"""Rows of one partition of the index of vectors, until there are twice as many: then they are divided anew."""
PROBED = 64
"""Partitions that a search looks into, at most."""
BITS = 5
"""Bits of a number of a vector in the index of vectors."""
REFINE = 2
"""How many times as many rows as wanted are found by the index of vectors, to be compared by the whole ones."""
ALL = 2**31
"""Parts of an index that are merged into one: more than there ever are."""
BATCH = 200


def create_lance(place: str, shape: Shape) -> LanceStore:
    """An empty table, instead of one that is there."""
    import lance

    from opora.retrieval.index.rows import schema_of

    drop_lance(place)
    with explained(place):
        return LanceStore(lance.write_dataset([], place, schema_of(shape)), place, shape)


def open_lance(place: str, shape: Shape) -> LanceStore:
    """The table that is there."""
    import lance

    with explained(place):
        return LanceStore(lance.dataset(place), place, shape)


def copy_lance(old: str, new: str, shape: Shape) -> LanceStore:
    """A copy of a table, instead of one that is there, with all its files."""
    import lance

    drop_lance(new)
    with explained(new):
        table = lance.dataset(old)
        return LanceStore(table.deep_clone(new, table.version), new, shape)


def drop_lance(place: str) -> None:
    """Remove a table, if it is there."""
    import lance

    with explained(place):
        lance.LanceDataset.drop(place, ignore_not_found=True)


@contextlib.contextmanager
def explained(place: str) -> Iterator[None]:
    """What Lance says of an object store as one line; what it says of a folder comes through."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        # Lance raises these types and none that are derived from them: such a one is somebody else's
        if "://" not in place or type(error) not in (OSError, ValueError, RuntimeError):
            raise
        line = " ".join(str(error).split())[:300]
        raise OporaError(
            f"{place}: {line}; are address and keys right (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and the like)?"
        ) from error


class LanceStore:
    """A Store in a table of Lance. A key is the position of a row in the table."""

    def __init__(self, table: Any, place: str, shape: Shape) -> None:
        self._table, self._place, self._shape = table, place, shape
        self._rows = _Rows(table)

    def write(self, batches: Iterable[pa.RecordBatch]) -> None:
        import lance

        from opora.retrieval.index.rows import schema_of

        failures: list[Exception] = []

        def watched() -> Iterator[pa.RecordBatch]:
            try:
                yield from batches
            except Exception as error:
                failures.append(error)
                raise

        try:
            with explained(self._place):
                self._table = lance.write_dataset(watched(), self._table, schema_of(self._shape), mode="append")
        except (OSError, OporaError):
            # what the maker of the rows raised comes back as text inside an error of Lance
            if failures:
                raise failures[0] from None
            raise
        self._rows = _Rows(self._table)

    def delete(self, document_ids: Collection[str]) -> None:
        ordered = sorted(document_ids)
        for at in range(0, len(ordered), BATCH):
            with explained(self._place):
                self._table.delete(f"document_id IN ({_literals(ordered[at : at + BATCH])})")
        self._rows = _Rows(self._table)

    def finish(self) -> None:
        if size := self.count():
            with explained(self._place):
                self._index(size)
            self._rows = _Rows(self._table)

    def count(self) -> int:
        with explained(self._place):
            return int(self._table.count_rows())

    def by_terms(self, terms: Sequence[str], conditions: Sequence[Condition], depth: int) -> list[tuple[Key, float]]:
        from lance.query import MatchQuery

        # nothing in the terms is read as syntax
        query = MatchQuery(" ".join(terms), "terms")
        with explained(self._place):
            found = self._search(conditions, "_score", full_text_query=query, limit=depth, fast_search=True)
            return list(zip(self._keys(found), found["_score"].to_pylist(), strict=True))

    def by_vector(self, vector: Vectors, conditions: Sequence[Condition], depth: int) -> list[Key]:
        with explained(self._place):
            quantized = self._rows.quantized
            most = REFINE * depth if quantized else depth
            nearest = {"column": "vector", "q": vector, "k": most, "metric": "dot", "nprobes": PROBED}
            return self._keys(self._search(conditions, "_distance", nearest=nearest, fast_search=quantized))

    def take(self, keys: Sequence[Key], columns: Sequence[str]) -> pa.Table:
        with explained(self._place):
            return self._table.take(list(keys), columns=list(columns))

    def rows(self, conditions: Sequence[Condition], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with explained(self._place):
            yield from self._table.scanner(columns=list(columns), filter=_all_of(conditions)).to_batches()

    def _search(self, conditions: Sequence[Condition], score: str, **query: Any) -> pa.Table:
        """The addresses of rows and that column, which the search adds."""
        if not self._rows.labelled:
            conditions = [each for each in conditions if not isinstance(each, Access)]
        wanted = _all_of(conditions)
        return self._table.scanner([score], wanted, prefilter=True, with_row_address=True, **query).to_table()

    def _keys(self, found: pa.Table) -> list[Key]:
        import numpy as np

        addresses, positions = self._rows.positions
        keys: list[Key] = positions[np.searchsorted(addresses, found["_rowaddr"].to_numpy())].tolist()
        return keys

    def _index(self, size: int) -> None:
        existing = _indices(self._table)
        if existing:
            self._table.optimize.compact_files()
            # into one part each, for a search looks into every part
            self._table.optimize.optimize_indices(num_indices_to_merge=ALL)
        if "terms_idx" not in existing:
            self._index_terms()
        if "access_idx" not in existing:
            # looking at the labels of every row would cost several times what the search does
            self._table.create_scalar_index("access", "LABEL_LIST")
        if self._shape.dimensions and size >= QUANTIZED_FROM:
            partitions = max(1, size // PARTITION)
            if "vector_idx" not in existing or partitions >= 2 * self._partitions:
                self._index_vectors(partitions)
        if existing:
            # of older versions that others may be reading: nobody reads a store before it is finished
            self._table.cleanup_old_versions(timedelta(0))

    def _index_terms(self) -> None:
        # our terms are final: the store is to split them at blanks and do nothing else to them
        self._table.create_scalar_index(
            "terms",
            "INVERTED",
            base_tokenizer="whitespace",
            lower_case=False,
            stem=False,
            remove_stop_words=False,
            ascii_folding=False,
            max_token_length=None,
            with_position=False,
        )

    def _index_vectors(self, partitions: int) -> None:
        # RaBitQ (Gao and others 2025), which finds nearly all of the nearest; figures are in dev/LOG.md
        self._table.create_index(
            "vector", "IVF_RQ", metric="dot", num_partitions=partitions, num_bits=BITS, replace=True
        )

    @property
    def _partitions(self) -> int:
        return len(self._table.get_ivf_model("vector_idx").centroids)


class _Rows:
    """What searches need to know of the rows of a table as it is now."""

    def __init__(self, table: Any) -> None:
        self._table = table

    @functools.cached_property
    def positions(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.intp]]:
        """The addresses of all rows, sorted, and the position of each row."""
        import numpy as np

        rows = self._table.scanner(columns=[], with_row_address=True, scan_in_order=True).to_table()
        addresses = rows["_rowaddr"].to_numpy()
        positions = np.argsort(addresses)
        return addresses[positions], positions

    @functools.cached_property
    def labelled(self) -> bool:
        """True if some row is not for everyone: else nobody looks at the labels, which costs as much as a search."""
        return bool(self._table.count_rows(f"NOT {_sql(Access(()))}"))

    @functools.cached_property
    def quantized(self) -> bool:
        return "vector_idx" in _indices(self._table)


def _indices(table: Any) -> set[str]:
    return {each.name for each in table.describe_indices()}


def _all_of(conditions: Sequence[Condition]) -> str | None:
    return " AND ".join(map(_sql, conditions)) or None


def _sql(condition: Condition) -> str:
    match condition:
        case OneOf(column, values):
            return f"{column} IN ({_literals(values)})" if values else "false"
        case Between(column, low, high):
            bounds = [f"{column} >= {_literal(low)}"] if low is not None else []
            bounds += [f"{column} <= {_literal(high)}"] if high is not None else []
            return f"({' AND '.join(bounds)})"
        case Access(labels):
            return f"array_has_any(access, [{_literals((PUBLIC, *labels))}])"


def _literals(values: Sequence[Scalar]) -> str:
    return ", ".join(map(_literal, values))


def _literal(value: Scalar) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool) else repr(float(value))
