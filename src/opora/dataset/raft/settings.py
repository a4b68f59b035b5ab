"""Settings of RAFT datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from opora.validation import Fraction, NonNegativeInt, PositiveInt, Settings


class RaftSettings(Settings):
    """Settings of retrieval-augmented fine-tuning data (RAFT, Zhang et al. 2024, arXiv:2403.10131)."""

    renamed = {"hard": "hard_share", "refusals": "refusal_share", "valid": "valid_share", "test": "test_share"}

    method: Literal["raft"] = "raft"
    """Kind of dataset."""
    questions: Path = Path("questions.jsonl")
    """JSON Lines file of labelled questions: opora's own schema, or WebGLM-QA."""
    language: str = ""
    """Use only questions in this language (ISO 639-1); empty: all languages."""
    distractors: NonNegativeInt = 3
    """Number of distractors per row."""
    hard_share: Fraction = 1.0
    """Share of the distractors that are hard, that is, among the best hits for the question. The rest is random."""
    refusal_share: Fraction = 0.1
    """Share of the answerable rows without their gold passages, whose answer is a refusal."""
    unanswerable: bool = True
    """Keep questions whose answer is a refusal. Their passages are the best hits of the search."""
    reasoning: bool = True
    """Answers quote their evidence verbatim before the final answer."""
    variants: PositiveInt = 1
    """Rows per training question, each with other distractors in another order."""
    questions_per_context: PositiveInt = 1
    """Maximum number of training questions that share the same passages in the same order. Training computes shared
    passages once; the gold passages of one question are distractors for the others."""
    valid_share: Fraction = 0.1
    """Share of the training questions used for validation, split by document."""
    test_share: Fraction = 0.2
    """Share of the questions used for testing, split by document. Ignored if the questions have a split."""
    seed: NonNegativeInt = 0
    """Random seed."""
