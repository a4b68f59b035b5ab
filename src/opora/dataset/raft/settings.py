"""Settings of the datasets, one class a method."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from opora.validation import Fraction, NonNegativeInt, PositiveInt, Settings


class RaftSettings(Settings):
    """Retrieval-augmented fine-tuning (Zhang et al. 2024, arXiv:2403.10131): gold passages among distractors."""

    method: Literal["raft"] = "raft"
    questions: Path = Path("questions.jsonl")
    """JSON Lines of `Example`, or in the schema of WebGLM-QA."""
    language: str = ""
    """Only questions in this language (ISO 639-1); empty: all."""
    distractors: NonNegativeInt = 3
    """Passages without the answer in each row."""
    hard: Fraction = 1.0
    """Share of the distractors that the index finds for the question; the others are drawn at random."""
    refusals: Fraction = 0.1
    """Share of the answerable rows whose gold passages are left out and whose answer is a refusal."""
    unanswerable: bool = True
    """Keep the questions whose answer is a refusal; their passages are the nearest that the index finds."""
    reasoning: bool = True
    """Answers quote their evidence, verbatim, before the final answer."""
    variants: PositiveInt = 1
    """Rows made of each training question, each with other distractors in another order."""
    questions_per_context: PositiveInt = 1
    """At most so many training questions are asked over the same passages in the same order, which training then reads
    once; the gold of one is a distractor for the others."""
    valid: Fraction = 0.1
    """Share of the training questions that are held out to watch the loss, by document."""
    test: Fraction = 0.2
    """Share of the questions for testing, by document; only where the questions carry no split of their own."""
    seed: NonNegativeInt = 0
