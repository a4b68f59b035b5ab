"""Entry point of the sandboxed process, in which untrusted documents are parsed.

In, on standard input: one JSON object per line, `{"path": ..., "max_unpacked_bytes": ...}`. Out, on standard output:
one JSON object per line, `{"parsed": {...}}` or `{"reason": ..., "detail": ...}`. Run as
`python -m opora.corpus.sandbox.worker MEMORY_BYTES`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.registry import parse_document
from opora.corpus.sandbox.limits import restrict_process


def main(memory_bytes: int) -> None:
    """Answer requests until standard input is closed."""
    # replies get a descriptor of their own, so that nothing a library prints is mixed with them
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    restrict_process(memory_bytes)
    for line in sys.stdin:
        replies.write(json.dumps(reply_to(json.loads(line))) + "\n")
        replies.flush()


def reply_to(request: dict[str, Any]) -> dict[str, Any]:
    """Parse the file of a request. Return the parsed document, or the reason why it is dropped."""
    try:
        with open(request["path"], "rb") as file:
            data = file.read()
        parsed = parse_document(data, request["path"], request["max_unpacked_bytes"])
        return {"parsed": parsed.model_dump(mode="json")}
    except ParseError as error:
        return {"reason": error.reason, "detail": error.detail}
    except MemoryError:
        return {"reason": "memory limit", "detail": ""}
    except RecursionError:
        return {"reason": "nested too deeply", "detail": ""}
    except OSError as error:
        return {"reason": "unreadable", "detail": str(error)}


if __name__ == "__main__":
    main(int(sys.argv[1]))
