"""Table of the lines of documents: the place of each on its page. One row per document that has any."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opora.corpus.blocks import LineBox

LINES = "lines.parquet"
NUMBERS, PLACES = ("start", "end", "page"), ("x0", "y0", "x1", "y1")
ROW_GROUP = 64
"""Documents that are stored, and read, at once."""


class LineWriter:
    """Writes the lines of documents; places are kept to a tenth of a point."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        numbers = [pa.field(name, pa.list_(pa.int32())) for name in NUMBERS]
        places = [pa.field(name, pa.list_(pa.float32())) for name in PLACES]
        self._schema = pa.schema([pa.field("document_id", pa.string()), *numbers, *places])
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[dict[str, object]] = []

    def __enter__(self) -> LineWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def add(self, document_id: str, lines: Sequence[LineBox]) -> None:
        """Add the lines of a document, if it has any."""
        if not lines:
            return
        row = {name: [getattr(line, name) for line in lines] for name in NUMBERS}
        row |= {name: [round(getattr(line, name), 1) for line in lines] for name in PLACES}
        self._rows.append({"document_id": document_id, **row})
        if len(self._rows) == ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, self._schema))
            self._rows.clear()


def read_lines(path: Path, document_id: str) -> list[LineBox]:
    """Return the lines of a document; empty if it has none. Reads a group of documents, not the whole table."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            ids = file.read_row_group(group, columns=["document_id"])["document_id"].to_pylist()
            if document_id in ids:
                row = file.read_row_group(group).slice(ids.index(document_id), 1).to_pylist()[0]
                return [LineBox(*values) for values in zip(*(row[name] for name in LineBox._fields), strict=True)]
    return []
