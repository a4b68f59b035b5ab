"""Grid search over the settings of the search, cross-validated by document.

In: an index, examples with gold passages, a grid. Out: the score of each combination of settings, the best one, and the
gain from choosing it: chosen on four fifths of the documents, measured on the remaining fifth.

    result = tune(index, examples, TuningGrid())
    print(format_tuning(result))

Every question is searched and reranked once, as deep as the grid requires; all combinations are computed from that.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import statistics
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

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
from opora.retrieval.search.mmr import ScoredCandidate, rerank, select
from opora.retrieval.search.searcher import Index
from opora.retrieval.settings import IndexSettings
from opora.validation import Record

FOLDS = 5
RESAMPLES = 2000
TOP = 10
METRICS = ("recall_1", "recall_5", "mrr")
SELECTION_METRIC = "mrr"
"""Metric that settings are chosen by. It uses every rank, so it needs fewer questions than recall at one rank."""


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
    """Rows, best first, and the gain of the chosen settings over the current ones.

    `gain` is the difference in mean reciprocal rank on documents that were not used to choose.
    """

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
    clusters = _clusters([_gold_documents(example) for example in labelled])
    if len(set(clusters)) < 2:
        raise InputError(
            f"index tune: the {len(labelled)} questions with gold passages cover {len(set(clusters))} documents; at"
            " least two are needed, to choose on some and measure on others"
        )
    reranker = open_reranker(settings.reranker, index.folder / RERANKER, settings=settings.reranking)
    current = SearchPoint(
        dense_weight=settings.dense_weight,
        candidates=settings.candidates,
        rerank_candidates=settings.rerank_candidates if reranker else 0,
        mmr_lambda=settings.mmr_lambda,
    )
    points = list(dict.fromkeys([current, *_points(grid, reranker is not None)]))
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
    head = [*SearchPoint.model_fields, "recall@1", "recall@5", "MRR"]
    best = list(result.rows[:max_rows])
    rows = best if result.current in best else [*best, result.current]
    cells = [
        [_mark(row, result), *map(_format_value, row.point.model_dump().values()), *map(_format_interval, _scores(row))]
        for row in rows
    ]
    lines = _aligned([["", *head], *cells])
    noise = "" if result.gain.is_significant else ", not significant"
    lines.append(
        f"\n{result.questions} questions on {result.documents} documents. * best, = current."
        f" Gain in MRR on documents not used to choose: {_format_interval(result.gain)}{noise}"
    )
    lines += ["", "index:"]
    lines += [
        f"  {name}: {_format_value(value)}"
        for name, value in result.chosen.model_dump().items()
        if name != "rerank_candidates" or value
    ]
    if result.current.point.rerank_candidates and not result.chosen.rerank_candidates:
        lines.append("  reranker: none")
    return "\n".join(lines)


class _RecordedSearch:
    """Candidates of one question, ranked for any combination of settings without searching again."""

    def __init__(self, index: Index, example: Example, limit: int, reranker: Reranker | None) -> None:
        self._query, self._candidates = index.candidates(example.question, limit)
        self._bm25_ranks = _ranks([candidate.bm25 for candidate in self._candidates])
        self._dense_ranks = _ranks([candidate.cosine for candidate in self._candidates])
        self._reranker = reranker
        self._scores_by_set: dict[frozenset[str], dict[str, float]] = {}
        self._scores: dict[str, float] = {}

    def ranking(self, point: SearchPoint) -> list[str]:
        """Return the ids of the best passages, as a search with these settings returns them."""
        dense = self._query.vector is not None
        ranks = [self._bm25_ranks, self._dense_ranks] if dense and point.dense_weight else [self._bm25_ranks]
        candidates = [
            candidate
            for i, candidate in enumerate(self._candidates)
            if any(column[i] < point.candidates for column in ranks)
        ]
        fused = fuse(candidates, self._query.language, point.dense_weight if dense else 0.0)
        ranked: Iterable[ScoredCandidate] = itertools.starmap(ScoredCandidate, sort_by_score(candidates, fused))
        if limit := point.rerank_candidates:
            ordered = [row.candidate for row in ranked]
            ranked = rerank(ordered[:limit], self._rerank, ordered[limit:])
        return [row.candidate.id for row in select(ranked, TOP, point.mmr_lambda)]

    def _rerank(self, front: Sequence[Candidate]) -> list[float]:
        """Score candidates. LambdaMART compares them with each other; other models score each one alone and once."""
        assert self._reranker is not None
        ids = [candidate.id for candidate in front]
        if isinstance(self._reranker, LambdaMartReranker):
            key = frozenset(ids)
            if key not in self._scores_by_set:
                self._scores_by_set[key] = dict(zip(ids, self._reranker.score(self._query, front), strict=True))
            return [self._scores_by_set[key][id] for id in ids]
        new = [candidate for candidate in front if candidate.id not in self._scores]
        scores = self._reranker.score(self._query, new)
        self._scores |= {candidate.id: score for candidate, score in zip(new, scores, strict=True)}
        return [self._scores[id] for id in ids]


def _ranks(scores: Sequence[float]) -> list[float]:
    """Return the rank of each score, from 0; infinite for a score of 0."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    ranks = {i: float(rank) for rank, i in enumerate(order)}
    return [ranks[i] if score > 0 else math.inf for i, score in enumerate(scores)]


