"""Retrieval quality: recall@k, MRR and alpha-nDCG of each retriever on questions with gold passages."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import ClassVar, Literal

from opora.answer.answerer import question_language
from opora.bench.results.metrics import RECALL_AT
from opora.bench.results.table import ScoredRow, entries_of
from opora.bench.tasks.base import BenchTask, TaskInputs, TaskResult, row_fields
from opora.console.progress import track
from opora.errors import InputError
from opora.examples.evidence import evidence, gold_spans
from opora.metrics.citations import evidence_recall
from opora.metrics.retrieval import alpha_ndcg, reciprocal_rank
from opora.metrics.spans import contains
from opora.records import Example
from opora.retrieval.search.searcher import Index
from opora.retrieval.settings import RENAMED_RETRIEVERS, Retriever

HITS = max(RECALL_AT)


class RetrievalTask(BenchTask):
    """Search with each retriever for the questions that have gold passages, and score the rankings."""

    renamed_values: ClassVar = {"retrievers": RENAMED_RETRIEVERS, "baseline": RENAMED_RETRIEVERS}

    method: Literal["retrieval"] = "retrieval"
    """Name of the task."""
    retrievers: tuple[Retriever, ...] = ("hybrid", "bm25", "dense")
    """`bm25`: sparse; `dense`: vectors; `hybrid`: both fused, as `opora ask` searches; `reranked`: hybrid, then the
    reranker of the index."""

    @property
    def row_names(self) -> Sequence[str]:
        return self.retrievers

    def measure(self, inputs: TaskInputs) -> TaskResult:
        index = inputs.index
        examples = [example for example in inputs.examples if example.gold]
        if not examples:
            raise InputError(f"{self.questions}: no question has gold passages; retrievers are measured by them")
        unusable = unusable_retrievers({question_language(example.question, index) for example in examples}, index)
        retrievers = [name for name in self.retrievers if name not in unusable]
        for name in sorted(set(self.retrievers) & unusable.keys()):
            print(f"opora: retriever {name} is left out: {unusable[name]}", file=sys.stderr)
        if not retrievers:
            raise InputError("; ".join(f"retriever {name}: {unusable[name]}" for name in self.retrievers))
        jobs = [(name, example) for name in retrievers for example in examples]
        rows = [_row(name, example, index) for name, example in track(jobs, "search", total=len(jobs))]
        baseline = self.baseline if self.baseline in retrievers else ""
        entries = entries_of({name: name for name in retrievers}, baseline)
        dropped = {"questions without gold passages": len(inputs.examples) - len(examples)}
        return TaskResult(rows, entries, dropped=dropped)


class RetrievalRow(ScoredRow):
    """One question searched by one retriever."""

    gold: tuple[str, ...]
    """Ids of the passages that hold the evidence."""
    retrieved: tuple[str, ...]
    """Ids of the hits, best first."""


def unusable_retrievers(languages: set[str], index: Index) -> dict[str, str]:
    """Return retriever -> reason why `index` cannot search with it in these languages."""
    unusable = {}
    if not all(map(index.has_dense, languages)):
        unusable["dense"] = f"the index has no vectors for {', '.join(sorted(languages))}"
    if not index.has_reranker:
        unusable["reranked"] = "the index has no reranker"
    return unusable


def _row(retriever: Retriever, example: Example, index: Index) -> RetrievalRow:
    start = time.monotonic()
    hits = index.search(example.question, HITS, by=retriever)
    seconds = time.monotonic() - start
    passages = [hit.passage for hit in hits]
    gold = gold_spans(example)
    evidence_in_hits = [
        {number for number, piece in enumerate(gold) if contains(passage, piece)} for passage in passages
    ]
    scores: dict[str, float | None] = {f"recall_{k}": evidence_recall(passages[:k], gold) for k in RECALL_AT}
    scores |= {
        "mrr": reciprocal_rank(evidence_in_hits),
        "alpha_ndcg": alpha_ndcg(evidence_in_hits, len(evidence(example))),
        "seconds": seconds,
    }
    ids = tuple(hit.passage.id for hit in hits)
    return RetrievalRow(**row_fields(example), model=retriever, scores=scores, gold=example.gold, retrieved=ids)
