"""The metrics of tables, as readers meet them: label, meaning, which way is better."""

from __future__ import annotations

from typing import Literal, NamedTuple

Better = Literal["up", "down", ""]
"""Which way a metric is better; neither way for some."""


class Column(NamedTuple):
    """One metric as readers meet it."""

    metric: str
    label: str
    meaning: str
    better: Better = ""
    digits: int = 2
    is_share: bool = True
    """Between 0 and 1."""


def scale_of(column: Column) -> tuple[float, float]:
    """The lowest and highest score there can be: of a share, and of the scores of a judge."""
    return {"judge_score": (1.0, 5.0), "judge_grade": (0.0, 4.0)}.get(column.metric, (0.0, 1.0))


RECALL_AT = (1, 3, 5, 10)
COLUMNS = (
    Column("judge_score", "judge's score", "Mean score from 1 to 5 by the judge.", "up", is_share=False),
    Column("judge_grade", "judge's grade", "Mean grade from 0 to 4 by the judge.", "up", is_share=False),
    Column("judge_correct", "judged correct", "Share of answers that the judge calls correct.", "up"),
    Column("chosen", "right choices", "Share of closed questions with exactly the right options chosen.", "up"),
    Column("key_facts", "key facts", "Share of answers that hold every key fact and no forbidden one.", "up"),
    Column("key_fact_share", "key facts held", "Share of a question's key facts that an answer holds.", "up"),
    Column("exact_match", "exact match", "Share of answers with the very words of the reference.", "up"),
    Column("rouge_l_precision", "ROUGE-L P", "Longest common subsequence over the words of the answer.", "up"),
    Column("rouge_l_recall", "ROUGE-L R", "Longest common subsequence over the words of the reference.", "up"),
    Column("rouge_l_f1", "ROUGE-L F1", "Harmonic mean of the two.", "up"),
    Column("token_f1", "token F1", "Words that answer and reference share, in any order.", "up"),
    Column("refusal", "refusals", "Share of all questions that are refused."),
    Column("irrelevant_refusal", "irrelevant refusals", "Refused though the passages hold the evidence.", "down"),
    Column("missed_refusal", "missed refusals", "Answered though the documents do not say.", "down"),
    Column("citation_precision", "citation precision", "Share of the cited passages that hold evidence.", "up"),
    Column("citation_recall", "citation recall", "Share of the evidence that the cited passages hold.", "up"),
    Column("retrieval_recall", "evidence retrieved", "Share of the evidence that the passages found hold.", "up"),
    *(Column(f"recall_{k}", f"recall@{k}", f"Share of the evidence in the first {k} hits.", "up") for k in RECALL_AT),
    Column("mrr", "MRR", "One over the rank of the first hit with evidence, 0 if there is none.", "up"),
    Column("ndcg", "nDCG@10", "How near the top hits with evidence stand (Järvelin & Kekäläinen 2002).", "up"),
    Column("by_chance", "by chance", "Right choices of one who draws among the options."),
    Column("seconds", "seconds", "Wall time of retrieval and generation, an answer.", "down", is_share=False),
    Column("answer_tokens", "answer tokens", "Tokens written, an answer.", digits=0, is_share=False),
    Column("answer_words", "answer words", "Words of an answer.", digits=0, is_share=False),
    Column("prompt_tokens", "prompt tokens", "Tokens read, an answer.", digits=0, is_share=False),
)
GROUPED = (
    "judge_score",
    "judge_grade",
    "judge_correct",
    "chosen",
    "key_facts",
    "rouge_l_f1",
    "refusal",
    "citation_recall",
    "recall_5",
)
"""Metrics that are also given by kind and by domain."""
SUMMARY = (
    "judge_score",
    "judge_grade",
    "judge_correct",
    "chosen",
    "by_chance",
    "key_facts",
    "key_fact_share",
    "irrelevant_refusal",
    "missed_refusal",
    "rouge_l_precision",
    "rouge_l_recall",
    "rouge_l_f1",
    "citation_recall",
    *(f"recall_{k}" for k in RECALL_AT),
    "mrr",
    "ndcg",
    "prompt_tokens",
)
"""The columns of a table that has a line an entry: the thesis's own, and what they cost."""
