"""Tokenised training examples."""

from __future__ import annotations

from typing import NamedTuple


class TokenizedRow(NamedTuple):
    """Token ids of a prompt and of its answer, which ends with the end-of-turn token. Neither is empty."""

    prompt: list[int]
    answer: list[int]

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.answer)


class TokenizedExample(NamedTuple):
    """Unit of training: one row, or the two rows of a preference pair (chosen, rejected)."""

    id: str
    rows: tuple[TokenizedRow, ...]
    location: str = ""
    """Name of its file and line number: `train.jsonl:3`."""
    is_refusal: bool | None = None
    """True if the (chosen) answer is a refusal; None if the dataset does not say."""
    quality: float | None = None

    @property
    def total_tokens(self) -> int:
        return sum(row.length for row in self.rows)

    @property
    def answer_tokens(self) -> int:
        return sum(len(row.answer) for row in self.rows)
