"""The parsing process: documents are hostile until parsed, so they are parsed here, not in ours.

In, on standard input: a line of JSON, `{"path": ..., "max_unpacked_bytes": ...}`. Out, on standard output: a line of
JSON, `{"parsed": {...}}` or `{"reason": ..., "detail": ...}`. Run as
`python -m opora.corpus.sandbox.worker MEMORY_BYTES`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.registry import parse
from opora.corpus.sandbox.limits import enter


def main(memory_bytes: int) -> None:
    # what a library prints must not get between the lines of the answer
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    enter(memory_bytes)
    for line in sys.stdin:
        answers.write(json.dumps(answer(json.loads(line))) + "\n")
        answers.flush()


def answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        with open(request["path"], "rb") as file:
            data = file.read()
        return {"parsed": parse(data, request["path"], request["max_unpacked_bytes"]).model_dump(mode="json")}
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
