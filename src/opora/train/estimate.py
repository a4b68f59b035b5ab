"""Estimate of a training of a language model, before its datasets exist.

In: a project and settings. Out: tokens and seconds, from the questions that the datasets will be made of.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Protocol, runtime_checkable

from opora.answer.throughput import ANSWER_TOKENS, MODEL_LOADING_S, TRAINING_TOKENS_PER_S, estimate_prompt_tokens
from opora.artifacts.stage import Estimate, Project
from opora.corpus.settings import IngestSettings
from opora.examples.reader import read_questions
from opora.train.settings import TrainSettings


@runtime_checkable
class QuestionDataset(Protocol):
    """Settings of a dataset that is made from questions over passages, such as `raft`."""

    questions: Path
    language: str
    distractors: int
    variants: int
    valid_share: float


def estimate_training(project: Project, settings: TrainSettings) -> Estimate:
    """Return the tokens read, and the seconds where the speed of the model is known; nothing if a dataset is not made
    from questions. Raises InputError for a missing file of questions."""
    datasets = project.entries("dataset")
    chunk = project.settings("ingest", IngestSettings).chunk
    rows, tokens = 0, 0.0
    for name, share in settings.mixture.items():
        dataset = datasets.get(name)
        if not isinstance(dataset, QuestionDataset):
            return Estimate()
        count = round(share * _count_rows(project.root, dataset))
        rows += count
        tokens += count * (estimate_prompt_tokens(chunk, dataset.distractors + 1) + ANSWER_TOKENS)
    steps = math.ceil(settings.epochs * rows / settings.batch_size)
    rows_read = min(steps, settings.max_steps or steps) * settings.batch_size
    tokens_read = int(rows_read * tokens / max(1, rows))
    seconds = MODEL_LOADING_S + tokens_read / TRAINING_TOKENS_PER_S
    return Estimate(tokens=tokens_read, seconds=seconds if settings.model == "smollm2" else None)


def _count_rows(root: Path, dataset: QuestionDataset) -> int:
    questions = [
        question
        for question in read_questions(root / dataset.questions)
        if question.split != "test" and dataset.language in ("", question.language)
    ]
    return math.ceil(len(questions) * (1 - dataset.valid_share)) * dataset.variants
