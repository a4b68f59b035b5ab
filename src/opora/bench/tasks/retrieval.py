"""Which passages each retriever finds.

In: questions with gold passages, an index. Out: a scored row a retriever and question.

    search_all(RetrieverBenchSettings(method="retriever"), examples, index)
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from opora.answer.answerer import question_language
from opora.bench.results.metrics import RECALL_AT
from opora.bench.results.table import ScoredRow, entries_of
from opora.bench.settings import RetrieverBenchSettings
from opora.bench.tasks.base import Measured, about
from opora.bench.tasks.conditions import evidence
from opora.bench.tasks.scoring import gold_spans
from opora.console.progress import track
from opora.errors import InputError
from opora.metrics.citations import Span, evidence_recall, holds
from opora.metrics.retrieval import ndcg, reciprocal_rank
from opora.records import Example
from opora.retrieval.search.searcher import Index
from opora.retrieval.settings import Retriever

DEPTH = max(RECALL_AT)


class FoundRow(ScoredRow):
    """One question searched by one retriever. `found`: ids of the hits, best first; `gold`: those that hold the
    evidence."""

    gold: tuple[str, ...]
    found: tuple[str, ...]


def search_all(settings: RetrieverBenchSettings, examples: Sequence[Example], index: Index) -> Measured:
    """Raises InputError if no question has gold passages, or no retriever knows their language."""
    asked = [example for example in examples if example.gold]
    if not asked:
        raise InputError(f"{settings.questions}: no question has gold passages; retrievers are measured by them")
    known = {question_language(example.question, index) for example in asked}
    why = {"meaning": f"it does not know {', '.join(sorted(known))}", "reranked": "the index has no reranker"}
    lacking = {"meaning": not all(map(index.has_meaning, known)), "reranked": not index.has_reranker}
    used = [each for each in settings.retrievers if not lacking.get(each)]
    for name in sorted(set(settings.retrievers) - set(used)):
        print(f"opora: retriever {name} is left out: {why[name]}", file=sys.stderr)
    if not used:
        raise InputError("; ".join(f"retriever {each}: {why[each]}" for each in settings.retrievers))
    jobs = [(name, example) for name in used for example in asked]
    rows = [_row(name, example, index) for name, example in track(jobs, "search", total=len(jobs))]
    baseline = settings.baseline if settings.baseline in used else ""
    entries = entries_of({name: name for name in used}, baseline)
    return Measured(rows, entries, dropped={"questions without gold passages": len(examples) - len(asked)})


def _row(name: Retriever, example: Example, index: Index) -> FoundRow:
    began = time.monotonic()
    hits = index.search(example.question, DEPTH, by=name)
    seconds = time.monotonic() - began
    spans = [Span(hit.passage.document_id, hit.passage.start, hit.passage.end) for hit in hits]
    gold = gold_spans(example)
    held = [{number for number, piece in enumerate(gold) if holds(span, piece)} for span in spans]
    scores: dict[str, float | None] = {f"recall_{k}": evidence_recall(spans[:k], gold) for k in RECALL_AT}
    scores |= {"mrr": reciprocal_rank(held), "ndcg": ndcg(held, len(evidence(example))), "seconds": seconds}
    found = tuple(hit.passage.id for hit in hits)
    return FoundRow(**about(example), model=name, scores=scores, gold=example.gold, found=found)
