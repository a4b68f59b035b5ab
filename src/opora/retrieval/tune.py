"""Grid search over the settings of the search, cross-validated by document.

Every question is searched and reranked once, as deep as the grid requires; all combinations are computed from that.
Settings are chosen on four fifths of the documents, their gain is measured on the remaining fifth.

    print(format_tuning(tune(index, examples, TuningGrid(), settings)))
"""

from __future__ import annotations

import hashlib
import itertools
import math
import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from opora.console.progress import track
from opora.errors import InputError
from opora.metrics.bootstrap import Difference, Interval, bootstrap, paired_difference
from opora.metrics.retrieval import reciprocal_rank
from opora.records import Example
from opora.retrieval.index.table import RERANKER
from opora.retrieval.rerankers.base import Candidate, Reranker
from opora.retrieval.rerankers.lambdamart.lightgbm_trees import LambdaMartReranker
from opora.retrieval.rerankers.registry import open_reranker
from opora.retrieval.search.hybrid import fuse, sort_by_score
from opora.retrieval.search.pipeline import ScoredCandidate, rerank, select
from opora.retrieval.search.searcher import Index
from opora.retrieval.settings import IndexSettings
from opora.validation import Record

FOLDS = 5
RESAMPLES = 2000
TOP = 10
METRICS = {"recall_1": "recall@1", "recall_5": "recall@5", "mrr": "MRR"}
"""Metric -> its heading. Settings are chosen by MRR: it uses every rank, so it needs fewer questions than recall."""


class SearchPoint(Record):
    """One combination of the tuned index settings. `rerank_candidates` 0 means no reranking."""

    dense_weight: float
    candidates: int
    rerank_candidates: int
    mmr_lambda: float


class TuningGrid(NamedTuple):
    """Values to combine; `rerank_candidates` above 0 are skipped if the index has no reranker."""

    dense_weight: tuple[float, ...] = (0.0, 0.1, 0.25, 0.4, 0.6)
    candidates: tuple[int, ...] = (20, 50)
    rerank_candidates: tuple[int, ...] = (0, 10, 30, 50)
    mmr_lambda: tuple[float, ...] = (1.0,)


class TuningRow(Record):
    """A combination of settings and the mean of each metric, with its confidence interval over documents."""

    point: SearchPoint
    scores: dict[str, Interval]


class TuningResult(Record):
    """Rows, best first, and the gain in MRR of the chosen settings over the current ones, on documents that were not
    used to choose."""

    rows: tuple[TuningRow, ...]
    current: TuningRow
    chosen: SearchPoint
    gain: Difference
    questions: int
    documents: int


def tune(index: Index, examples: Sequence[Example], grid: TuningGrid, settings: IndexSettings) -> TuningResult:
    """Evaluate every combination of `grid` and `settings`, the current settings of the index.

    Any gold passage answers a question. Raises InputError if fewer than two documents hold gold passages.
    """
    labelled = [example for example in examples if example.gold]
    gold = [{passage.document_id for passage in example.passages if passage.id in example.gold} for example in labelled]
    clusters = _clusters(gold)
    if len(set(clusters)) < 2:
        raise InputError(
            f"index tune: the {len(labelled)} questions with gold passages cover {len(set(clusters))} documents; at"
            " least two are needed, to choose on some and measure on others"
        )
    reranker = open_reranker(settings.reranker, index.folder / RERANKER, settings=settings.reranking)
    depth = settings.rerank_candidates if reranker else 0
    current = _point([settings.dense_weight, settings.candidates, depth, settings.mmr_lambda])
    combinations = map(_point, itertools.product(*grid))
    points = dict.fromkeys([current, *(point for point in combinations if reranker or not point.rerank_candidates)])
    # a weight above 0 turns dense search on, whatever the current weight is
    searched = index.with_settings(settings.model_copy(update={"dense_weight": 0.5}))
    scores: dict[SearchPoint, list[dict[str, float]]] = {point: [] for point in points}
    for example in track(labelled, "tune", len(labelled)):
        search = _RecordedSearch(searched, example, max(point.candidates for point in points), reranker)
        for point in points:
            scores[point].append(_metrics(search.ranking(point), example.gold))
    return _summarize(scores, current, clusters)


def format_tuning(result: TuningResult, max_rows: int = 12) -> str:
    """Return the best combinations and the current one as a table, the gain, and lines for `opora.yaml`."""
    best = list(result.rows[:max_rows])
    table = [["", *SearchPoint.model_fields, *METRICS.values()]]
    for row in best if result.current in best else [*best, result.current]:
        mark = "*" * (row.point == result.chosen) + "=" * (row == result.current)
        scores = [_format_interval(row.scores[name]) for name in METRICS]
        table.append([mark, *map(_format_value, row.point.model_dump().values()), *scores])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(map(str.ljust, cells, widths)).rstrip() for cells in table]
    noise = "" if result.gain.is_significant else ", not significant"
    lines.append(
        f"\n{result.questions} questions on {result.documents} documents. * best, = current."
        f" Gain in MRR on documents not used to choose: {_format_interval(result.gain)}{noise}\n\nindex:"
    )
    chosen = result.chosen.model_dump(exclude=set() if result.chosen.rerank_candidates else {"rerank_candidates"})
    lines += [f"  {name}: {_format_value(value)}" for name, value in chosen.items()]
    if result.current.point.rerank_candidates and not result.chosen.rerank_candidates:
        lines.append("  reranker: none")
    return "\n".join(lines)


