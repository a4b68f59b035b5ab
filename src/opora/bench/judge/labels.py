"""Answers whose worth is known: what a judge is checked against.

In: `labels.jsonl` of this package, or a file of one's own in the same form. Out: labelled answers, and pairs of them.

    labels = read_labels(None, "ru")        # 60 answers to 12 questions
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Literal, NamedTuple

from opora.artifacts import read_records
from opora.bench.judge.prompt import Case
from opora.errors import InputError
from opora.records import QuestionKind
from opora.validation import Record

Label = Literal["right", "half right", "unsupported", "wrong", "wrong refusal"]
LABELS: tuple[Label, ...] = ("right", "half right", "unsupported", "wrong", "wrong refusal")
PAIRED: tuple[tuple[Label, Label], ...] = (("right", "half right"), ("half right", "unsupported"))
"""Labels whose answers to one question are set side by side, the better one first; neighbours, for which a judge that
wavers falls back on their order."""


class Labelled(Record):
    """An answer with the verdict that it deserves: `score` 1 to 5, `grade` 0 to 4, correct or not."""

    id: str
    language: str
    question_id: str
    kind: QuestionKind
    question: str
    reference: str
    evidence: tuple[str, ...]
    answer: str
    label: Label
    score: int
    correct: bool
    grade: int
    length: Literal["short", "long"]

    def value(self, template: str) -> int:
        """What a judge should say by this template."""
        return self.score if template == "score" else self.grade

    def case(self, rival: str = "") -> Case:
        return Case(
            question=self.question,
            reference=self.reference,
            answer=self.answer,
            rival=rival,
            behavior="correct" if self.kind == "incorrect by design" else "answer",
            evidence=self.evidence,
        )


class Pair(NamedTuple):
    """Two answers to one question in an order; `better` says which place the better one has, 1 or 2."""

    first: Labelled
    second: Labelled
    better: int

    @property
    def id(self) -> str:
        """The same in both orders."""
        return "\n".join(sorted((self.first.id, self.second.id)))


def labels_path(given: Path | None) -> Path:
    return given or Path(str(resources.files(__package__).joinpath("labels.jsonl")))


def read_labels(given: Path | None, language: str) -> list[Labelled]:
    """Raises InputError for a wrong row, or if there is none in that language."""
    path = labels_path(given)
    labels = [each for each in read_records(path, Labelled) if not language or each.language == language]
    if not labels:
        raise InputError(f"{path}: holds no labelled answer" + (f" in language {language!r}" if language else ""))
    return labels


def pairs_of(labels: Sequence[Labelled]) -> list[Pair]:
    """The pairs of each question, in both orders."""
    by_question: dict[str, dict[Label, Labelled]] = {}
    for each in labels:
        by_question.setdefault(each.question_id, {})[each.label] = each
    pairs = []
    for answers in by_question.values():
        for better, worse in PAIRED:
            if better in answers and worse in answers:
                pairs.append(Pair(answers[better], answers[worse], 1))
                pairs.append(Pair(answers[worse], answers[better], 2))
    return pairs
