"""Journal of rows that cost time or money: each is on disk before it counts, whatever happens to the process.

with build.journal("answers") as journal:
    if key not in journal:
        journal.put(key, answer.model_dump(mode="json"))
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


class Journal:
    """Durable mapping from string to JSON value, in the order of writing. One writer at a time."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE IF NOT EXISTS rows (key TEXT PRIMARY KEY, value TEXT NOT NULL)")

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __contains__(self, key: str) -> bool:
        return self._connection.execute("SELECT 1 FROM rows WHERE key = ?", (key,)).fetchone() is not None

    def __len__(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM rows").fetchone()[0])

    def get(self, key: str) -> Any:
        """Return the value of `key`, or None."""
        row = self._connection.execute("SELECT value FROM rows WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, key: str, value: object) -> None:
        """Write one row; when this returns, the row is on disk."""
        text = json.dumps(value, ensure_ascii=False)
        self._connection.execute("INSERT OR REPLACE INTO rows VALUES (?, ?)", (key, text))

    def update(self, rows: Iterable[tuple[str, object]]) -> None:
        """Write many rows in one step; when this returns, all are on disk."""
        texts = ((key, json.dumps(value, ensure_ascii=False)) for key, value in rows)
        self._connection.execute("BEGIN")
        self._connection.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?)", texts)
        self._connection.execute("COMMIT")

    def items(self) -> Iterator[tuple[str, Any]]:
        """Yield (key, value) in the order of writing."""
        for key, value in self._connection.execute("SELECT key, value FROM rows ORDER BY rowid"):
            yield key, json.loads(value)

    def close(self) -> None:
        self._connection.close()
