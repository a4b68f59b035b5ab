"""Rows in a Lance table, in a folder or an object store.

Plain pylance reads twice as fast as LanceDB, which opens the same tables.

    store = create_lance("index/passages.lance", TableSchema(300, {}))
    store.write([rows])
    store.finish()
    store.take([key for key, _ in store.search_by_terms(["срок"], [], limit=10)], ["id"])
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from opora.errors import OporaError
from opora.records import Scalar
from opora.retrieval.store.base import Key, StoreError
from opora.retrieval.store.schema import PUBLIC, Access, At, Between, Condition, OneOf, TableSchema, arrow_schema

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from opora.retrieval.vectors import Vectors

QUANTIZED_FROM = 2000
"""Number of rows from which vectors are searched through an index; fewer are compared exactly."""
PARTITION_ROWS = 4096
"""Rows per partition of the vector index; at twice as many the index is trained again."""
MAX_PROBES = 64
"""Maximum number of partitions that a search reads."""
BITS = 5
"""Bits per dimension in the vector index."""
REFINE_FACTOR = 2
"""Candidates that the vector index returns per requested row, to be compared by their full vectors."""
ALL_SEGMENTS = 2**31
"""More segments than an index ever has: all of them are merged into one."""
SPLIT_AT_SPACES: dict[str, Any] = {
    **dict.fromkeys(("lower_case", "stem", "remove_stop_words", "ascii_folding", "with_position"), False),
    "base_tokenizer": "whitespace",
    "max_token_length": None,
}
"""Options of the index of terms, which are final: Lance must split them at spaces and change nothing else."""
BATCH = 200


def create_lance(uri: str, schema: TableSchema) -> LanceStore:
    """Create an empty table, replacing an existing one."""
    import lance

    drop_lance(uri)
    with explain_lance_errors(uri):
        return LanceStore(lance.write_dataset([], uri, arrow_schema(schema)), uri, schema)


def open_lance(uri: str, schema: TableSchema) -> LanceStore:
    """Open an existing table. Raises StoreError if it is missing or damaged, OporaError if its object store fails."""
    import lance

    with explain_lance_errors(uri):
        return LanceStore(lance.dataset(uri), uri, schema)


def copy_lance(source: str, target: str, schema: TableSchema) -> LanceStore:
    """Copy a table with all its files, replacing an existing one."""
    import lance

    drop_lance(target)
    with explain_lance_errors(target):
        table = lance.dataset(source)
        return LanceStore(table.deep_clone(target, table.version), target, schema)


def drop_lance(uri: str) -> None:
    """Remove a table if it exists."""
    import lance

    with explain_lance_errors(uri):
        lance.LanceDataset.drop(uri, ignore_not_found=True)


@contextlib.contextmanager
def explain_lance_errors(uri: str) -> Iterator[None]:
    """Raise errors of Lance as one line: StoreError for a folder, OporaError for an object store."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        # Lance raises exactly these types, pyarrow its own subclasses; any other subclass comes from elsewhere
        if type(error) not in (OSError, ValueError, RuntimeError) and type(error).__module__ != "pyarrow.lib":
            raise
        line = f"{uri}: {' '.join(str(error).split())[:300]}"
        if "://" not in uri:
            raise StoreError(line) from error
        raise OporaError(
            f"{line}; check the address and the keys (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)"
        ) from error


