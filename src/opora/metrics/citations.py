"""Precision and recall of citations, and recall of evidence in the passages.

After Gao et al. 2023 (ALCE), with overlap with gold spans in place of an entailment model.

    citation_precision(cited=[Span("d", 0, 40)], gold=[Span("d", 10, 30)])     # 1.0
"""

from __future__ import annotations

from collections.abc import Sequence

from opora.metrics.spans import DocumentSpan, contains, overlap


def citation_precision(cited: Sequence[DocumentSpan], gold: Sequence[DocumentSpan]) -> float | None:
    """Return the share of the cited spans that overlap a gold span; None without citations or without gold."""
    if not cited or not gold:
        return None
    return sum(any(overlap(citation, evidence) for evidence in gold) for citation in cited) / len(cited)


def citation_recall(cited: Sequence[DocumentSpan], gold: Sequence[DocumentSpan]) -> float | None:
    """Return the share of the gold spans that a cited span overlaps; 0 without citations, None without gold."""
    if not gold:
        return None
    return sum(any(overlap(citation, evidence) for citation in cited) for evidence in gold) / len(gold)


def evidence_recall(passages: Sequence[DocumentSpan], gold: Sequence[DocumentSpan]) -> float | None:
    """Return the share of the gold spans that one of the passages contains whole; None without gold."""
    if not gold:
        return None
    return sum(any(contains(passage, evidence) for passage in passages) for evidence in gold) / len(gold)
