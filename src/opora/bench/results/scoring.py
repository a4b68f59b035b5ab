"""Scores of one answer against its question: the functions behind the metrics of `opora.bench.results.metrics`.

Each function takes a `ScoredAnswer` and returns its value, or the reason why the metric does not apply. Citations are
scored by passage, so that citing a sentence and citing its passage count the same.
"""

from __future__ import annotations

import functools

from opora.examples.evidence import gold_spans
from opora.metrics import citations, key_facts, rouge
from opora.metrics.spans import Span
from opora.records import Answer, Example
from opora.text.citation_marks import remove_marks

Value = float | str
"""A score, or the reason why there is none."""
NO_FACTS, NO_GOLD = "the question has no key facts", "the question has no gold passages"


class ScoredAnswer:
    """An answer with its question, and what several metrics compute from them."""

    def __init__(self, example: Example, answer: Answer) -> None:
        self.example, self.answer = example, answer
        self.is_answerable = example.behavior != "refuse"
        self.text, self.reference = remove_marks(answer.text), remove_marks(example.answer)

    @functools.cached_property
    def gold(self) -> list[Span]:
        return gold_spans(self.example)

    @functools.cached_property
    def context_recall(self) -> float | None:
        return citations.evidence_recall([hit.passage for hit in self.answer.hits], self.gold)

    @functools.cached_property
    def rouge_l(self) -> rouge.Overlap:
        return rouge.rouge_l(self.text, self.reference)

    @functools.cached_property
    def cited(self) -> list[Span]:
        """Spans of the cited passages, without repetition."""
        passages = {hit.passage.id: hit.passage for hit in self.answer.hits}
        spans = (passages.get(citation.passage_id, citation) for citation in self.answer.citations)
        return list(dict.fromkeys(Span(span.document_id, span.start, span.end) for span in spans))


def key_fact_accuracy(scored: ScoredAnswer) -> Value:
    """1 if the answer holds all key facts and no forbidden one; 0 for a refusal. Unanswerable: 1 for a refusal."""
    facts = scored.example.facts
    if not scored.is_answerable:
        return float(scored.answer.refused)
    if scored.answer.refused and (facts.must or facts.must_not):
        return 0.0
    return _or(key_facts.key_fact_score(scored.text, facts, scored.example.language), NO_FACTS)


def key_fact_recall(scored: ScoredAnswer) -> Value:
    """Share of the key facts that the answer holds; 0 for a refusal. Unanswerable: 1 for a refusal."""
    if not scored.is_answerable:
        return float(scored.answer.refused)
    share = key_facts.key_fact_recall(scored.text, scored.example.facts, scored.example.language)
    return 0.0 if scored.answer.refused and share is not None else _or(share, NO_FACTS)


def false_refusal(scored: ScoredAnswer) -> Value:
    """1 for a refusal although the passages hold all evidence (over-refusal)."""
    if not scored.is_answerable:
        return "the question is unanswerable"
    if scored.context_recall != 1.0:
        return "the passages do not hold the evidence"
    return float(scored.answer.refused)


def answered_unanswerable(scored: ScoredAnswer) -> Value:
    """1 for an answer to a question that the documents do not answer."""
    return "the question is answerable" if scored.is_answerable else float(not scored.answer.refused)


def citation_precision(scored: ScoredAnswer) -> Value:
    return _or(citations.citation_precision(scored.cited, scored.gold), "the answer cites nothing, or " + NO_GOLD)


def citation_recall(scored: ScoredAnswer) -> Value:
    return _or(citations.citation_recall(scored.cited, scored.gold), NO_GOLD)


def context_recall(scored: ScoredAnswer) -> Value:
    """Share of the evidence that the retrieved passages hold."""
    return _or(scored.context_recall, NO_GOLD)


def _or(value: float | None, reason: str) -> Value:
    return reason if value is None else value
