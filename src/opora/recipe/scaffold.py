"""The files that a new project begins with.

In: which project. Out: path -> bytes. The sample is a part of the benchmark: some of its documents, and the questions
that need no other.

    files = project_files("sample")
    files["questions.ru.jsonl"]
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Literal

Project = Literal["empty", "sample", "benchmark"]
SUBSET = "documents.txt"
"""Names of the documents of the sample, `domain/slug`, a line each."""

READERS = "second-reader.jsonl"
"""Answers to all questions of the benchmark by who saw the documents alone."""


def project_files(project: Project) -> dict[str, bytes]:
    """The files of a project, by path."""
    if project == "empty":
        return dict(_files("empty"))
    own = dict(_files("benchmark"))
    if project == "sample":
        named = dict(_files("sample"))
        subset = frozenset(named.pop(SUBSET).decode().split())
        del own[READERS]
        own = {path: _part(path, data, subset) for path, data in own.items() if _is_in(path, subset)} | named
    return own


def _files(folder: str) -> Iterator[tuple[str, bytes]]:
    with resources.as_file(resources.files("opora") / "projects" / folder) as root:
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(root).as_posix(), path.read_bytes()


def _is_in(path: str, subset: frozenset[str]) -> bool:
    """True for what is no document, and for documents of the subset: `documents/ru/financial/credit-policy.docx`."""
    return not path.startswith("documents/") or "/".join(Path(path).with_suffix("").parts[2:]) in subset


def _part(path: str, data: bytes, subset: frozenset[str]) -> bytes:
    """Of a file of questions those that need no document outside the subset."""
    if not path.startswith("questions."):
        return data
    return b"".join(line for line in data.splitlines(True) if set(json.loads(line)["documents"]) <= subset)
