"""Client of the sandboxed process: sends it a document and waits for the result until the time limit."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

from opora.corpus.parsers.base import Dropped, Parsed, ParseError
from opora.corpus.settings import DEFAULT_PARSING, LimitSettings, ParseSettings
from opora.errors import InputError
from opora.validation import parse_record

MB = 1 << 20
READ_BYTES = 1 << 16
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
RENEW_MB = 400
"""Memory of a process, in MB, beyond which the next document gets a new one."""
EXIT_S = 5.0
"""Maximum time, in seconds, that a process may take to end once it has closed its output."""


class SandboxedParser:
    """One parsing process, started on first use and renewed when it has crashed or grown. Not thread-safe."""

    def __init__(self, limits: LimitSettings, settings: ParseSettings = DEFAULT_PARSING) -> None:
        self._limits, self._settings = limits, settings
        self._process: Popen[bytes] | None = None

    def __enter__(self) -> SandboxedParser:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def parse(self, path: Path) -> Parsed:
        """Parse a document. Raises ParseError; the next document gets a new process if this one killed the old."""
        parsed: Parsed = self._ask(path, {})["parsed"]
        return parsed

    def explain_format(self, path: Path) -> str:
        """Return the kind of a file and the evidence for it. Raises ParseError."""
        return str(self._ask(path, {"identify": True})["kind"])

    def _ask(self, path: Path, more: Mapping[str, object]) -> dict[str, Any]:
        """Send a request about a file and return the reply. Raises ParseError."""
        size = self._check_size(path)
        if self._process and self._process.poll() is not None:
            self.stop()  # it ended between two documents, so neither of them caused it
        process = self._process = self._process or self._start()
        cpu_s = cpu_limit(size, self._limits)
        request = {
            "path": str(path.resolve()),
            "settings": self._settings.model_dump(mode="json"),
            "max_unpacked_bytes": self._limits.max_unpacked_mb * MB,
            "cpu_s": cpu_s,
            "ocr_cpu_s": self._limits.ocr_cpu_s,
            **more,
        }
        try:
            reply = self._send(process, json.dumps(request).encode() + b"\n", cpu_s)
            return self._read_reply(reply)
        except ParseError as error:
            if error.reason in ("crashed", "time limit", "memory limit"):
                self.stop()
            raise
        except BaseException:
            self.stop()  # when interrupted: the reply to come would answer the next request
            raise

    def _check_size(self, path: Path) -> int:
        """Return the size of a file. Raises ParseError if it is too large, or cannot be read."""
        try:
            size = path.stat().st_size
        except OSError as error:
            raise ParseError("unreadable", error.strerror or str(error)) from None
        limit = self._limits.max_file_mb
        if size > limit * MB:
            raise ParseError("too large", f"{size / MB:.0f} MB; raise ingest.limits.max_file_mb ({limit})")
        return size

    def stop(self) -> None:
        """Kill the process and the programs that it has started."""
        if not self._process:
            return
        process, self._process = self._process, None
        _kill_group(process)
        with contextlib.suppress(BrokenPipeError), process:  # waits for the process and closes its pipes
            pass

    def kill(self) -> None:
        """Kill the process from another thread; the thread that waits for it sees the end."""
        if process := self._process:
            _kill_group(process)

    def _start(self) -> Popen[bytes]:
        command = [sys.executable, "-m", "opora.corpus.sandbox.worker", str(self._limits.memory_mb * MB)]
        environment = {**os.environ, **ENVIRONMENT}
        return Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, start_new_session=True)

    def _send(self, process: Popen[bytes], request: bytes, cpu_s: float) -> bytes:
        """Send a request and return the reply. Raises ParseError on a timeout or a crash."""
        assert process.stdin
        assert process.stdout
        wall_s = self._limits.wall_factor * cpu_s
        deadline = time.monotonic() + wall_s
        try:
            process.stdin.write(request)
            process.stdin.flush()
        except BrokenPipeError:
            raise ParseError("crashed", "the parsing process ended before the request") from None
        reply = bytearray()
        while not reply.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                fix = f"raise ingest.limits.wall_factor ({self._limits.wall_factor:g})"
                raise ParseError("time limit", f"no result within {wall_s:.0f} s; {fix}")
            piece = os.read(process.stdout.fileno(), READ_BYTES)
            if not piece:
                raise self._explain_exit(process, cpu_s)
            reply += piece
        return bytes(reply)

    def _read_reply(self, reply: bytes) -> dict[str, Any]:
        """Return the reply of the process. Raises ParseError if the document was dropped."""
        try:
            data: dict[str, Any] = json.loads(reply)
            if data.pop("peak_mb") > RENEW_MB:
                self.stop()
            if "parsed" in data:
                data["parsed"] = parse_record(Parsed, data["parsed"], "reply")
            if data.keys() & {"parsed", "kind"}:
                return data
            dropped = Dropped(source="", id="", **data)
        except (ValueError, LookupError, TypeError, AttributeError, InputError) as error:
            raise ParseError("crashed", f"the parsing process sent no result: {type(error).__name__}") from None
        if dropped.reason == "memory limit":
            raise self._memory_error()
        raise ParseError(dropped.reason, dropped.detail)

    def _explain_exit(self, process: Popen[bytes], cpu_s: float) -> ParseError:
        """Return the error for a process that ended instead of replying."""
        try:
            code = process.wait(EXIT_S)
        except subprocess.TimeoutExpired:
            return ParseError("crashed", "the parsing process closed its output")
        if code == -signal.SIGXCPU:
            fix = f"raise ingest.limits.cpu_s ({self._limits.cpu_s:g})"
            return ParseError("time limit", f"needs more than {cpu_s:.0f} s of processor time; {fix}")
        if code >= 0:
            return ParseError("crashed", f"the parsing process exited with status {code}")
        more = "; the system may have run out of memory" if code == -signal.SIGKILL else ""
        return ParseError("crashed", f"the parsing process was killed by {signal.Signals(-code).name}{more}")

    def _memory_error(self) -> ParseError:
        memory_mb = self._limits.memory_mb
        return ParseError(
            "memory limit", f"needs more than {memory_mb} MB; raise ingest.limits.memory_mb ({memory_mb})"
        )


def cpu_limit(size: int, limits: LimitSettings) -> float:
    """Return the maximum processor time for a file of `size` bytes, in seconds."""
    return limits.cpu_s + limits.cpu_s_per_mb * size / MB


def _kill_group(process: Popen[bytes]) -> None:
    """Kill a process and its children, which share its session."""
    try:
        is_leader = os.getpgid(process.pid) == process.pid
    except ProcessLookupError:
        is_leader = True  # it has ended; children that it left behind still have its group
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if is_leader:
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
