"""Which settings of the search find most, on questions with known passages.

In: an index, examples with gold passages, a grid. Out: the score of each point of the grid, the best one, and what
choosing is worth: chosen on four fifths of the documents, scored on the fifth that had no say.

    tuning = tune(index, examples, Grid())
    print(format_tuning(tuning))

Every question is searched for and ranked anew once, as deep as the grid goes; all points are computed from that.
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
from opora.retrieval.index.stage import RERANKER
from opora.retrieval.rerankers.base import Candidate, Reranker
from opora.retrieval.rerankers.lambdamart.lightgbm_trees import ForestReranker
from opora.retrieval.rerankers.registry import open_reranker
from opora.retrieval.search.hybrid import best_first, fuse
from opora.retrieval.search.mmr import Ranked, choose, rerank
from opora.retrieval.search.searcher import Index
from opora.retrieval.settings import IndexSettings
from opora.validation import Record

FOLDS = 5
RESAMPLES = 2000
TOP = 10
METRICS = ("recall_1", "recall_5", "mrr")
CHIEF = "mrr"
"""What settings are chosen by: it counts every place, so it tells more from few questions than recall at one place."""


class Point(Record):
    """Values of the settings of the index that are tuned. `rerank_depth` 0: nothing is ranked anew."""

    dense_weight: float
    depth: int
    rerank_depth: int
    diversity: float


class Grid(NamedTuple):
    """Values to try, in all combinations; those of `rerank_depth` only where the index has a reranker."""

    dense_weight: tuple[float, ...] = (0.0, 0.1, 0.25, 0.4, 0.6)
    depth: tuple[int, ...] = (20, 50)
    rerank_depth: tuple[int, ...] = (0, 10, 30, 50)
    diversity: tuple[float, ...] = (0.0,)


class Row(Record):
    """A point and the mean of each metric with its interval over documents."""

    point: Point
    scores: dict[str, Interval]


class Tuning(Record):
    """`rows`: best first; `chosen`: the point of the first; `gain`: of choosing, against the settings that the index
    has now, on documents that had no say in it (mean reciprocal rank)."""

    rows: tuple[Row, ...]
    current: Row
    chosen: Point
    gain: Difference
    questions: int
    documents: int


def tune(index: Index, examples: Sequence[Example], grid: Grid, settings: IndexSettings) -> Tuning:
    """Try every point of `grid`. `settings`: those of the index that are in force now. A question counts as answered by
    any of its gold passages. Raises InputError if fewer than two documents hold gold passages."""
    known = [each for each in examples if each.gold]
    clusters = _clusters([_documents(each) for each in known])
    if len(set(clusters)) < 2:
        raise InputError(
            f"index tune: {len(known)} questions with gold passages on {len(set(clusters))} documents; two are the"
            " least, for settings are chosen on some and measured on others"
        )
    reranker = open_reranker(settings.reranker, index.folder / RERANKER)
    current = Point(
        dense_weight=settings.dense_weight,
        depth=settings.depth,
        rerank_depth=settings.rerank_depth if reranker else 0,
        diversity=settings.diversity,
    )
    points = list(dict.fromkeys([current, *_points(grid, reranker is not None)]))
    # vectors are looked for whatever their weight is now
    searched = Index(index.folder, index.manifest, settings.model_copy(update={"dense_weight": 0.5}))
    scores: dict[Point, list[dict[str, float]]] = {point: [] for point in points}
    for example in track(known, "tune", len(known)):
        asked = _Asked(searched, example, max(each.depth for each in points), reranker)
        for point in points:
            scores[point].append(_metrics(asked.ranking(point), example.gold))
    return _tuning(scores, current, clusters)


def format_tuning(tuning: Tuning, shown: int = 12) -> str:
    """The best points and the current one as a table, what choosing is worth, and the lines for `opora.yaml`."""
    head = [*Point.model_fields, "recall@1", "recall@5", "MRR"]
    best = list(tuning.rows[:shown])
    rows = best if tuning.current in best else [*best, tuning.current]
    cells = [
        [_mark(row, tuning), *map(_shown, row.point.model_dump().values()), *map(_interval, _ordered(row))]
        for row in rows
    ]
    lines = _aligned([["", *head], *cells])
    gain = tuning.gain
    noise = "" if gain.beyond_noise else ", within the noise"
    lines.append(
        f"\n{tuning.questions} questions on {tuning.documents} documents. * best, = as it is now."
        f" MRR gained by choosing, on documents that had no say: {_interval(gain)}{noise}"
    )
    lines += ["", "index:"]
    lines += [
        f"  {name}: {_shown(value)}"
        for name, value in tuning.chosen.model_dump().items()
        if name != "rerank_depth" or value
    ]
    if tuning.current.point.rerank_depth and not tuning.chosen.rerank_depth:
        lines.append("  reranker: none")
    return "\n".join(lines)


class _Asked:
    """A question that was searched for, as deep as the grid goes."""

    def __init__(self, index: Index, example: Example, depth: int, reranker: Reranker | None) -> None:
        self._question, self._found = index.candidates(example.question, depth)
        self._places = [_places([each.bm25 for each in self._found]), _places([each.cosine for each in self._found])]
        self._reranker = reranker
        self._compared: dict[frozenset[str], dict[str, float]] = {}
        self._read: dict[str, float] = {}

    def ranking(self, point: Point) -> list[str]:
        """Ids of the best passages, as a search with these settings shows them."""
        dense = self._question.vector is not None
        deep = [self._places[0], self._places[1]] if dense and point.dense_weight else [self._places[0]]
        found = [each for at, each in enumerate(self._found) if any(ranks[at] < point.depth for ranks in deep)]
        fused = fuse(found, self._question.language, point.dense_weight if dense else 0.0)
        ranked: Iterable[Ranked] = itertools.starmap(Ranked, best_first(found, fused))
        if depth := point.rerank_depth:
            candidates = [each.candidate for each in ranked]
            ranked = rerank(candidates[:depth], self._score, candidates[depth:])
        return [each.candidate.id for each in choose(ranked, TOP, point.diversity)]

    def _score(self, front: Sequence[Candidate]) -> list[float]:
        """A forest compares the candidates with each other; a model reads each by itself, so it reads each once."""
        assert self._reranker is not None
        if isinstance(self._reranker, ForestReranker):
            key = frozenset(each.id for each in front)
            if key not in self._compared:
                scores = self._reranker.score(self._question, front)
                self._compared[key] = dict(zip([each.id for each in front], scores, strict=True))
            return [self._compared[key][each.id] for each in front]
        new = [each for each in front if each.id not in self._read]
        self._read |= dict(zip([each.id for each in new], self._reranker.score(self._question, new), strict=True))
        return [self._read[each.id] for each in front]


def _places(scores: Sequence[float]) -> list[float]:
    """The place of each score, from 0; infinite where there is none."""
    order = sorted(range(len(scores)), key=lambda at: -scores[at])
    places = {at: float(place) for place, at in enumerate(order)}
    return [places[at] if score > 0 else math.inf for at, score in enumerate(scores)]


def _points(grid: Grid, reranks: bool) -> Iterator[Point]:
    for weight, depth, rerank_depth, diversity in itertools.product(*grid):
        if reranks or not rerank_depth:
            yield Point(dense_weight=weight, depth=depth, rerank_depth=rerank_depth, diversity=diversity)


def _metrics(ranking: Sequence[str], gold: Collection[str]) -> dict[str, float]:
    held = [{0} if each in gold else set[int]() for each in ranking]
    recalls = {f"recall_{k}": float(any(held[:k])) for k in (1, 5)}
    return {**recalls, "mrr": reciprocal_rank(held)}


def _tuning(scores: Mapping[Point, Sequence[Mapping[str, float]]], current: Point, clusters: Sequence[str]) -> Tuning:
    chief = {point: [each[CHIEF] for each in rows] for point, rows in scores.items()}
    folds = _folds(clusters)
    chosen_apart = {
        fold: _best(chief, current, [at for at, each in enumerate(folds) if each != fold]) for fold in folds
    }
    honest = [chief[chosen_apart[fold]][at] for at, fold in enumerate(folds)]
    ordered = sorted(scores, key=lambda point: _merit(chief, current, range(len(folds)), point))
    rows = {
        point: Row(
            point=point,
            scores={
                name: bootstrap([each[name] for each in scores[point]], resamples=RESAMPLES, clusters=clusters)
                for name in METRICS
            },
        )
        for point in ordered
    }
    return Tuning(
        rows=tuple(rows.values()),
        current=rows[current],
        chosen=ordered[0],
        gain=paired_difference(honest, chief[current], clusters=clusters),
        questions=len(clusters),
        documents=len(set(clusters)),
    )


def _best(chief: Mapping[Point, Sequence[float]], current: Point, places: Sequence[int]) -> Point:
    return min(chief, key=lambda point: _merit(chief, current, places, point))


def _merit(
    chief: Mapping[Point, Sequence[float]], current: Point, places: Sequence[int], point: Point
) -> tuple[float, bool, int, int, float, float]:
    """What to order points by, the best first; of equals the current one, else the one that costs least."""
    mean = statistics.fmean(chief[point][at] for at in places)
    return -round(mean, 9), point != current, point.rerank_depth, point.depth, point.diversity, point.dense_weight


def _folds(clusters: Sequence[str]) -> list[int]:
    """The fold of each question: whole clusters, in the order of a hash, dealt out."""
    ordered = sorted(set(clusters), key=lambda each: hashlib.sha256(each.encode()).digest())
    fold_of = {each: place % min(FOLDS, len(ordered)) for place, each in enumerate(ordered)}
    return [fold_of[each] for each in clusters]


def _documents(example: Example) -> frozenset[str]:
    return frozenset(each.document_id for each in example.passages if each.id in example.gold)


def _clusters(documents: Sequence[frozenset[str]]) -> list[str]:
    """A name for each question; those that share a document, also by way of others, have the same."""
    merged: list[set[str]] = []
    for each in documents:
        touching = [cluster for cluster in merged if cluster & each]
        merged = [cluster for cluster in merged if not cluster & each] + [set(each).union(*touching)]
    name_of = {document: min(cluster) for cluster in merged for document in cluster}
    return [name_of[min(each)] for each in documents]


def _mark(row: Row, tuning: Tuning) -> str:
    return ("*" if row.point == tuning.chosen else "") + ("=" if row.point == tuning.current.point else "")


def _ordered(row: Row) -> Iterator[Interval]:
    return (row.scores[name] for name in METRICS)


def _interval(interval: Interval) -> str:
    if interval.mean is None or interval.low is None or interval.high is None:
        return _shown(interval.mean)
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if not isinstance(value, float) or value in (0, 1) else f"{value:.3g}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
