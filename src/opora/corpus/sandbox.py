"""The parent's side of the confined parser: a document goes in, its text or a typed reason comes out, always.

In: bytes and a name. Out: `Reading`s and `Refusal`s.

    with Sandbox(Limits()) as sandbox:
        sandbox.parse(data, "rules.pdf")        # Reading(kind='pdf', text='# Rules...', ...)
        sandbox.parse(bomb, "bomb.docx")        # Refusal(reason='too large', detail='unpacks to 4096 MB ...')

A document that hangs, takes too much memory or crashes its parser costs the child process; the next one starts anew.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, NamedTuple

from opora.corpus.formats.kind import Kind
from opora.corpus.formats.parsed import Reason
from opora.corpus.settings import Limits
from opora.corpus.worker import read_frame, write_frame
from opora.errors import OporaError


class Reading(NamedTuple):
    """What a document holds; `text` with the page marks of `formats.parsed`."""

    kind: Kind
    text: str
    title: str
    suspect: tuple[int, ...]


class Refusal(NamedTuple):
    reason: Reason
    detail: str


class Sandbox:
    """One child process, started when needed. Not for use by two threads at once."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def parse(self, data: bytes, name: str) -> Reading | Refusal:
        process = self._process or self._start()
        header = {"name": name, "max_unpacked": self.limits.max_unpacked_mb * 2**20}
        reply, timed_out = self._exchange(process, [json.dumps(header).encode(), data], self.limits.timeout_s)
        if reply is None:
            return self._failure(process, timed_out)
        found = json.loads(reply)
        if "reason" in found:
            if found["reason"] == "memory limit":
                self._stop()  # what the parser still holds is the next document's lack
            return Refusal(found["reason"], found["detail"] or self._limit(found["reason"]))
        return Reading(found["kind"], found["text"], found["title"], tuple(found["suspect"]))

    def _start(self) -> subprocess.Popen[bytes]:
        package = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        command = [sys.executable, "-P", "-m", "opora.corpus.worker"]
        self._process = subprocess.Popen(
            [*command, str(self.limits.memory_mb), str(self.limits.timeout_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )
        reply, _ = self._exchange(self._process, [], max(60.0, self.limits.timeout_s))
        if reply != b"ready":
            self._stop()
            raise OporaError(f"the parser process does not start; run `{' '.join(command)} 512 30` to see why")
        return self._process

    def _exchange(
        self, process: subprocess.Popen[bytes], frames: list[bytes], timeout_s: float
    ) -> tuple[bytes | None, bool]:
        """(reply, False), or (None, whether it was killed at the time limit)."""
        expired = threading.Event()
        timer = threading.Timer(timeout_s, lambda: (expired.set(), process.kill()))
        timer.start()
        try:
            for frame in frames:
                write_frame(_pipe(process.stdin), frame)
            return read_frame(_pipe(process.stdout)), expired.is_set()
        except BrokenPipeError:
            return None, expired.is_set()
        finally:
            timer.cancel()

    def _failure(self, process: subprocess.Popen[bytes], timed_out: bool) -> Refusal:
        self._stop()
        if timed_out:
            return Refusal("time limit", self._limit("time limit"))
        code = process.returncode
        return Refusal("crashed", signal.Signals(-code).name if code < 0 else f"exit status {code}")

    def _limit(self, reason: str) -> str:
        if reason == "time limit":
            return f"{self.limits.timeout_s:g} s"
        return f"{self.limits.memory_mb} MB" if reason == "memory limit" else ""

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                try:
                    _pipe(pipe).close()
                except BrokenPipeError:
                    continue


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
