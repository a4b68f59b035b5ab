"""Entry point of the sandboxed process, in which untrusted documents are parsed with limited memory.

In, on standard input: one JSON object per line, `{"path": ..., "settings": {...}, "max_unpacked_bytes": ...}`. Out, on
standard output: one JSON object per line, `{"parsed": {...}}` or `{"reason": ..., "detail": ...}`. Run as
`python -m opora.corpus.sandbox.worker MEMORY_BYTES`.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import struct
import sys
from typing import Any

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.registry import parse_document
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
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    restrict_process(memory_bytes)
    for line in sys.stdin:
        replies.write(json.dumps(_reply_to(json.loads(line))) + "\n")
        replies.flush()


def _reply_to(request: dict[str, Any]) -> dict[str, Any]:
    """Parse the file of a request. Return the parsed document, or the reason why it is dropped."""
    try:
        with open(request["path"], "rb") as file:
            data = file.read()
        settings = ParseSettings.model_validate(request["settings"])
        parsed = parse_document(data, request["path"], request["max_unpacked_bytes"], settings)
        return {"parsed": parsed.model_dump(mode="json")}
    except ParseError as error:
        return {"reason": error.reason, "detail": error.detail}
    except MemoryError:
        return {"reason": "memory limit", "detail": ""}
    except RecursionError:
        return {"reason": "nested too deeply", "detail": ""}
    except OSError as error:
        return {"reason": "unreadable", "detail": str(error)}


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
