"""Whether an answer cites what it should.

In: the citations of an answer and the gold evidence, both as spans of documents. Out: precision and recall, from 0 to
1, after Gao et al. 2023 (ALCE), with gold spans in the place of an entailment model.

    citation_precision(cited=[Span("d", 0, 40)], gold=[Span("d", 10, 30)])     # 1.0
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """Characters `start:end` of a document."""

    document_id: str
    start: int
    end: int


def citation_precision(cited: Sequence[Span], gold: Sequence[Span]) -> float | None:
    """The share of the cited spans that meet a gold span; None if nothing is cited or nothing is gold."""
    if not cited or not gold:
        return None
    return sum(any(_meet(one, other) for other in gold) for one in cited) / len(cited)


def citation_recall(cited: Sequence[Span], gold: Sequence[Span]) -> float | None:
    """The share of the gold spans that a cited span meets; 0 if nothing is cited, None if nothing is gold."""
    if not gold:
        return None
    return sum(any(_meet(one, other) for one in cited) for other in gold) / len(gold)


def evidence_recall(shown: Sequence[Span], gold: Sequence[Span]) -> float | None:
    """The share of the gold spans that stand whole in one of the shown spans; None if nothing is gold."""
    if not gold:
        return None
    return sum(any(holds(one, other) for one in shown) for other in gold) / len(gold)


def holds(one: Span, other: Span) -> bool:
    """True if `other` stands whole in `one`."""
    return one.document_id == other.document_id and one.start <= other.start and other.end <= one.end


def _meet(one: Span, other: Span) -> bool:
    return one.document_id == other.document_id and one.start < other.end and other.start < one.end
