"""Metrics of benchmarks: one row of `COLUMNS` declares all that tables, plots and reports know about a metric.

In: a question and an answer. Out: one `Score` per metric; a metric that does not apply has no value, and a reason.

    score_answer(example, answer)["key_fact_accuracy"].value       # 1.0
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from opora.bench.results import scoring
from opora.bench.results.scoring import ScoredAnswer
from opora.metrics import rouge
from opora.records import Answer, Example, Score

Better = Literal["up", "down", ""]
"""Direction in which a metric improves; empty where neither is better."""
MetricGroup = Literal["quality", "refusals", "sources", "cost"]
RECALL_AT = (1, 3, 5, 10)


class Column(NamedTuple):
    """One metric: its id, English label and meaning, how it is computed, and where it is shown.

    Other languages translate the label and meaning in `languages/XX/bench.yaml`.
    """

    metric: str
    label: str
    meaning: str
    better: Better = ""
    group: MetricGroup = "quality"
    score: Callable[[ScoredAnswer], float | str] | None = None
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


COLUMNS = (
    Column("judge_score", "judge's score", "Mean score of the judge, 1 to 5.", "up",
           summary=True, by_group=True, thesis=True, scale=(1.0, 5.0), is_share=False),
    Column("judge_grade", "judge's grade", "Mean grade of the judge, 0 to 4.", "up",
           summary=True, by_group=True, thesis=True, scale=(0.0, 4.0), is_share=False),
    Column("judge_correct", "judged correct", "Share of answers that the judge calls correct.", "up",
           summary=True, by_group=True, thesis=True),
    Column("exact_set_accuracy", "exact-set accuracy",
           "Share of multiple-choice questions with exactly the right options chosen.", "up",
           summary=True, by_group=True, thesis=True),
    Column("key_fact_accuracy", "key-fact accuracy",
           "Share of answers that hold every key fact and no forbidden one.", "up",
           score=scoring.key_fact_accuracy, summary=True, by_group=True, thesis=True),
    Column("key_fact_recall", "key-fact recall", "Share of the key facts of a question that the answer holds.", "up",
           score=scoring.key_fact_recall, summary=True),
    Column("exact_match", "exact match", "Share of answers that equal the reference word for word.", "up",
           score=lambda scored: rouge.exact_match(scored.text, scored.reference)),
    Column("rouge_l_precision", "ROUGE-L P", "Longest common subsequence over the words of the answer.", "up",
           score=lambda scored: scored.rouge_l.precision, summary=True, thesis=True),
    Column("rouge_l_recall", "ROUGE-L R", "Longest common subsequence over the words of the reference.", "up",
           score=lambda scored: scored.rouge_l.recall, summary=True, thesis=True),
    Column("rouge_l_f1", "ROUGE-L F1", "Harmonic mean of ROUGE-L precision and recall.", "up",
           score=lambda scored: scored.rouge_l.f1, summary=True, by_group=True, thesis=True),
    Column("token_f1", "token F1", "Words that answer and reference share, in any order.", "up",
           score=lambda scored: rouge.token_f1(scored.text, scored.reference)),
    Column("refusal", "refusals", "Share of all questions that are refused.", group="refusals",
           score=lambda scored: float(scored.answer.refused), by_group=True),
    Column("false_refusal", "false refusals", "Refused although the passages hold the evidence (over-refusal).", "down",
           "refusals", scoring.false_refusal, summary=True, thesis=True),
    Column("answered_unanswerable", "answered unanswerable", "Answered although the documents hold no answer.", "down",
           "refusals", scoring.answered_unanswerable, summary=True),
    Column("citation_precision", "citation precision", "Share of the cited passages that hold evidence.", "up",
           "sources", scoring.citation_precision),
    Column("citation_recall", "citation recall", "Share of the evidence that the cited passages hold.", "up",
           "sources", scoring.citation_recall, summary=True, by_group=True),
    Column("context_recall", "context recall", "Share of the evidence that the retrieved passages hold.", "up",
           "sources", scoring.context_recall),
    *(
        Column(f"recall_{k}", f"recall@{k}", f"Share of the evidence in the first {k} hits.", "up", "sources",
               summary=True, by_group=k == 5, thesis=k != 3)
        for k in RECALL_AT
    ),
    Column("mrr", "MRR", "Mean reciprocal rank of the first hit with evidence; 0 if there is none.", "up", "sources",
           summary=True, thesis=True),
    Column("alpha_ndcg", "alpha-nDCG@10",
           "Ranking quality where a hit gains only by evidence that no earlier hit holds (alpha = 1).", "up", "sources",
           summary=True, thesis=True),
    Column("random_baseline", "random baseline", "Expected exact-set accuracy of a random choice.",
           summary=True, thesis=True),
    Column("seconds", "seconds", "Wall time of retrieval and generation per answer.", "down", "cost", is_share=False),
    Column("answer_tokens", "answer tokens", "Tokens generated per answer.", group="cost",
           score=lambda scored: float(scored.answer.completion_tokens), digits=0, is_share=False),
    Column("answer_words", "answer words", "Words per answer.", group="cost",
           score=lambda scored: float(len(rouge.tokens(scored.text))), digits=0, is_share=False),
    Column("prompt_tokens", "prompt tokens", "Tokens of the prompt per answer.", group="cost",
           score=lambda scored: float(scored.answer.prompt_tokens), summary=True, digits=0, is_share=False),
)  # fmt: skip
"""In the order of the tables."""
GROUPED = tuple(column.metric for column in COLUMNS if column.by_group)
SUMMARY = tuple(column.metric for column in COLUMNS if column.summary)
THESIS = tuple(column.metric for column in COLUMNS if column.thesis)


def score_answer(example: Example, answer: Answer) -> dict[str, Score]:
    """Return metric -> score of an answer."""
    scored = ScoredAnswer(example, answer)
    return {column.metric: _score(column, column.score(scored)) for column in COLUMNS if column.score}


def _score(column: Column, value: float | str) -> Score:
    if isinstance(value, str):
        return Score(metric=column.metric, value=None, reason=value)
    return Score(metric=column.metric, value=value)
