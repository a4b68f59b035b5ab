"""Client of the sandboxed process: sends it a document and waits for the result until the time limit."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import cast

from opora.corpus.parsers.base import Parsed, ParseError, Reason
from opora.corpus.settings import DEFAULT_PARSING, LimitSettings, ParseSettings
from opora.validation import parse_record

MB = 1 << 20
READ_BYTES = 1 << 16
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}


class SandboxedParser:
    """One parsing process, started on first use and restarted after a crash. Not thread-safe."""

    def __init__(self, limits: LimitSettings, settings: ParseSettings = DEFAULT_PARSING) -> None:
        self._limits, self._settings = limits, settings
        self._process: Popen[bytes] | None = None

    def __enter__(self) -> SandboxedParser:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def parse(self, path: Path) -> Parsed:
        """Parse a document. Raises ParseError; the next document gets a new process if this one killed the old."""
        size = path.stat().st_size
        if size > self._limits.max_file_mb * MB:
            raise ParseError("too large", f"{size} bytes, the limit is {self._limits.max_file_mb} MB")
        if self._process and self._process.poll() is not None:
            self.stop()  # it ended between two documents, so neither of them caused it
        process = self._process = self._process or self._start()
        request = {
            "path": str(path.resolve()),
            "settings": self._settings.model_dump(mode="json"),
            "max_unpacked_bytes": self._limits.max_unpacked_mb * MB,
        }
        try:
            reply = self._send(process, json.dumps(request).encode() + b"\n")
        except ParseError:
            self.stop()
            raise
        if "parsed" not in reply:
            if reply["reason"] == "memory limit":
                self.stop()
            raise ParseError(cast("Reason", reply["reason"]), reply["detail"])
        return parse_record(Parsed, reply["parsed"], str(path))

    def stop(self) -> None:
        """Kill the process."""
        if self._process:
            with self._process:  # waits for the process and closes its pipes
                self._process.kill()
            self._process = None

    def _start(self) -> Popen[bytes]:
        command = [sys.executable, "-m", "opora.corpus.sandbox.worker", str(self._limits.memory_mb * MB)]
        environment = {**os.environ, **ENVIRONMENT}
        return Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, start_new_session=True)

    def _send(self, process: Popen[bytes], request: bytes) -> dict[str, str]:
        """Send a request and return the reply. Raises ParseError on a timeout or a crash."""
        assert process.stdin
        assert process.stdout
        deadline = time.monotonic() + self._limits.timeout_s
        try:
            process.stdin.write(request)
            process.stdin.flush()
        except BrokenPipeError:
            raise ParseError("crashed", "the parsing process ended before the request") from None
        reply = bytearray()
        while not reply.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                raise ParseError("time limit", f"not parsed within {self._limits.timeout_s:g} s")
            piece = os.read(process.stdout.fileno(), READ_BYTES)
            if not piece:
                raise ParseError("crashed", _describe_exit(process.wait()))
            reply += piece
        return cast("dict[str, str]", json.loads(reply))


def _describe_exit(code: int) -> str:
    end = f"exited with status {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
    return f"the parsing process {end}"
