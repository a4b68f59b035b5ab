"""Tables of records as JSON Lines and Parquet; the same records give the same bytes.

write_json_lines(path, examples)
examples = list(read_records(path, Example))
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from opora.errors import InputError
from opora.validation import Record, chief_fault, explain, parse_record

R = TypeVar("R", bound=Record)
ROW_GROUP = 2_000
"""Rows that are written to a Parquet file at once."""


def write_json_lines(path: Path, rows: Iterable[Record | Mapping[str, Any]]) -> int:
    """Write one JSON object per line, UTF-8. Returns the number of rows."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            data = row.model_dump(mode="json") if isinstance(row, Record) else row
            file.write(json.dumps(data, ensure_ascii=False) + "\n")
            count += 1
    return count


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number from 1, object). Raises InputError that names file, line and column of invalid JSON."""
    for number, raw in read_lines(path):
        yield number, _parsed(path, number, raw)[1]


def read_records(path: Path, model: type[R]) -> Iterator[R]:
    """Yield the rows of a JSON Lines file as records. Raises InputError that names file, line, column and field."""
    for number, raw in read_lines(path):
        yield parse_line(path, number, raw, model)


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (line number from 1, line) of lines that are not blank. Raises InputError for a missing file."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with path.open("rb") as file:
        yield from ((number, raw) for number, raw in enumerate(file, 1) if raw.strip())


def parse_line(path: Path, number: int, raw: bytes, model: type[R]) -> R:
    """Return one line as a record. Raises InputError that names file, line, column and field."""
    line, row = _parsed(path, number, raw)
    try:
        return model.model_validate(row)
    except ValidationError as error:
        column = _column(line, [part for part in chief_fault(error)["loc"] if isinstance(part, str)])
        raise InputError(f"{path}:{number}:{column}: {explain(model, error)}") from None


def _parsed(path: Path, number: int, raw: bytes) -> tuple[str, dict[str, Any]]:
    try:
        line = raw.decode("utf-8-sig").rstrip()
        row = json.loads(line)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}:{number}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{number}:{error.colno}: not JSON: {error.msg}") from None
    if not isinstance(row, dict):
        raise InputError(f"{path}:{number}: expected a JSON object, got {type(row).__name__}")
    return line, row


def _column(line: str, keys: list[str]) -> int:
    """Return the column, from 1, of the last of nested `keys` in a line of JSON; 1 for a missing key."""
    position = 0
    for key in keys:
        position = line.find(json.dumps(key, ensure_ascii=False), position)
        if position < 0:
            return 1
    return position + 1


def write_parquet(path: Path, records: Iterable[Record]) -> int:
    """Write records as Parquet (zstd), nested fields such as metadata as JSON text. Returns the number of rows.

    Rows are written in groups, so that few are in memory at once.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, count = iter(records), 0
    first = pa.Table.from_pylist([flatten(record) for record in islice(rows, ROW_GROUP)])
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        table = first
        while table.num_rows:
            writer.write_table(table)
            count += table.num_rows
            table = pa.Table.from_pylist([flatten(record) for record in islice(rows, ROW_GROUP)], first.schema)
    return count


def read_parquet(path: Path, model: type[R], numbers: Set[int] | None = None) -> Iterator[R]:
    """Yield the rows of a file of `write_parquet`, or only those at `numbers` (from 0)."""
    for number, row in enumerate(read_parquet_rows(path)):
        if numbers is None or number in numbers:
            yield parse_row(row, model, str(path))


def parse_row(row: Mapping[str, Any], model: type[R], where: str) -> R:
    """Return a row of a Parquet file as a record. Raises InputError that names `where` and the field."""
    nested = _nested(model)
    data = {key: json.loads(value) if key in nested else value for key, value in row.items()}
    return parse_record(model, data, where)


def read_parquet_rows(path: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the rows of a Parquet file as stored, nested fields as JSON text; missing `columns` are left out."""
    import pyarrow.parquet as pq

    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with pq.ParquetFile(path) as file:
        present = None if columns is None else [name for name in columns if name in file.schema_arrow.names]
        for batch in file.iter_batches(columns=present):
            yield from batch.to_pylist()


def flatten(record: Record) -> dict[str, Any]:
    """Return a record as a row, nested fields as JSON text."""
    row = record.model_dump(mode="json")
    return row | {key: json.dumps(row[key], ensure_ascii=False, sort_keys=True) for key in _nested(type(record))}


@functools.cache
def _nested(model: type[Record]) -> frozenset[str]:
    """Return the fields that are not a plain string, number or boolean."""
    plain = (str, int, float, bool)
    return frozenset(name for name, field in model.model_fields.items() if field.annotation not in plain)
