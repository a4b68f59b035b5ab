"""Reader of labelled questions: JSON Lines whose rows are an `Example`, or have a schema that an adapter knows."""

from __future__ import annotations

from pathlib import Path

from opora.artifacts import read_json_lines, read_records
from opora.errors import InputError
from opora.examples.adapters.registry import ADAPTERS
from opora.records import Example
from opora.text.language import detect_language


def read_questions(path: Path, language: str = "") -> list[Example]:
    """Return the questions of a file, or only those in `language` (ISO 639-1) if it is not empty.

    Raises InputError that names file, line and column of the first wrong row or repeated id.
    """
    first = next(iter(read_json_lines(path)), None)
    if first is None:
        raise InputError(f"{path}: the file has no questions; write one JSON object per line")
    adapter = next((adapter for adapter in ADAPTERS.values() if adapter.matches(first[1])), None)
    rows = adapter.read(path) if adapter else read_records(path, Example)
    examples = [fill_defaults(example, path) for example in rows]
    ids: set[str] = set()
    for example in examples:
        if example.id in ids:
            raise InputError(f"{path}: duplicate id {example.id!r}; every question needs its own")
        ids.add(example.id)
    return [example for example in examples if not language or example.language == language]


def fill_defaults(example: Example, path: Path) -> Example:
    """Return the example with its language and origin filled in where they are missing."""
    language = example.language or detect_language(example.question)
    return example.model_copy(update={"language": language, "origin": example.origin or f"{path.name}#{example.id}"})
