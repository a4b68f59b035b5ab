"""How much better candidates stand after a reranker than before it.

In: a reranker, groups that it was not trained on. Out: figures for a manifest, and a line for people.

    measured = measure(reranker, groups, dense_weight=0.2)
    measured["made"]["before"]["recall_1"], measured["made"]["after"]["recall_1"]          # 0.71, 0.82
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from opora.metrics.bootstrap import paired_difference
from opora.metrics.retrieval import reciprocal_rank
from opora.retrieval.rerankers.base import Reranker
from opora.retrieval.search.hybrid import fuse
from opora.train.reranker.groups import Group

RECALL_AT = (1, 5, 10)
CHIEF = "recall_1"


class Ranked(NamedTuple):
    """The scores of one question, in the order before and after. `cluster`: what it is about."""

    made: bool
    cluster: str
    before: dict[str, float]
    after: dict[str, float]


def measure(reranker: Reranker, groups: Iterable[Group], dense_weight: float) -> dict[str, Any]:
    """For questions that were `given` and for `made` ones, where there are any: counts, mean recall@k and MRR of the
    fused order (`before`) and of the reranker's (`after`), and the difference in recall@1 with its interval, by
    bootstrap over documents. A question whose passage was not found counts as 0 in both."""
    ranked = [_ranked(reranker, group, dense_weight) for group in groups]
    kinds = {"given": [each for each in ranked if not each.made], "made": [each for each in ranked if each.made]}
    return {name: _figures(some) for name, some in kinds.items() if some}


def describe(measured: Mapping[str, Any]) -> str:
    """One line: the figures of the questions that were given, where there are any, else of the made ones."""
    if not measured:
        return "no document was held out, so nothing tells whether ranking is better; give more documents"
    kind = "given" if "given" in measured else "made"
    figures = measured[kind]
    shown = ", ".join(
        f"{name.replace('_', '@').replace('mrr', 'MRR')} {figures['before'][name]:.3f} to {figures['after'][name]:.3f}"
        for name in (CHIEF, "recall_10", "mrr")
    )
    worse = figures["after"][CHIEF] < figures["before"][CHIEF]
    verdict = "; it got worse: leave index.reranker as it was" if worse else ""
    # what is gained on made questions is not gained on those that people ask (dev/LOG.md)
    verdict += "; made questions tell little: give some that people ask, by questions" if kind == "made" else ""
    return f"{figures['questions']} {kind} questions on {figures['documents']} held-out documents: {shown}{verdict}"


def _ranked(reranker: Reranker, group: Group, dense_weight: float) -> Ranked:
    weight = 0.0 if group.question.vector is None else dense_weight
    before = fuse(group.candidates, group.question.language, weight)
    after = reranker.score(group.question, group.candidates)
    return Ranked(group.made, "\n".join(group.documents), _scores(group, before), _scores(group, after))


def _scores(group: Group, scores: Sequence[float]) -> dict[str, float]:
    order = sorted(range(len(scores)), key=lambda place: (-scores[place], group.candidates[place].id))
    held = [{0} if group.labels[place] == 1 else set() for place in order]
    recalls = {f"recall_{k}": float(any(held[:k])) for k in RECALL_AT}
    return {**recalls, "mrr": reciprocal_rank(held[:10])}


def _figures(ranked: Sequence[Ranked]) -> dict[str, Any]:
    clusters = [each.cluster for each in ranked]
    sides: dict[str, dict[str, float]] = {
        side: {name: statistics.mean(getattr(each, side)[name] for each in ranked) for name in ranked[0].before}
        for side in ("before", "after")
    }
    gained = paired_difference(
        [each.after[CHIEF] for each in ranked], [each.before[CHIEF] for each in ranked], clusters=clusters
    )
    documents = len(set(clusters))
    return {"questions": len(ranked), "documents": documents, **sides, f"gain_{CHIEF}": gained.model_dump(mode="json")}
