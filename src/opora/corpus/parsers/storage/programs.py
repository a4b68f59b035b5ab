"""Programs that read what no library reads. They run in our sandbox: data on standard input, no files written."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from opora.corpus.parsers.base import ParseError, Reason

_ENVIRONMENT = {"OMP_THREAD_LIMIT": "1"}
"""More threads make Tesseract slower, and documents are parsed in parallel anyway."""


class ProgramError(ParseError):
    """A program is missing, took too long or failed; the message is a detail for the user."""

    def __init__(self, detail: str, reason: Reason = "corrupt") -> None:
        super().__init__(reason, detail)

    def __str__(self) -> str:
        return self.detail


def run_program(command: Sequence[str], data: bytes, max_seconds: float, install: str) -> bytes:
    """Return the output of a program. `install` says how to install it. Raises ProgramError."""
    program = shutil.which(command[0])
    if program is None:
        raise ProgramError(install, "unsupported format")
    try:
        # all streams are pipes: the sandbox forbids to open even /dev/null for writing
        done = subprocess.run(
            [program, *command[1:]], input=data, capture_output=True, timeout=max_seconds, check=False,
            env={**os.environ, **_ENVIRONMENT},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ProgramError(f"{command[0]} took more than {max_seconds:g} s", "time limit") from None
    except OSError as error:
        raise ProgramError(f"{program}: {error}", "unreadable") from None
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ProgramError(f"{command[0]}: {lines[0][:150] if lines else f'exit status {done.returncode}'}")
    return done.stdout
