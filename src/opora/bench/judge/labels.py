"""Answers with known labels, for the audit of a judge.

labels = read_labels(None, "ru")        # 60 answers to 12 questions, those that come with opora
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Literal, NamedTuple

from opora.artifacts import read_records
from opora.bench.judge.prompt import Case
from opora.errors import InputError
from opora.records import QuestionType, TypedQuestion

Label = Literal["right", "half right", "unsupported", "wrong", "wrong refusal"]
LABELS: tuple[Label, ...] = ("right", "half right", "unsupported", "wrong", "wrong refusal")
PAIRED: tuple[tuple[Label, Label], ...] = (("right", "half right"), ("half right", "unsupported"))
"""Labels whose answers to a question are compared, the better one first. They are neighbours, because position bias
shows where the judge is unsure."""


class LabelledAnswer(TypedQuestion):
    """An answer with the verdict that it deserves."""

    id: str
    language: str
    question_id: str
    question_type: QuestionType
    question: str
    reference: str
    evidence: tuple[str, ...]
    answer: str
    label: Label
    score: int
    """1 to 5."""
    correct: bool
    grade: int
    """0 to 4."""
    length: Literal["short", "long"]

    def value(self, template: str) -> int:
        """Return the right value for a template."""
        return self.score if template == "score" else self.grade

    def case(self, rival: str = "") -> Case:
        """Return the case to judge; with `rival`, a comparison of two answers."""
        return Case(
            question=self.question,
            reference=self.reference,
            answer=self.answer,
            rival=rival,
            behavior="correct" if self.question_type == "false_premise" else "answer",
            evidence=self.evidence,
        )


class AnswerPair(NamedTuple):
    """Two answers to a question, in the order of the prompt."""

    first: LabelledAnswer
    second: LabelledAnswer
    better: int
    """Number of the better answer, 1 or 2."""

    @property
    def id(self) -> str:
        """Equal for both orders of a pair."""
        return "\n".join(sorted((self.first.id, self.second.id)))


def labels_path(path: Path | None) -> Path:
    """Return `path`, or the file that comes with opora."""
    return path or Path(str(resources.files(__package__).joinpath("labels.jsonl")))


def read_labels(path: Path | None, language: str) -> list[LabelledAnswer]:
    """Read labelled answers. Raises InputError for a wrong row, or if there is none in `language`."""
    path = labels_path(path)
    labels = [label for label in read_records(path, LabelledAnswer) if not language or label.language == language]
    if not labels:
        raise InputError(f"{path}: has no labelled answer" + (f" in language {language!r}" if language else ""))
    return labels


def find_pairs(labels: Sequence[LabelledAnswer]) -> list[AnswerPair]:
    """Return the pairs of each question, in both orders."""
    by_question: dict[str, dict[Label, LabelledAnswer]] = {}
    for label in labels:
        by_question.setdefault(label.question_id, {})[label.label] = label
    pairs = []
    for answers in by_question.values():
        for better, worse in PAIRED:
            if better in answers and worse in answers:
                first, second = answers[better], answers[worse]
                pairs += [AnswerPair(first, second, 1), AnswerPair(second, first, 2)]
    return pairs
