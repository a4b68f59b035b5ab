"""Evaluation of a reranker against the fused order of the search.

metrics = evaluate_reranker(reranker, groups, dense_weight=0.2)
metrics["synthetic"]["before"]["recall_1"], metrics["synthetic"]["after"]["recall_1"]          # 0.71, 0.82
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from opora.metrics.bootstrap import paired_difference
from opora.metrics.retrieval import reciprocal_rank
from opora.retrieval.rerankers.base import Reranker
from opora.retrieval.search.hybrid import fuse
from opora.train.reranker.groups import RankingGroup

RECALL_AT = (1, 5, 10)
HEADLINE = "recall_1"


class QueryMetrics(NamedTuple):
    """Metrics of one query before and after reranking. `cluster`: the documents it is about."""

    synthetic: bool
    cluster: str
    before: dict[str, float]
    after: dict[str, float]


def evaluate_reranker(reranker: Reranker, groups: Iterable[RankingGroup], dense_weight: float) -> dict[str, Any]:
    """Return metrics for `labelled` and for `synthetic` queries, if there are any.

    These are counts, mean recall@k and MRR of the fused order (`before`) and of the reranker (`after`), and the gain in
    recall@1 with its interval by bootstrap over documents. A query whose passage is not a candidate counts 0 in both.
    """
    metrics = [_evaluate(reranker, group, dense_weight) for group in groups]
    labelled = [query for query in metrics if not query.synthetic]
    synthetic = [query for query in metrics if query.synthetic]
    kinds = {"labelled": labelled, "synthetic": synthetic}
    return {name: _summarize(queries) for name, queries in kinds.items() if queries}


def describe_gain(metrics: Mapping[str, Any]) -> str:
    """Return one line with the metrics of the labelled queries if there are any, else of the synthetic ones."""
    if not metrics:
        return "no documents were held out, so the reranker was not evaluated; add documents"
    kind = "labelled" if "labelled" in metrics else "synthetic"
    row = metrics[kind]
    changes = ", ".join(
        f"{name.replace('_', '@').replace('mrr', 'MRR')} {row['before'][name]:.3f} -> {row['after'][name]:.3f}"
        for name in (HEADLINE, "recall_10", "mrr")
    )
    worse = row["after"][HEADLINE] < row["before"][HEADLINE]
    advice = "; ranking got worse: do not use it as index.reranker" if worse else ""
    # gains on synthetic queries do not carry over to questions of people (dev/LOG.md)
    advice += "; synthetic queries predict little: set questions to a file of real ones" if kind == "synthetic" else ""
    return f"{row['questions']} {kind} queries on {row['documents']} held-out documents: {changes}{advice}"


def _evaluate(reranker: Reranker, group: RankingGroup, dense_weight: float) -> QueryMetrics:
    weight = 0.0 if group.query.vector is None else dense_weight
    before = fuse(group.candidates, group.query.language, weight)
    after = reranker.score(group.query, group.candidates)
    return QueryMetrics(group.synthetic, "\n".join(group.documents), _metrics(group, before), _metrics(group, after))


def _metrics(group: RankingGroup, scores: Sequence[float]) -> dict[str, float]:
    order = sorted(range(len(scores)), key=lambda index: (-scores[index], group.candidates[index].id))
    evidence = [{0} if group.relevance[index] == 1 else set() for index in order]
    recalls = {f"recall_{k}": float(any(evidence[:k])) for k in RECALL_AT}
    return {**recalls, "mrr": reciprocal_rank(evidence[:10])}


def _summarize(queries: Sequence[QueryMetrics]) -> dict[str, Any]:
    clusters = [query.cluster for query in queries]
    before, after = [query.before for query in queries], [query.after for query in queries]
    gain = paired_difference([row[HEADLINE] for row in after], [row[HEADLINE] for row in before], clusters=clusters)
    return {
        "questions": len(queries),
        "documents": len(set(clusters)),
        "before": {name: statistics.mean(row[name] for row in before) for name in before[0]},
        "after": {name: statistics.mean(row[name] for row in after) for name in after[0]},
        f"gain_{HEADLINE}": gain.model_dump(mode="json"),
    }
