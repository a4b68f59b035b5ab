"""Calibration of `ask.min_support`, below which `extractive` refuses, on labelled questions.

The threshold that is best on the training questions is measured on the test questions.

    calibration = calibrate_threshold(read_questions(path), open_index(Path("index")), AskSettings())
    print(format_calibration(calibration))
"""

from __future__ import annotations

from collections.abc import Sequence

from opora.answer.answerer import question_language
from opora.answer.extractive import best_sentences
from opora.answer.settings import AskSettings
from opora.errors import InputError
from opora.records import Example
from opora.retrieval.search.searcher import Index
from opora.validation import Record

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))


class ThresholdAccuracy(Record):
    threshold: float
    answered: float
    """Share of the answerable questions that are answered."""
    refused: float
    """Share of the unanswerable questions that are refused."""

    @property
    def balanced_accuracy(self) -> float:
        return (self.answered + self.refused) / 2


class ThresholdCalibration(Record):
    train: tuple[ThresholdAccuracy, ...]
    best: ThresholdAccuracy
    """The threshold with the highest balanced accuracy, on the training questions."""
    test: ThresholdAccuracy
    """The best threshold, on the test questions."""
    questions: tuple[int, int]
    """Number of training and of test questions."""


def calibrate_threshold(examples: Sequence[Example], index: Index, settings: AskSettings) -> ThresholdCalibration:
    """Find the best threshold. Raises InputError if a split lacks answerable or unanswerable questions."""
    train, test = (
        [(_support(example, index, settings), example) for example in examples if example.split == split]
        for split in ("train", "test")
    )
    accuracies = tuple(_accuracy("train", train, threshold) for threshold in THRESHOLDS)
    best = max(accuracies, key=lambda accuracy: accuracy.balanced_accuracy)
    tested = _accuracy("test", test, best.threshold)
    return ThresholdCalibration(train=accuracies, best=best, test=tested, questions=(len(train), len(test)))


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
    lines += [
        "",
        f"Best on {train} training questions: {best.threshold:.2f} ({best.balanced_accuracy:.2f}).",
        f"On {test} test questions it answers {tested.answered:.2f} of the answerable ones and refuses"
        f" {tested.refused:.2f} of the unanswerable ones: balanced accuracy {tested.balanced_accuracy:.2f}.",
    ]
    return "\n".join(lines) + "\n"


def _support(example: Example, index: Index, settings: AskSettings) -> float:
    """Return the support of the best sentence for a question."""
    hits = index.search(example.question, settings.top_k)
    sentences = best_sentences(example.question, hits, index.idf, question_language(example.question, index))
    return sentences[0].support if sentences else 0.0


def _accuracy(split: str, supports: Sequence[tuple[float, Example]], threshold: float) -> ThresholdAccuracy:
    answered = [support >= threshold for support, example in supports if example.behavior != "refuse"]
    refused = [support < threshold for support, example in supports if example.behavior == "refuse"]
    if not answered or not refused:
        raise InputError(f"split {split}: calibration needs answerable and unanswerable questions")
    return ThresholdAccuracy(
        threshold=threshold, answered=sum(answered) / len(answered), refused=sum(refused) / len(refused)
    )
