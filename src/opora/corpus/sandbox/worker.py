"""Entry point of the sandboxed process, in which untrusted documents are parsed with limited memory and time.

In, on standard input: one JSON object per line, `{"path": ..., "settings": {...}, "max_unpacked_bytes": ..., "cpu_s":
..., "ocr_cpu_s": ...}`. Out, on standard output: one JSON object per line, `{"parsed": {...}}` or `{"reason": ...,
"detail": ...}`, with the peak of its memory as `peak_mb`. Run as `python -m opora.corpus.sandbox.worker MEMORY_BYTES`.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import struct
import sys
import traceback
from pathlib import Path
from typing import Any

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.detection.identify import identify
from opora.corpus.parsers.registry import parse_document
from opora.corpus.sandbox.clock import CpuClock
from opora.corpus.settings import ParseSettings

_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION_FLAG = 1
_NO_NEW_PRIVS = 38
_WRITES = 0b1_1111_1111_0010
"""Access rights of Landlock version 1 that change files: write, remove, and make of every kind."""
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_BIND_AND_CONNECT_TCP = 0b11


def main(memory_bytes: int) -> None:
    """Answer requests until standard input is closed."""
    # replies get a descriptor of their own, so that nothing a library prints is mixed with them
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    restrict_process(memory_bytes)
    clock = CpuClock()
    for line in sys.stdin:
        request = json.loads(line)
        clock.start(request["cpu_s"], request["ocr_cpu_s"])
        reply = _reply_to(request, clock)
        clock.stop()
        line = json.dumps({**reply, "peak_mb": _peak_mb()}, ensure_ascii=False)
        replies.write(line.encode("utf-8", "replace") + b"\n")  # half of a surrogate pair becomes a question mark
        replies.flush()


def _reply_to(request: dict[str, Any], clock: CpuClock) -> dict[str, Any]:
    """Parse the file of a request. Return the parsed document, or the reason why it is dropped."""
    try:
        with open(request["path"], "rb") as file:
            data = file.read()
        if request.get("identify"):
            kind = identify(data, request["path"])
            return {"kind": f"{kind.description}: {kind.reason}"}
        settings = ParseSettings.model_validate(request["settings"])
        limit = request["max_unpacked_bytes"]
        parsed = parse_document(data, request["path"], limit, settings, allow_time=clock.allow)
        return {"parsed": parsed.model_dump(mode="json")}
    except ParseError as error:
        if _comes_from_memory(error):
            return {"reason": "memory limit", "detail": ""}
        return {"reason": error.reason, "detail": error.detail}
    except MemoryError:
        return {"reason": "memory limit", "detail": ""}
    except RecursionError:
        return {"reason": "nested too deeply", "detail": ""}
    except OSError as error:
        return {"reason": "unreadable", "detail": str(error)}
    except Exception as error:  # a fault of a parser costs its document only, and is named
        return {"reason": "crashed", "detail": _describe_fault(error)}


def _comes_from_memory(error: BaseException) -> bool:
    """Return True if a lack of memory is behind an error; libraries wrap it in errors of their own."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError) or any(isinstance(part, MemoryError) for part in cause.args):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _describe_fault(error: Exception) -> str:
    """Return the error with the place in the code where it came from, on one line."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    message = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {message} ({Path(place.filename).name}:{place.lineno})"


def _peak_mb() -> int:
    """Return the most memory that this process has held, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux: `ru_maxrss` would count what the process that started this one held
        [peak] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(peak.split()[1]) >> 10
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit >> 20


def restrict_process(memory_bytes: int) -> None:
    """Restrict the memory of this process for the rest of its life, and forbid writing and the network.

    Resource limits work on every system. Where the kernel has Landlock, it blocks writing (Linux 5.13) and TCP (6.7).
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if version < 1:
        return
    files = _WRITES | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    rules = struct.pack("QQ", files, _BIND_AND_CONNECT_TCP) if version >= 4 else struct.pack("Q", files)
    ruleset = libc.syscall(_CREATE_RULESET, rules, len(rules), 0)
    if ruleset >= 0:
        libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.syscall(_RESTRICT_SELF, ruleset, 0)
        os.close(ruleset)


if __name__ == "__main__":
    main(int(sys.argv[1]))