class LanceStore:
    """A Store in a Lance table. The key of a row is its position in the table."""

    def __init__(self, table: Any, uri: str, schema: TableSchema) -> None:
        self._table, self._uri, self._schema = table, uri, schema
        self._state = _TableState(table)

    def write(self, batches: Iterable[pa.RecordBatch]) -> None:
        import lance

        failures: list[Exception] = []

        def recorded() -> Iterator[pa.RecordBatch]:
            try:
                yield from batches
            except Exception as error:
                failures.append(error)
                raise

        try:
            with explain_lance_errors(self._uri):
                self._table = lance.write_dataset(recorded(), self._table, arrow_schema(self._schema), mode="append")
        except (OSError, OporaError):
            # Lance turns an error of the code that makes the rows into text; raise the original
            if failures:
                raise failures[0] from None
            raise
        self._state = _TableState(self._table)

    def delete(self, document_ids: Collection[str]) -> None:
        ordered = sorted(document_ids)
        for start in range(0, len(ordered), BATCH):
            with explain_lance_errors(self._uri):
                self._table.delete(_sql(OneOf("document_id", tuple(ordered[start : start + BATCH]))))
        self._state = _TableState(self._table)

    def finish(self) -> None:
        if size := self.count():
            with explain_lance_errors(self._uri):
                self._update_indexes(size)
            self._state = _TableState(self._table)

    def count(self) -> int:
        with explain_lance_errors(self._uri):
            return int(self._table.count_rows())

    def search_by_terms(
        self, terms: Sequence[str], conditions: Sequence[Condition], limit: int
    ) -> list[tuple[Key, float]]:
        from lance.query import MatchQuery

        # a match query has no syntax, so that terms cannot be operators
        query = MatchQuery(" ".join(terms), "terms")
        with explain_lance_errors(self._uri):
            rows = self._search(conditions, "_score", full_text_query=query, limit=limit, fast_search=True)
            return list(zip(self._keys(rows), rows["_score"].to_pylist(), strict=True))

    def search_by_vector(self, vector: Vectors, conditions: Sequence[Condition], limit: int) -> list[Key]:
        with explain_lance_errors(self._uri):
            quantized = self._state.quantized
            k = REFINE_FACTOR * limit if quantized else limit
            nearest = {"column": "vector", "q": vector, "k": k, "metric": "dot", "nprobes": MAX_PROBES}
            return self._keys(self._search(conditions, "_distance", nearest=nearest, fast_search=quantized))

    def take(self, keys: Sequence[Key], columns: Sequence[str]) -> pa.Table:
        with explain_lance_errors(self._uri):
            return self._table.take(list(keys), columns=list(columns))

    def scan(self, conditions: Sequence[Condition], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with explain_lance_errors(self._uri):
            yield from self._table.scanner(columns=list(columns), filter=_conjunction(conditions)).to_batches()

    def _search(self, conditions: Sequence[Condition], score: str, **query: Any) -> pa.Table:
        """Return the addresses of rows and the score column that the search adds."""
        if not self._state.labelled:
            conditions = [condition for condition in conditions if not isinstance(condition, Access)]
        where = _conjunction(conditions)
        return self._table.scanner([score], where, prefilter=True, with_row_address=True, **query).to_table()

    def _keys(self, rows: pa.Table) -> list[Key]:
        import numpy as np

        addresses, positions = self._state.positions
        keys: list[Key] = positions[np.searchsorted(addresses, rows["_rowaddr"].to_numpy())].tolist()
        return keys

    def _update_indexes(self, size: int) -> None:
        table, existing = self._table, _index_names(self._table)
        if existing:
            table.optimize.compact_files()
            # one segment per index, because a search reads every segment
            table.optimize.optimize_indices(num_indices_to_merge=ALL_SEGMENTS)
        if "terms_idx" not in existing:
            table.create_scalar_index("terms", "INVERTED", **SPLIT_AT_SPACES)
        if "access_idx" not in existing:
            # comparing the labels of every row would cost several times the search itself
            table.create_scalar_index("access", "LABEL_LIST")
            table.create_scalar_index("places", "LABEL_LIST")
        if self._schema.dimensions and size >= QUANTIZED_FROM:
            partitions = max(1, size // PARTITION_ROWS)
            if "vector_idx" not in existing or partitions >= 2 * len(table.get_ivf_model("vector_idx").centroids):
                # RaBitQ (Gao et al. 2025); recall figures are in dev/LOG.md
                options = {"metric": "dot", "num_partitions": partitions, "num_bits": BITS, "replace": True}
                table.create_index("vector", "IVF_RQ", **options)
        if existing:
            # nobody reads older versions, because a store is not read before it is finished
            table.cleanup_old_versions(timedelta(0))


class _TableState:
    """Properties of the rows of one version of a table, computed when first needed."""

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
        """True if some row has access labels; otherwise searches skip the check, which costs as much as a search."""
        return bool(self._table.count_rows(f"NOT {_sql(Access(()))}"))

    @functools.cached_property
    def quantized(self) -> bool:
        return "vector_idx" in _index_names(self._table)


def _index_names(table: Any) -> set[str]:
    return {index.name for index in table.describe_indices()}


def _conjunction(conditions: Sequence[Condition]) -> str | None:
    return " AND ".join(map(_sql, conditions)) or None


def _sql(condition: Condition) -> str:
    match condition:
        case OneOf(column, values):
            return f"{column} IN ({', '.join(map(_literal, values))})" if values else "false"
        case Between(column, low, high):
            bounds = [f"{column} >= {_literal(low)}"] if low is not None else []
            bounds += [f"{column} <= {_literal(high)}"] if high is not None else []
            return f"({' AND '.join(bounds)})"
        case Access(labels):
            return f"array_has_any(access, [{', '.join(map(_literal, (PUBLIC, *labels)))}])"
        case At(places):
            return f"array_has_any(places, [{', '.join(map(_literal, places))}])" if places else "false"


def _literal(value: Scalar) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool) else repr(float(value))
