"""Progress with the time left, on standard error: one line on a terminal, a new line every 10 s elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

T = TypeVar("T")

LINE_EVERY_S = 10.0
REFRESH_EVERY_S = 0.2


class Progress:
    """Context manager that counts finished items, `done` of them in an earlier session, and shows the time left."""

    def __init__(self, label: str, total: int, done: int = 0, stream: TextIO | None = None) -> None:
        self.label, self.total, self.done = label, total, done
        self._first, self._stream = done, stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._started = time.monotonic()
        self._last_refresh = 0.0 if self._terminal else self._started
        self._width = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._show()
        if self._terminal:
            self._stream.write("\n")

    def advance(self, count: int = 1, note: str = "") -> None:
        """Count finished items; `note` is shown behind the time left, e.g. `loss 1.32`."""
        self.done += count
        if time.monotonic() - self._last_refresh >= (REFRESH_EVERY_S if self._terminal else LINE_EVERY_S):
            self._show(note)

    def _show(self, note: str = "") -> None:
        self._last_refresh = time.monotonic()
        line = self.line(note)
        self._stream.write("\r" + line.ljust(self._width) if self._terminal else line + "\n")
        self._stream.flush()
        self._width = len(line)

    def line(self, note: str = "") -> str:
        """Return the current state, `ingest: 3/24, 2 min 10 s left`."""
        elapsed, finished = time.monotonic() - self._started, self.done - self._first
        if self.done >= self.total:
            timing = format_seconds(elapsed)
        elif finished:
            timing = f"{format_seconds(elapsed / finished * (self.total - self.done))} left"
        else:
            timing = "estimating"
        return f"{self.label}: {self.done}/{self.total}, {timing}" + (f", {note}" if note else "")


def track(items: Iterable[T], label: str, total: int) -> Iterator[T]:
    """Yield `items` and show progress."""
    with Progress(label, total) as progress:
        for item in items:
            yield item
            progress.advance()


def format_seconds(seconds: float) -> str:
    """Return a duration for people: `42 s`, `2 min 10 s`, `1 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
