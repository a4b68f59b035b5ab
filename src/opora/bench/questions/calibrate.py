"""Where `extractive` had better refuse: its threshold, calibrated on labelled questions.

In: questions that say whether the documents answer them. Out: for each threshold how many of both kinds are treated
rightly; the best on the training questions, and what it does on the test questions.

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


class Outcome(Record):
    """What a threshold does: the share of the answerable questions that are answered, and of the others refused."""

    threshold: float
    answered: float
    refused: float

    @property
    def balanced_accuracy(self) -> float:
        return (self.answered + self.refused) / 2


class Calibration(Record):
    """`train`: every threshold on the training questions; `best`: the best of them; `test`: the same one on the test
    questions, which had no say in it."""

    train: tuple[Outcome, ...]
    best: Outcome
    test: Outcome
    questions: tuple[int, int]


class Supported(NamedTuple):
    support: float
    answerable: bool


def calibrate_threshold(examples: Sequence[Example], index: Index, settings: AskSettings) -> Calibration:
    """Raises InputError if a split lacks questions with or without an answer."""
    measured = {
        split: [_support(example, index, settings) for example in examples if example.split == split]
        for split in ("train", "test")
    }
    for split, each in measured.items():
        if len({one.answerable for one in each}) < 2:
            raise InputError(f"split {split}: questions both with and without an answer are needed to calibrate")
    train = tuple(_outcome(measured["train"], threshold) for threshold in THRESHOLDS)
    best = max(train, key=lambda outcome: outcome.balanced_accuracy)
    test = _outcome(measured["test"], best.threshold)
    return Calibration(train=train, best=best, test=test, questions=(len(measured["train"]), len(measured["test"])))


def format_calibration(calibration: Calibration) -> str:
    """Markdown: a line a threshold, the best one marked, and below it the test questions."""
    lines = ["| threshold | answered, of answerable | refused, of others | balanced accuracy |", "|---|---|---|---|"]
    for outcome in calibration.train:
        mark = "**" if outcome == calibration.best else ""
        cells = f"{outcome.answered:.2f} | {outcome.refused:.2f} | {outcome.balanced_accuracy:.2f}"
        lines.append(f"| {mark}{outcome.threshold:.2f}{mark} | {cells} |")
    train, test = calibration.questions
    best, tested = calibration.best, calibration.test
    lines.append("")
    lines.append(f"On {train} training questions {best.threshold:.2f} is best ({best.balanced_accuracy:.2f}).")
    lines.append(
        f"On {test} test questions it answers {tested.answered:.2f} of the answerable ones and refuses"
        f" {tested.refused:.2f} of the others: balanced accuracy {tested.balanced_accuracy:.2f}."
    )
    return "\n".join(lines) + "\n"


def _support(example: Example, index: Index, settings: AskSettings) -> Supported:
    hits = index.search(example.question, settings.top_k)
    found = best_sentences(example.question, hits, index.idf, question_language(example.question, index))
    return Supported(found[0].support if found else 0.0, example.behavior != "refuse")


def _outcome(measured: Sequence[Supported], threshold: float) -> Outcome:
    answerable = [each.support >= threshold for each in measured if each.answerable]
    others = [each.support < threshold for each in measured if not each.answerable]
    return Outcome(threshold=threshold, answered=sum(answerable) / len(answerable), refused=sum(others) / len(others))
