"""Files of a new project.

In: the name of a project. Out: path -> bytes. The sample is a part of the benchmark: some of its documents, and the
questions that need no others.

    files = project_files("sample")
    files["questions.ru.jsonl"]
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Literal

ProjectName = Literal["empty", "sample", "benchmark"]
SAMPLE_DOCUMENTS = "documents.txt"
"""Names of the documents of the sample, `domain/slug`, one per line."""
SECOND_ANNOTATOR = "second-annotator.jsonl"
"""Answers of a second annotator, who saw only the documents, to all questions of the benchmark."""


def project_files(name: ProjectName) -> dict[str, bytes]:
    """Return the files of a project, by path."""
    if name != "sample":
        return dict(_files(name))
    sample = dict(_files("sample"))
    documents = frozenset(sample.pop(SAMPLE_DOCUMENTS).decode().split())
    shared = dict(_files("benchmark"))
    del shared[SECOND_ANNOTATOR]
    shared = {path: _select(path, data, documents) for path, data in shared.items() if _is_in(path, documents)}
    return shared | sample


def _files(folder: str) -> Iterator[tuple[str, bytes]]:
    with resources.as_file(resources.files("opora") / "projects" / folder) as root:
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(root).as_posix(), path.read_bytes()


def _is_in(path: str, documents: frozenset[str]) -> bool:
    """Return False for other documents than the named ones. `path`: `documents/ru/financial/credit-policy.docx`."""
    return not path.startswith("documents/") or "/".join(Path(path).with_suffix("").parts[2:]) in documents


def _select(path: str, data: bytes, documents: frozenset[str]) -> bytes:
    """Return a file without the questions that need other documents than the named ones."""
    if not path.startswith("questions."):
        return data
    return b"".join(line for line in data.splitlines(True) if set(json.loads(line)["documents"]) <= documents)
