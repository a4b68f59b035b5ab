"""Verdict of a judge on one answer."""

from __future__ import annotations

from opora.validation import Record


class JudgeVerdict(Record):
    """Verdict of a judge on one answer, or on a pair of answers."""

    reason: str
    value: int
    """Template `score`: 1 to 5; `grade`: 0 to 4; `pair`: number of the better answer, 1 or 2."""
    correct: bool | None = None
    """None for template `pair`."""
