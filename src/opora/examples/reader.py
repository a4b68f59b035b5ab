"""Questions with answers, from files.

In: JSON Lines, each row an `Example` or a row of WebGLM-QA (Liu et al. 2023: question, answer with `[1]` marks,
references). Out: examples; those of WebGLM-QA carry their references as passages, the cited ones as gold.

    examples = read_questions(Path("questions.jsonl"))
"""

from __future__ import annotations

import hashlib
import itertools
import re
from pathlib import Path

from opora.artifacts import read_json_lines, read_records
from opora.errors import InputError
from opora.records import Example, Passage
from opora.text.language import detect_language
from opora.validation import Record

MARK = re.compile(r"\[(\d+)\]")


class WebGlmRow(Record):
    """A row of WebGLM-QA. `[1]` in the answer cites the first of the references."""

    question: str
    answer: str
    references: tuple[str, ...]


def read_questions(path: Path, language: str = "") -> list[Example]:
    """Return the questions of a file, or only those in `language` (ISO 639-1) if it is not empty.

    Raises InputError that names file, line and column of the first wrong row or repeated id.
    """
    first = next(iter(read_json_lines(path)), None)
    if first is None:
        raise InputError(f"{path}: holds no questions")
    if "references" in first[1]:
        examples = [
            from_webglm(row, path, number)
            for number, row in zip(itertools.count(1), read_records(path, WebGlmRow), strict=False)
        ]
    else:
        examples = [with_defaults(example, path) for example in read_records(path, Example)]
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise InputError(f"{path}: id {example.id!r} stands twice; every question needs its own")
        seen.add(example.id)
    return [example for example in examples if not language or example.language == language]


def from_webglm(row: WebGlmRow, path: Path, number: int) -> Example:
    """One row of WebGLM-QA as an example. Raises InputError if a mark in the answer cites no reference."""
    language = detect_language(row.question)
    passages = tuple(
        _reference(text, language, f"{path.name}:{number}:{n}") for n, text in enumerate(row.references, 1)
    )
    cited = sorted({int(mark) for mark in MARK.findall(row.answer)})
    for mark in cited:
        if not 1 <= mark <= len(passages):
            raise InputError(
                f"{path}: row {number}: answer cites [{mark}], but there are {len(passages)} references; mend the mark"
            )
    return Example(
        id=f"{path.stem}-{number}",
        question=row.question,
        answer=row.answer,
        language=language,
        passages=passages,
        gold=tuple(dict.fromkeys(passages[mark - 1].id for mark in cited)),
        origin=f"{path.name}:{number}",
    )


def _reference(text: str, language: str, source: str) -> Passage:
    document_id = hashlib.sha256(text.encode()).hexdigest()[:16]
    metadata: dict[str, str | int | float | bool] = {"source": source, "title": "", "language": language}
    return Passage(id=f"{document_id}-0", document_id=document_id, text=text, start=0, end=len(text), metadata=metadata)


def with_defaults(example: Example, path: Path) -> Example:
    """The example with its language and its origin, where it does not tell them."""
    language = example.language or detect_language(example.question)
    return example.model_copy(update={"language": language, "origin": example.origin or f"{path.name}#{example.id}"})
