"""Adapter of WebGLM-QA (Liu et al. 2023, arXiv:2306.07906): questions, answers with `[1]` marks, references.

The references become the passages of an example, those that the answer cites its gold passages. Marks may have the
forms `[1][2]`, `[1, 2]`, `[1-2]`, `【1】` and more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from opora.artifacts import read_records
from opora.errors import InputError
from opora.records import Example, Passage, Scalar
from opora.text.citation_marks import cited_numbers, normalize_marks
from opora.text.language import detect_languages
from opora.validation import Record


class WebGlmRow(Record):
    """A row of WebGLM-QA. `[1]` in the answer cites the first reference."""

    question: str
    answer: str
    references: tuple[str, ...]


def matches(row: Mapping[str, Any]) -> bool:
    """Return True if a row has references."""
    return "references" in row


def read(path: Path) -> Iterator[Example]:
    """Yield the examples of a file. Raises InputError if an answer cites a reference that does not exist."""
    rows = list(read_records(path, WebGlmRow))
    languages = detect_languages(" ".join([row.question, *row.references]) for row in rows)
    for number, (row, language) in enumerate(zip(rows, languages, strict=True), 1):
        yield _example(row, language, path, number)


def _example(row: WebGlmRow, language: str, path: Path, number: int) -> Example:
    origin = f"{path.name}:{number}"
    passages = tuple(_passage(text, language, f"{origin}:{mark}") for mark, text in enumerate(row.references, 1))
    answer = normalize_marks(row.answer, len(passages)).strip()
    cited = sorted(set(cited_numbers(answer)))
    for mark in cited:
        if not 1 <= mark <= len(passages):
            fault = f"answer cites [{mark}], but there are {len(passages)} references; correct the mark"
            raise InputError(f"{path}: row {number}: {fault}")
    return Example(
        id=f"{path.stem}-{number}",
        question=row.question,
        answer=answer,
        language=language,
        passages=passages,
        gold=tuple(dict.fromkeys(passages[mark - 1].id for mark in cited)),
        origin=origin,
    )


def _passage(text: str, language: str, source: str) -> Passage:
    document_id = hashlib.sha256(text.encode()).hexdigest()[:16]
    metadata: dict[str, Scalar] = {"source": source, "title": "", "language": language}
    return Passage(id=f"{document_id}-0", document_id=document_id, text=text, start=0, end=len(text), metadata=metadata)
