"""A second reader: answers to the questions of a benchmark by someone who saw the documents alone.

In: questions, and JSON Lines of `{"id": ..., "answer": ...}`. Out: how far they agree with the reference answers, by
the same scores that models are measured by.

    reading = read_again(examples, [Path("second-reader.jsonl")])
    print(format_reading(reading))
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from opora.artifacts import read_records
from opora.errors import InputError
from opora.metrics.key_facts import key_fact_score
from opora.metrics.refusal import is_refusal
from opora.records import Example, QuestionKind
from opora.validation import Record


class ReaderAnswer(Record):
    """What the second reader wrote."""

    id: str
    answer: str


class Disagreement(NamedTuple):
    example: Example
    answer: str


class Reading(NamedTuple):
    """`agreed`: kind -> how many of how many answers pass the key facts, or refuse where that is right."""

    agreed: dict[QuestionKind, tuple[int, int]]
    disagreements: Sequence[Disagreement]
    unread: int
    strangers: int = 0
    """Answers to questions that are not among these."""


def read_again(examples: Sequence[Example], paths: Sequence[Path]) -> Reading:
    """Raises InputError for a file without an answer to any of the questions."""
    known = {example.id: example for example in examples}
    agreed: dict[QuestionKind, tuple[int, int]] = {}
    disagreements = []
    answers = [(path, row) for path in paths for row in read_records(path, ReaderAnswer)]
    for path in paths:
        if not any(row.id in known for of, row in answers if of == path):
            raise InputError(f"{path}: holds no answer to any of the {len(known)} questions; are these others?")
    for _, row in answers:
        if row.id not in known:
            continue
        example = known[row.id]
        agrees = _agrees(example, row.answer)
        right, count = agreed.get(example.kind, (0, 0))
        agreed[example.kind] = (right + agrees, count + 1)
        if not agrees:
            disagreements.append(Disagreement(example, row.answer))
    read = {row.id for _, row in answers}
    return Reading(agreed, disagreements, len(known.keys() - read), len(read - known.keys()))


def format_reading(reading: Reading) -> str:
    """A line a disagreement, then the agreement by kind and in all."""
    lines = [
        f"{each.example.id}: the reader says {each.answer!r}, the reference {each.example.answer!r}"
        for each in reading.disagreements
    ]
    width = max(map(len, reading.agreed), default=0)
    lines += [f"{kind.ljust(width)}  {right}/{count}" for kind, (right, count) in reading.agreed.items()]
    right = sum(right for right, _ in reading.agreed.values())
    count = sum(count for _, count in reading.agreed.values())
    share = f" ({right / count:.0%})" if count else ""
    lines.append(f"the second reader agrees on {right} of {count} questions{share}; {reading.unread} were not read")
    if reading.strangers:
        lines.append(f"{reading.strangers} of the answers are to other questions")
    return "\n".join(lines)


def _agrees(example: Example, answer: str) -> bool:
    refused = is_refusal(answer, example.language)
    if example.behavior == "refuse" or refused:
        return refused == (example.behavior == "refuse")
    return key_fact_score(answer, example.facts, example.language) != 0.0