def _points(grid: TuningGrid, has_reranker: bool) -> Iterator[SearchPoint]:
    for values in itertools.product(*grid):
        point = SearchPoint.model_validate(dict(zip(TuningGrid._fields, values, strict=True)))
        if has_reranker or not point.rerank_candidates:
            yield point


def _metrics(ranking: Sequence[str], gold: Collection[str]) -> dict[str, float]:
    relevant = [{0} if passage_id in gold else set[int]() for passage_id in ranking]
    recalls = {f"recall_{k}": float(any(relevant[:k])) for k in (1, 5)}
    return {**recalls, "mrr": reciprocal_rank(relevant)}


def _summarize(
    scores: Mapping[SearchPoint, Sequence[Mapping[str, float]]], current: SearchPoint, clusters: Sequence[str]
) -> TuningResult:
    selection = {point: [row[SELECTION_METRIC] for row in rows] for point, rows in scores.items()}
    folds = _folds(clusters)
    chosen_without = {
        fold: _best(selection, current, [i for i, assigned in enumerate(folds) if assigned != fold]) for fold in folds
    }
    held_out = [selection[chosen_without[fold]][i] for i, fold in enumerate(folds)]
    ordered = sorted(scores, key=lambda point: _sort_key(selection, current, range(len(folds)), point))
    rows = {
        point: TuningRow(
            point=point,
            scores={
                name: bootstrap([row[name] for row in scores[point]], resamples=RESAMPLES, clusters=clusters)
                for name in METRICS
            },
        )
        for point in ordered
    }
    return TuningResult(
        rows=tuple(rows.values()),
        current=rows[current],
        chosen=ordered[0],
        gain=paired_difference(held_out, selection[current], clusters=clusters),
        questions=len(clusters),
        documents=len(set(clusters)),
    )


def _best(
    selection: Mapping[SearchPoint, Sequence[float]], current: SearchPoint, questions: Sequence[int]
) -> SearchPoint:
    return min(selection, key=lambda point: _sort_key(selection, current, questions, point))


def _sort_key(
    selection: Mapping[SearchPoint, Sequence[float]],
    current: SearchPoint,
    questions: Sequence[int],
    point: SearchPoint,
) -> tuple[float, bool, int, int, float, float]:
    """Order points by score; among equals the current one comes first, then the cheapest."""
    mean = statistics.fmean(selection[point][i] for i in questions)
    cost = (point.rerank_candidates, point.candidates, -point.mmr_lambda, point.dense_weight)
    return -round(mean, 9), point != current, *cost


def _folds(clusters: Sequence[str]) -> list[int]:
    """Return the fold of each question; clusters stay whole and are distributed in the order of a hash."""
    ordered = sorted(set(clusters), key=lambda name: hashlib.sha256(name.encode()).digest())
    fold_of = {name: position % min(FOLDS, len(ordered)) for position, name in enumerate(ordered)}
    return [fold_of[name] for name in clusters]


def _gold_documents(example: Example) -> frozenset[str]:
    return frozenset(passage.document_id for passage in example.passages if passage.id in example.gold)


def _clusters(documents: Sequence[frozenset[str]]) -> list[str]:
    """Return a cluster name per question. Questions that share a document, directly or through others, share it."""
    merged: list[set[str]] = []
    for ids in documents:
        touching = [cluster for cluster in merged if cluster & ids]
        merged = [cluster for cluster in merged if not cluster & ids] + [set(ids).union(*touching)]
    name_of = {document: min(cluster) for cluster in merged for document in cluster}
    return [name_of[min(ids)] for ids in documents]


def _mark(row: TuningRow, result: TuningResult) -> str:
    return ("*" if row.point == result.chosen else "") + ("=" if row.point == result.current.point else "")


def _scores(row: TuningRow) -> Iterator[Interval]:
    return (row.scores[name] for name in METRICS)


def _format_interval(interval: Interval) -> str:
    if interval.mean is None or interval.low is None or interval.high is None:
        return _format_value(interval.mean)
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _format_value(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if not isinstance(value, float) or value in (0, 1) else f"{value:.3g}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
