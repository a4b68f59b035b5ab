"""Means with 95 % intervals, and paired differences, by bootstrap over questions; those on one document are drawn
together.

In: one value a question, None where it is missing. Out: mean and interval over those that are there.

    bootstrap([1.0, 0.0, None, 1.0], seed=0)       # Interval(mean=0.667, low=0.0, high=1.0, count=3, missing=1)
    differences = [paired_difference(each, baseline, documents) for each in rows]
    holm(differences)[0].is_significant
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

from opora.validation import Record

if TYPE_CHECKING:
    import numpy as np

Values = Sequence[float | None]
RESAMPLES = 10_000
LEVEL = 0.95
POWER = 0.8
BLOCK_VALUES = 4_000_000
"""Values drawn at once: at most 64 MB, however many questions there are."""


class Interval(Record):
    """A mean and its percentile interval (Efron 1979). `mean` is None where no value is there; `low` and `high` are
    None too where there is only one cluster. Over few of them it is too narrow, and where all values are equal it has
    no width: look at `count` and `clusters`."""

    mean: float | None
    low: float | None
    high: float | None
    count: int
    missing: int = 0
    clusters: int = 0
    """How many were drawn from: documents, or questions where each stands alone."""


class Difference(Interval):
    """A paired difference. `p`: two-sided, from the same draws; `adjusted`: by Holm, among those it stands with;
    `error`: the standard error, of the draws; `detectable`: the smallest true difference that this many questions would
    show four times out of five, None where no difference could be shown."""

    p: float | None = None
    adjusted: float | None = None
    error: float | None = None
    detectable: float | None = None

    @property
    def is_significant(self) -> bool:
        p = self.p if self.adjusted is None else self.adjusted
        return p is not None and p < 1 - LEVEL


class Draws(NamedTuple):
    """What a bootstrap drew: the interval, and the mean of each draw (empty with one cluster or none)."""

    interval: Interval
    means: np.ndarray


def bootstrap(
    values: Values, seed: int = 0, resamples: int = RESAMPLES, clusters: Sequence[str] | None = None
) -> Interval:
    """Mean of the values that are there, and its interval from `resamples` draws of whole clusters with replacement
    (Davison & Hinkley 1997, 3.8); without `clusters` each value is its own."""
    return _draw(values, seed, resamples, clusters).interval


def paired_difference(
    values: Values,
    baseline: Values,
    seed: int = 0,
    resamples: int = RESAMPLES,
    clusters: Sequence[str] | None = None,
) -> Difference:
    """Mean of `values - baseline` over the questions where both are there; the same questions, the same draws.

    `p` is twice the smaller share of draws on either side of zero, (b + 1) / (B + 1), and never less than 2 / 2^k, what
    a sign test over k clusters can show at best: a bootstrap over few clusters is too sure of itself.
    """
    pairs = zip(values, baseline, strict=True)
    differences = [None if one is None or other is None else one - other for one, other in pairs]
    interval, means = _draw(differences, seed, resamples, clusters)
    if not len(means):
        return Difference(**interval.model_dump())
    sides = min(int((means <= 0).sum()), int((means >= 0).sum()))
    p = min(1.0, max(2 * (sides + 1) / (len(means) + 1), 2.0 ** (1 - interval.clusters)))
    error = float(means.std())
    return Difference(**interval.model_dump(), p=p, error=error, detectable=_detectable(error, interval.clusters, 1))


def holm(differences: Sequence[Difference]) -> list[Difference]:
    """The same differences with `adjusted`: p by Holm (1979), which keeps the chance of one false alarm among them all
    at 5 %. Those without a p are not counted. `detectable` is that of the strictest of its steps."""
    ordered = sorted((each.p, number) for number, each in enumerate(differences) if each.p is not None)
    adjusted: dict[int, float] = {}
    largest = 0.0
    for rank, (p, number) in enumerate(ordered):
        largest = max(largest, min(1.0, p * (len(ordered) - rank)))
        adjusted[number] = largest
    return [
        each.model_copy(
            update={
                "adjusted": adjusted.get(number),
                "detectable": _detectable(each.error, each.clusters, max(1, len(ordered))),
            }
        )
        for number, each in enumerate(differences)
    ]


def _detectable(error: float | None, clusters: int, comparisons: int) -> float | None:
    """Standard errors that a true difference must have to be seen with the power, 2.80 with one comparison, times the
    standard error. None where all draws are equal, or where so few clusters cannot bring p below the level."""
    level = (1 - LEVEL) / comparisons
    if not error or 2.0 ** (1 - clusters) >= level:
        return None
    return error * (NormalDist().inv_cdf(1 - level / 2) + NormalDist().inv_cdf(POWER))


def _draw(values: Values, seed: int, resamples: int, clusters: Sequence[str] | None) -> Draws:
    import numpy as np

    there = np.array([value is not None for value in values], dtype=bool)
    present = np.array([value for value in values if value is not None], dtype=np.float64)
    count, missing = len(present), len(values) - len(present)
    if not count:
        return Draws(Interval(mean=None, low=None, high=None, count=0, missing=missing), present)
    names = np.arange(len(values)) if clusters is None else np.asarray(clusters)
    _, of = np.unique(names[there], return_inverse=True)
    sums, sizes = np.bincount(of, present), np.bincount(of)
    mean = float(present.mean())
    if len(sums) == 1:
        one = Interval(mean=mean, low=None, high=None, count=count, missing=missing, clusters=1)
        return Draws(one, np.empty(0))
    rng = np.random.default_rng(seed)
    block = max(1, BLOCK_VALUES // len(sums))
    blocks = []
    for done in range(0, resamples, block):
        drawn = rng.integers(len(sums), size=(min(block, resamples - done), len(sums)))
        blocks.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    means = np.concatenate(blocks)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    interval = Interval(mean=mean, low=float(low), high=float(high), count=count, missing=missing, clusters=len(sums))
    return Draws(interval, means)
