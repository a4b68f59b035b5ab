"""Calibration of `ask.min_support`, below which `extractive` refuses, on labelled questions.

In: questions with and without an answer in the documents. Out: the accuracy of each threshold on the training
questions, and of the best one on the test questions.

    calibration = calibrate_threshold(read_questions(path), open_index(Path("index")), AskSettings())
    print(format_calibration(calibration))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from opora.answer.answerer import question_language
from opora.answer.extractive import best_sentences
from opora.answer.settings import AskSettings
from opora.errors import InputError
from opora.records import Example
from opora.retrieval.search.searcher import Index
from opora.validation import Record

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))


class ThresholdAccuracy(Record):
    """Accuracy of one threshold."""

    threshold: float
    answered: float
    """Share of the answerable questions that are answered."""
    refused: float
    """Share of the unanswerable questions that are refused."""

    @property
    def balanced_accuracy(self) -> float:
        return (self.answered + self.refused) / 2


class ThresholdCalibration(Record):
    """Result of a calibration."""

    train: tuple[ThresholdAccuracy, ...]
    """Every threshold, on the training questions."""
    best: ThresholdAccuracy
    """The threshold with the highest balanced accuracy, on the training questions."""
    test: ThresholdAccuracy
    """The best threshold, on the test questions."""
    questions: tuple[int, int]
    """Number of training and of test questions."""


class QuestionSupport(NamedTuple):
    """Support of the best sentence for a question."""

    support: float
    is_answerable: bool


def calibrate_threshold(examples: Sequence[Example], index: Index, settings: AskSettings) -> ThresholdCalibration:
    """Find the best threshold. Raises InputError if a split lacks answerable or unanswerable questions."""
    supports = {
        split: [_support(example, index, settings) for example in examples if example.split == split]
        for split in ("train", "test")
    }
    for split, questions in supports.items():
        if len({question.is_answerable for question in questions}) < 2:
            raise InputError(f"split {split}: calibration needs answerable and unanswerable questions")
    train = tuple(_accuracy(supports["train"], threshold) for threshold in THRESHOLDS)
    best = max(train, key=lambda accuracy: accuracy.balanced_accuracy)
    test = _accuracy(supports["test"], best.threshold)
    counts = (len(supports["train"]), len(supports["test"]))
    return ThresholdCalibration(train=train, best=best, test=test, questions=counts)


def format_calibration(calibration: ThresholdCalibration) -> str:
    """Return Markdown: one line per threshold with the best one in bold, then its accuracy on the test questions."""
    head = "| min_support | answered, of answerable | refused, of unanswerable | balanced accuracy |"
    lines = [head, "|---|---|---|---|"]
    for accuracy in calibration.train:
        mark = "**" if accuracy == calibration.best else ""
        cells = f"{accuracy.answered:.2f} | {accuracy.refused:.2f} | {accuracy.balanced_accuracy:.2f}"
        lines.append(f"| {mark}{accuracy.threshold:.2f}{mark} | {cells} |")
    train, test = calibration.questions
    best, tested = calibration.best, calibration.test
    lines.append("")
    lines.append(f"Best on {train} training questions: {best.threshold:.2f} ({best.balanced_accuracy:.2f}).")
    lines.append(
        f"On {test} test questions it answers {tested.answered:.2f} of the answerable ones and refuses"
        f" {tested.refused:.2f} of the unanswerable ones: balanced accuracy {tested.balanced_accuracy:.2f}."
    )
    return "\n".join(lines) + "\n"


def _support(example: Example, index: Index, settings: AskSettings) -> QuestionSupport:
    hits = index.search(example.question, settings.top_k)
    sentences = best_sentences(example.question, hits, index.idf, question_language(example.question, index))
    return QuestionSupport(sentences[0].support if sentences else 0.0, example.behavior != "refuse")


def _accuracy(questions: Sequence[QuestionSupport], threshold: float) -> ThresholdAccuracy:
    answered = [question.support >= threshold for question in questions if question.is_answerable]
    refused = [question.support < threshold for question in questions if not question.is_answerable]
    return ThresholdAccuracy(
        threshold=threshold, answered=sum(answered) / len(answered), refused=sum(refused) / len(refused)
    )
