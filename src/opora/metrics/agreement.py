"""How far two raters agree beyond chance: Cohen's kappa (1960), weighted (1968), and its interval.

In: two ratings of each thing. Out: 1 for full agreement, 0 for what chance would give, below 0 for less.

    cohen_kappa([1, 0, 1, 1], [1, 0, 0, 1])                              # 0.5
    cohen_kappa([1, 3, 5], [1, 4, 5], categories=range(1, 6), quadratic=True)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from opora.metrics.bootstrap import LEVEL, RESAMPLES, Interval

T = TypeVar("T")


def cohen_kappa(
    one: Sequence[int], other: Sequence[int], categories: Sequence[int] = (0, 1), quadratic: bool = False
) -> float | None:
    """`quadratic`: a disagreement weighs as its distance squared, so that 4 for 5 is no 1 for 5. None where there is
    nothing to tell: no ratings, or only one category in use."""
    import numpy as np

    if not one:
        return None
    place = {category: number for number, category in enumerate(categories)}
    size = len(place)
    cells = [place[a] * size + place[b] for a, b in zip(one, other, strict=True)]
    observed = np.bincount(cells, minlength=size * size).reshape(size, size) / len(one)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0))
    distance = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    weights = distance**2 if quadratic else (distance > 0).astype(int)
    chance = float((weights * expected).sum())
    return 1.0 - float((weights * observed).sum()) / chance if chance else None


def interval_of(
    statistic: Callable[[Sequence[T]], float | None],
    rows: Sequence[T],
    clusters: Sequence[str],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """Any statistic of rows with its percentile interval, whole clusters drawn with replacement; draws that the
    statistic cannot tell of are left out."""
    import numpy as np

    groups: dict[str, list[T]] = {}
    for row, cluster in zip(rows, clusters, strict=True):
        groups.setdefault(cluster, []).append(row)
    value, among = statistic(rows), list(groups.values())
    whole = Interval(mean=value, low=None, high=None, count=len(rows), clusters=len(among))
    if value is None or len(among) < 2:
        return whole
    drawn = np.random.default_rng(seed).integers(len(among), size=(resamples, len(among)))
    values = [statistic([row for number in draw for row in among[number]]) for draw in drawn.tolist()]
    low, high = np.quantile([each for each in values if each is not None], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return whole.model_copy(update={"low": float(low), "high": float(high)})
