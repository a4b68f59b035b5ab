"""Agreement of a second annotator, who answered the questions from the documents alone.

The files hold rows of `{"id": ..., "answer": ...}`. An answer agrees by the scores that measure models.

    print(format_comparison(compare_annotators(examples, [Path("second-reader.jsonl")])))
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from opora.artifacts import read_records
from opora.errors import InputError
from opora.metrics.key_facts import key_fact_score
from opora.metrics.refusal import is_refusal
from opora.records import Example, QuestionType
from opora.validation import Record


class AnnotatorAnswer(Record):
    id: str
    answer: str


class Disagreement(NamedTuple):
    example: Example
    answer: str


class AnnotatorComparison(NamedTuple):
    agreed: dict[QuestionType, tuple[int, int]]
    """Question type -> number of answers that agree, number of answers."""
    disagreements: Sequence[Disagreement]
    unanswered: int
    """Questions without an answer."""
    unknown: int = 0
    """Answers to questions that are not among these."""


def compare_annotators(examples: Sequence[Example], paths: Sequence[Path]) -> AnnotatorComparison:
    """Compare answers with the references. Raises InputError for a file without an answer to any of the questions."""
    by_id = {example.id: example for example in examples}
    agreed: dict[QuestionType, tuple[int, int]] = {}
    disagreements = []
    answered: set[str] = set()
    for path in paths:
        rows = list(read_records(path, AnnotatorAnswer))
        if not any(row.id in by_id for row in rows):
            raise InputError(f"{path}: has no answer to any of the {len(by_id)} questions; check the ids")
        for row in rows:
            answered.add(row.id)
            if row.id not in by_id:
                continue
            example = by_id[row.id]
            agrees = _agrees(example, row.answer)
            right, count = agreed.get(example.question_type, (0, 0))
            agreed[example.question_type] = (right + agrees, count + 1)
            if not agrees:
                disagreements.append(Disagreement(example, row.answer))
    return AnnotatorComparison(agreed, disagreements, len(by_id.keys() - answered), len(answered - by_id.keys()))


def format_comparison(comparison: AnnotatorComparison) -> str:
    """Return one line per disagreement, then the agreement by question type and in total."""
    lines = [
        f"{item.example.id}: the second annotator says {item.answer!r}, the reference {item.example.answer!r}"
        for item in comparison.disagreements
    ]
    width = max(map(len, comparison.agreed), default=0)
    lines += [f"{name.ljust(width)}  {right}/{count}" for name, (right, count) in comparison.agreed.items()]
    right = sum(right for right, _ in comparison.agreed.values())
    count = sum(count for _, count in comparison.agreed.values())
    share = f" ({right / count:.0%})" if count else ""
    agreement = f"the second annotator agrees on {right} of {count} questions{share}"
    lines.append(f"{agreement}; {comparison.unanswered} unanswered")
    if comparison.unknown:
        lines.append(f"{comparison.unknown} answers are to other questions")
    return "\n".join(lines)


def _agrees(example: Example, answer: str) -> bool:
    refused = is_refusal(answer, example.language)
    if example.behavior == "refuse" or refused:
        return refused == (example.behavior == "refuse")
    return key_fact_score(answer, example.facts, example.language) != 0.0
