"""What every method of benchmark gives back, and how one of its questions becomes a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from opora.bench.results.table import Entry, ScoredRow
from opora.records import Example


class Measured(NamedTuple):
    """The scored rows of a benchmark, and the entries of its table. `dropped`: reason -> how many questions were left
    out for it."""

    rows: Sequence[ScoredRow]
    entries: Sequence[Entry]
    counts: Mapping[str, int] = {}
    dropped: Mapping[str, int] = {}
    tokens: Mapping[str, int] = {}


def tokens_of(rows: Sequence[ScoredRow]) -> dict[str, int]:
    """What all answers read and wrote together."""
    metrics = {"prompt": "prompt_tokens", "completion": "answer_tokens"}
    return {name: int(sum(row.scores.get(metric) or 0 for row in rows)) for name, metric in metrics.items()}


def about(example: Example) -> dict[str, Any]:
    """The fields of a scored row that its question gives."""
    return {
        "id": example.id,
        "question": example.question,
        "kind": example.kind,
        "domain": example.domain,
        "language": example.language,
        "cluster": next(iter(example.documents), "") or next((each.document for each in example.quotes), ""),
    }