class _RecordedSearch:
    """Candidates of one question, ranked for any combination of settings without searching again."""

    def __init__(self, index: Index, example: Example, limit: int, reranker: Reranker | None) -> None:
        self._query, self._candidates = index.candidates(example.question, limit)
        self._ranks = list(zip(*(_ranks(self._candidates, name) for name in ("bm25", "cosine")), strict=True))
        self._reranker = reranker
        self._scores: dict[frozenset[str], dict[str, float]] = {}

    def ranking(self, point: SearchPoint) -> list[str]:
        """Return the ids of the best passages, as a search with these settings returns them."""
        weight = point.dense_weight if self._query.vector is not None else 0.0
        ranks = [pair if weight else pair[:1] for pair in self._ranks]
        ranked_twice = zip(self._candidates, ranks, strict=True)
        candidates = [candidate for candidate, pair in ranked_twice if min(pair) < point.candidates]
        ranked: Iterable[ScoredCandidate] = itertools.starmap(
            ScoredCandidate, sort_by_score(candidates, fuse(candidates, self._query.language, weight))
        )
        if limit := point.rerank_candidates:
            ordered = [row.candidate for row in ranked]
            ranked = rerank(ordered[:limit], self._rerank, ordered[limit:])
        return [row.candidate.id for row in select(ranked, TOP, point.mmr_lambda)]

    def _rerank(self, front: Sequence[Candidate]) -> list[float]:
        """Score candidates. LambdaMART compares them with each other; other models score each one alone and once."""
        assert self._reranker is not None
        group = {candidate.id for candidate in front} if isinstance(self._reranker, LambdaMartReranker) else ()
        scores = self._scores.setdefault(frozenset(group), {})
        if new := [candidate for candidate in front if candidate.id not in scores]:
            ids = [candidate.id for candidate in new]
            scores |= zip(ids, self._reranker.score(self._query, new), strict=True)
        return [scores[candidate.id] for candidate in front]


def _ranks(candidates: Sequence[Candidate], name: Literal["bm25", "cosine"]) -> list[float]:
    """Return the rank of each candidate by one of its scores, from 0; infinite for a score of 0."""
    scores = [getattr(candidate, name) for candidate in candidates]
    rank_of = {i: rank for rank, i in enumerate(sorted(range(len(scores)), key=lambda i: -scores[i]))}
    return [rank_of[i] if score > 0 else math.inf for i, score in enumerate(scores)]


def _point(values: Iterable[float]) -> SearchPoint:
    return SearchPoint.model_validate(dict(zip(TuningGrid._fields, values, strict=True)))


def _metrics(ranking: Sequence[str], gold: Collection[str]) -> dict[str, float]:
    relevant = [{0} if passage_id in gold else set[int]() for passage_id in ranking]
    recalls = {f"recall_{k}": float(any(relevant[:k])) for k in (1, 5)}
    return {**recalls, "mrr": reciprocal_rank(relevant)}


def _summarize(
    scores: Mapping[SearchPoint, Sequence[Mapping[str, float]]], current: SearchPoint, clusters: Sequence[str]
) -> TuningResult:
    ranks = {point: [row["mrr"] for row in rows] for point, rows in scores.items()}

    def by_score(questions: Sequence[int]) -> list[SearchPoint]:
        """Return the points, best first; among equals the current one comes first, then the cheapest."""

        def key(point: SearchPoint) -> tuple[float, ...]:
            mean = statistics.fmean(ranks[point][i] for i in questions)
            cost = (point.rerank_candidates, point.candidates, -point.mmr_lambda, point.dense_weight)
            return -round(mean, 9), point != current, *cost

        return sorted(scores, key=key)

    folds = _folds(clusters)
    without = {fold: by_score([i for i, assigned in enumerate(folds) if assigned != fold])[0] for fold in set(folds)}
    rows = {}
    for point in by_score(range(len(folds))):
        columns = {name: [row[name] for row in scores[point]] for name in METRICS}
        intervals = {name: bootstrap(column, 0, RESAMPLES, clusters) for name, column in columns.items()}
        rows[point] = TuningRow(point=point, scores=intervals)
    held_out = [ranks[without[fold]][i] for i, fold in enumerate(folds)]
    return TuningResult(
        rows=tuple(rows.values()),
        current=rows[current],
        chosen=next(iter(rows)),
        gain=paired_difference(held_out, ranks[current], clusters=clusters),
        questions=len(clusters),
        documents=len(set(clusters)),
    )


def _folds(clusters: Sequence[str]) -> list[int]:
    """Return the fold of each question; clusters stay whole and are distributed in the order of a hash."""
    ordered = sorted(set(clusters), key=lambda name: hashlib.sha256(name.encode()).digest())
    fold_of = {name: position % min(FOLDS, len(ordered)) for position, name in enumerate(ordered)}
    return [fold_of[name] for name in clusters]


def _clusters(documents: Sequence[Collection[str]]) -> list[str]:
    """Return a cluster name per question. Questions that share a document, directly or through others, share it."""
    merged: list[set[str]] = []
    for ids in documents:
        touching = [cluster for cluster in merged if not cluster.isdisjoint(ids)]
        merged = [cluster for cluster in merged if cluster.isdisjoint(ids)] + [set(ids).union(*touching)]
    name_of = {document: min(cluster) for cluster in merged for document in cluster}
    return [name_of[min(ids)] for ids in documents]


def _format_interval(interval: Interval) -> str:
    # at least two documents, so that there is a mean and an interval
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _format_value(value: float) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
