"""Metrics of benchmarks: one row of `COLUMNS` declares all that tables, plots and reports know about a metric.

In: a question and an answer. Out: one `Score` per metric; a metric that does not apply has no value, and a reason.
Citations are scored by passage, so that citing a sentence and citing its passage count the same.

    score_answer(example, answer)["key_fact_accuracy"].value       # 1.0
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Literal, NamedTuple

from opora.examples.evidence import gold_spans
from opora.metrics import citations, key_facts, rouge
from opora.metrics.spans import Span
from opora.records import Answer, Example, Score
from opora.text.citation_marks import remove_marks

Better = Literal["up", "down", ""]
"""Direction in which a metric improves; empty where neither is better."""
MetricGroup = Literal["quality", "refusals", "sources", "cost"]
RECALL_AT = (1, 3, 5, 10)
Value = float | str
"""A score, or the reason why there is none."""
NO_FACTS, NO_GOLD = "the question has no key facts", "the question has no gold passages"


class ScoredAnswer:
    """An answer with its question; each method that returns a `Value` is a metric."""

    def __init__(self, example: Example, answer: Answer) -> None:
        self.example, self.answer = example, answer
        self.is_answerable = example.behavior != "refuse"
        self.text, self.reference = remove_marks(answer.text), remove_marks(example.answer)
        self.gold = gold_spans(example)
        self.shown_evidence = citations.evidence_recall([hit.passage for hit in answer.hits], self.gold)

    @functools.cached_property
    def rouge_l(self) -> rouge.Overlap:
        return rouge.rouge_l(self.text, self.reference)

    @functools.cached_property
    def cited(self) -> list[Span]:
        """Spans of the cited passages, without repetition."""
        passages = {hit.passage.id: hit.passage for hit in self.answer.hits}
        spans = (passages.get(citation.passage_id, citation) for citation in self.answer.citations)
        return list(dict.fromkeys(Span(span.document_id, span.start, span.end) for span in spans))

    def key_fact_accuracy(self) -> Value:
        """1 if the answer holds all key facts and no forbidden one; 0 for a refusal. Unanswerable: 1 for a refusal."""
        facts = self.example.facts
        if not self.is_answerable:
            return float(self.answer.refused)
        if self.answer.refused and (facts.must or facts.must_not):
            return 0.0
        return _or(key_facts.key_fact_score(self.text, facts, self.example.language), NO_FACTS)

    def key_fact_recall(self) -> Value:
        """Share of the key facts that the answer holds; 0 for a refusal. Unanswerable: 1 for a refusal."""
        if not self.is_answerable:
            return float(self.answer.refused)
        share = key_facts.key_fact_recall(self.text, self.example.facts, self.example.language)
        return 0.0 if self.answer.refused and share is not None else _or(share, NO_FACTS)

    def false_refusal(self) -> Value:
        """1 for a refusal although the passages hold all evidence (over-refusal)."""
        if not self.is_answerable:
            return "the question is unanswerable"
        if self.shown_evidence != 1.0:
            return "the passages do not hold the evidence"
        return float(self.answer.refused)

    def answered_unanswerable(self) -> Value:
        return "the question is answerable" if self.is_answerable else float(not self.answer.refused)

    def citation_precision(self) -> Value:
        return _or(citations.citation_precision(self.cited, self.gold), "the answer cites nothing, or " + NO_GOLD)

    def citation_recall(self) -> Value:
        return _or(citations.citation_recall(self.cited, self.gold), NO_GOLD)

    def context_recall(self) -> Value:
        return _or(self.shown_evidence, NO_GOLD)


def _or(value: float | None, reason: str) -> Value:
    return reason if value is None else value


class Column(NamedTuple):
    """One metric: its id, how it is computed, and where it is shown; `languages/XX/bench.yaml` has its texts."""

    metric: str
    better: Better = ""
    group: MetricGroup = "quality"
    score: Callable[[ScoredAnswer], Value] | None = None
    """Computes the metric of an answer; None if the task or the judge writes it into the row."""
    summary: bool = False
    """Shown in the summary, the table with one line per row."""
    by_group: bool = False
    """Also computed by question type and by domain. The first such metric with values is the headline."""
    thesis: bool = False
    """Shown in the summary of the LaTeX tables, which has to fit on paper."""
    digits: int = 2
    scale: tuple[float, float] = (0.0, 1.0)
    """Lowest and highest possible value."""
    is_share: bool = True
    """Values lie between 0 and 1."""


def _cost(metric: str, score: Callable[[ScoredAnswer], Value], summary: bool = False) -> Column:
    return Column(metric, "", "cost", score, summary, digits=0, is_share=False)


COLUMNS = (
    Column("judge_score", "up", summary=True, by_group=True, thesis=True, scale=(1.0, 5.0), is_share=False),
    Column("judge_grade", "up", summary=True, by_group=True, thesis=True, scale=(0.0, 4.0), is_share=False),
    Column("judge_correct", "up", summary=True, by_group=True, thesis=True),
    Column("exact_set_accuracy", "up", summary=True, by_group=True, thesis=True),
    Column("key_fact_accuracy", "up", score=ScoredAnswer.key_fact_accuracy, summary=True, by_group=True, thesis=True),
    Column("key_fact_recall", "up", score=ScoredAnswer.key_fact_recall, summary=True),
    Column("exact_match", "up", score=lambda scored: rouge.exact_match(scored.text, scored.reference)),
    Column("rouge_l_precision", "up", score=lambda scored: scored.rouge_l.precision, summary=True, thesis=True),
    Column("rouge_l_recall", "up", score=lambda scored: scored.rouge_l.recall, summary=True, thesis=True),
    Column("rouge_l_f1", "up", score=lambda scored: scored.rouge_l.f1, summary=True, by_group=True, thesis=True),
    Column("token_f1", "up", score=lambda scored: rouge.token_f1(scored.text, scored.reference)),
    Column("refusal", "", "refusals", lambda scored: float(scored.answer.refused), by_group=True),
    Column("false_refusal", "down", "refusals", ScoredAnswer.false_refusal, summary=True, thesis=True),
    Column("answered_unanswerable", "down", "refusals", ScoredAnswer.answered_unanswerable, summary=True),
    Column("citation_precision", "up", "sources", ScoredAnswer.citation_precision),
    Column("citation_recall", "up", "sources", ScoredAnswer.citation_recall, summary=True, by_group=True),
    Column("context_recall", "up", "sources", ScoredAnswer.context_recall),
    *(Column(f"recall_{k}", "up", "sources", None, True, by_group=k == 5, thesis=k != 3) for k in RECALL_AT),
    Column("mrr", "up", "sources", summary=True, thesis=True),
    Column("alpha_ndcg", "up", "sources", summary=True, thesis=True),
    Column("random_baseline", summary=True, thesis=True),
    Column("seconds", "down", "cost", is_share=False),
    _cost("answer_tokens", lambda scored: float(scored.answer.completion_tokens)),
    _cost("answer_words", lambda scored: float(len(rouge.tokens(scored.text)))),
    _cost("prompt_tokens", lambda scored: float(scored.answer.prompt_tokens), summary=True),
)
"""In the order of the tables."""
GROUPED = tuple(column.metric for column in COLUMNS if column.by_group)
SUMMARY = tuple(column.metric for column in COLUMNS if column.summary)
THESIS = tuple(column.metric for column in COLUMNS if column.thesis)


def score_answer(example: Example, answer: Answer) -> dict[str, Score]:
    """Return metric -> score of an answer."""
    scored = ScoredAnswer(example, answer)
    return {column.metric: _score(column, column.score(scored)) for column in COLUMNS if column.score}


def _score(column: Column, value: Value) -> Score:
    if isinstance(value, str):
        return Score(metric=column.metric, value=None, reason=value)
    return Score(metric=column.metric, value=value)
