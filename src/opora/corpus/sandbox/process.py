"""Our end of the parsing process: hand it a document, wait so long and no longer.

In: a path and limits. Out: a `Parsed`, or a ParseError with the reason that a bomb, a hang or a crash comes down to.

    with Parser(LimitSettings()) as parser:
        parsed = parser.parse(Path("report.pdf"))
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

from opora.corpus.parsers.base import Parsed, ParseError, Reason
from opora.corpus.settings import LimitSettings
from opora.validation import parse_record

MB = 1 << 20
READ_BYTES = 1 << 16
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}


class Parser:
    """One parsing process, started when it is first needed and again after each that was lost. Not for two threads."""

    def __init__(self, limits: LimitSettings) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Parser:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def parse(self, path: Path) -> Parsed:
        """Raises ParseError; the next document gets a new process if this one took the old one with it."""
        size = path.stat().st_size
        if size > self._limits.max_file_mb * MB:
            raise ParseError("too large", f"{size} bytes, the limit is {self._limits.max_file_mb} MB")
        if self._process and self._process.poll() is not None:
            self.stop()  # it ended between two documents, which neither of them is to blame for
        process = self._process = self._process or self._start()
        request = {"path": str(path.resolve()), "max_unpacked_bytes": self._limits.max_unpacked_mb * MB}
        try:
            answer = self._ask(process, json.dumps(request).encode() + b"\n")
        except ParseError:
            self.stop()
            raise
        if "parsed" not in answer:
            if answer["reason"] == "memory limit":
                self.stop()
            raise ParseError(cast("Reason", answer["reason"]), answer["detail"])
        return parse_record(Parsed, answer["parsed"], str(path))

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream:
                    stream.close()
            self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "opora.corpus.sandbox.worker", str(self._limits.memory_mb * MB)]
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **ENVIRONMENT},
            start_new_session=True,
        )

    def _ask(self, process: subprocess.Popen[bytes], request: bytes) -> dict[str, str]:
        assert process.stdin
        assert process.stdout
        deadline = time.monotonic() + self._limits.timeout_s
        try:
            process.stdin.write(request)
            process.stdin.flush()
        except BrokenPipeError:
            raise ParseError("crashed", "the parsing process ended before it was asked") from None
        answer = bytearray()
        while not answer.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                raise ParseError("time limit", f"not parsed within {self._limits.timeout_s:g} s")
            piece = os.read(process.stdout.fileno(), READ_BYTES)
            if not piece:
                raise ParseError("crashed", _ending(process.wait()))
            answer += piece
        parsed: dict[str, str] = json.loads(answer)
        return parsed


def _ending(code: int) -> str:
    if code >= 0:
        return f"the parsing process ended with status {code}"
    return f"the parsing process was ended by {signal.Signals(-code).name}"
