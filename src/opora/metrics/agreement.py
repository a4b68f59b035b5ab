"""Agreement of two raters beyond chance: Cohen's kappa (1960), also weighted (1968), and its interval.

    cohen_kappa([1, 0, 1, 1], [1, 0, 0, 1])                              # 0.5
    cohen_kappa([1, 3, 5], [1, 4, 5], categories=range(1, 6), quadratic=True)

scikit-learn's `cohen_kappa_score` gives the same values, but would be a dependency of 30 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from opora.metrics.bootstrap import RESAMPLES, Interval, with_bounds

T = TypeVar("T")


def cohen_kappa(
    first: Sequence[int], second: Sequence[int], categories: Sequence[int] = (0, 1), quadratic: bool = False
) -> float | None:
    """Return Cohen's kappa of two sequences of ratings of the same length: 1 for full agreement, 0 for that of chance.

    With `quadratic`, a disagreement weighs as its squared distance: 4 against 5 counts less than 1 against 5. None if
    there are no ratings, or only one category in use.
    """
    import numpy as np

    if not first:
        return None
    index = {category: number for number, category in enumerate(categories)}
    size = len(index)
    cells = [index[left] * size + index[right] for left, right in zip(first, second, strict=True)]
    observed = np.bincount(cells, minlength=size * size).reshape(size, size) / len(first)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0))
    distance = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    weights = distance**2 if quadratic else (distance > 0).astype(int)
    chance = float((weights * expected).sum())
    return 1.0 - float((weights * observed).sum()) / chance if chance else None


def cluster_interval(
    statistic: Callable[[Sequence[T]], float | None],
    rows: Sequence[T],
    clusters: Sequence[str],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """Return any statistic of rows with its percentile interval, from draws of whole clusters with replacement; draws
    for which the statistic is None are left out."""
    import numpy as np

    rows_by_cluster: dict[str, list[T]] = {}
    for row, cluster in zip(rows, clusters, strict=True):
        rows_by_cluster.setdefault(cluster, []).append(row)
    value, groups = statistic(rows), list(rows_by_cluster.values())
    interval = Interval(mean=value, low=None, high=None, count=len(rows), clusters=len(groups))
    if value is None or len(groups) < 2:
        return interval
    draws = np.random.default_rng(seed).integers(len(groups), size=(resamples, len(groups)))
    statistics = [statistic([row for number in draw for row in groups[number]]) for draw in draws.tolist()]
    return with_bounds(interval, [value for value in statistics if value is not None])
