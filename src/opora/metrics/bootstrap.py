"""Means with 95 % intervals and paired differences, by bootstrap over questions or over clusters of questions.

bootstrap([1.0, 0.0, None, 1.0], seed=0)       # Interval(mean=0.667, low=0.0, high=1.0, count=3, missing=1)
differences = [paired_difference(values, baseline, documents) for values in rows]
holm(differences)[0].is_significant
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from statistics import NormalDist
from typing import TYPE_CHECKING

from opora.validation import Record

if TYPE_CHECKING:
    import numpy as np

Values = Sequence[float | None]
RESAMPLES = 10_000
LEVEL = 0.95
POWER = 0.8
MAX_BLOCK_VALUES = 4_000_000
"""Values drawn at once: at most 64 MB, however many questions there are."""


class Interval(Record):
    """A mean and its percentile interval (Efron 1979).

    `mean` is None without values; `low` and `high` are None with fewer than two clusters. With few clusters the
    interval is too narrow, and with equal values it has no width: look at `count` and `clusters`.
    """

    mean: float | None
    low: float | None
    high: float | None
    count: int
    missing: int = 0
    clusters: int = 0
    """Number of units that were resampled: documents, or questions if each is its own cluster."""


class Difference(Interval):
    """A paired difference with its two-sided p value from the same draws."""

    p: float | None = None
    adjusted: float | None = None
    """p value by Holm, among the differences that it is compared with."""
    error: float | None = None
    """Standard error, from the draws."""
    detectable: float | None = None
    """Minimum detectable effect: the smallest true difference that this many questions detect with a power of 80 %;
    None if no difference could be detected."""

    @property
    def is_significant(self) -> bool:
        p = self.p if self.adjusted is None else self.adjusted
        return p is not None and p < 1 - LEVEL


def bootstrap(
    values: Values, seed: int = 0, resamples: int = RESAMPLES, clusters: Sequence[str] | None = None
) -> Interval:
    """Return the mean of the present values and its interval from `resamples` draws of whole clusters with replacement
    (Davison & Hinkley 1997, section 3.8). Without `clusters`, each value is its own cluster."""
    return _draw(values, seed, resamples, clusters)[0]


def paired_difference(
    values: Values, baseline: Values, seed: int = 0, resamples: int = RESAMPLES, clusters: Sequence[str] | None = None
) -> Difference:
    """Return the mean of `values - baseline` over the questions where both are present, with the same draws for all.

    `p` is twice the smaller share of draws on either side of zero, (b + 1) / (B + 1), and never below 2 / 2^k, the
    minimum of a sign test over k clusters: a bootstrap over few clusters is overconfident.
    """
    pairs = zip(values, baseline, strict=True)
    differences = [None if value is None or base is None else value - base for value, base in pairs]
    interval, means = _draw(differences, seed, resamples, clusters)
    if not len(means):
        return Difference(**interval.model_dump())
    tail = min(int((means <= 0).sum()), int((means >= 0).sum()))
    p = min(1.0, max(2 * (tail + 1) / (len(means) + 1), 2.0 ** (1 - interval.clusters)))
    error = float(means.std())
    return Difference(**interval.model_dump(), p=p, error=error, detectable=_detectable(error, interval.clusters, 1))


def holm(differences: Sequence[Difference]) -> list[Difference]:
    """Return the differences with p values adjusted by Holm (1979), which keeps the probability of any false positive
    at 5 %. Differences without a p value are not counted. `detectable` becomes that of the strictest step."""
    ordered = sorted((difference.p, index) for index, difference in enumerate(differences) if difference.p is not None)
    corrected = accumulate((min(1.0, p * (len(ordered) - rank)) for rank, (p, _) in enumerate(ordered)), max)
    adjusted = {index: p for (_, index), p in zip(ordered, corrected, strict=True)}
    updated = []
    for index, difference in enumerate(differences):
        detectable = _detectable(difference.error, difference.clusters, max(1, len(ordered)))
        updated.append(difference.model_copy(update={"adjusted": adjusted.get(index), "detectable": detectable}))
    return updated


def _detectable(error: float | None, clusters: int, comparisons: int) -> float | None:
    """Return the minimum detectable effect: with one comparison, 2.80 standard errors. None if all draws are equal, or
    if so few clusters cannot bring p below the level."""
    level = (1 - LEVEL) / comparisons
    if not error or 2.0 ** (1 - clusters) >= level:
        return None
    return error * (NormalDist().inv_cdf(1 - level / 2) + NormalDist().inv_cdf(POWER))


def with_bounds(interval: Interval, draws: Sequence[float] | np.ndarray) -> Interval:
    """Return an interval with the percentiles of draws as its bounds."""
    import numpy as np

    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return interval.model_copy(update={"low": float(low), "high": float(high)})


def _draw(values: Values, seed: int, resamples: int, clusters: Sequence[str] | None) -> tuple[Interval, np.ndarray]:
    """Return the interval, and the mean of each draw; there are no draws with fewer than two clusters."""
    import numpy as np

    is_present = np.array([value is not None for value in values], dtype=bool)
    present = np.array([value for value in values if value is not None], dtype=np.float64)
    count, missing = len(present), len(values) - len(present)
    if not count:
        return Interval(mean=None, low=None, high=None, count=0, missing=missing), present
    names = np.arange(len(values)) if clusters is None else np.asarray(clusters)
    _, cluster = np.unique(names[is_present], return_inverse=True)
    sums, sizes = np.bincount(cluster, present), np.bincount(cluster)
    mean = float(present.mean())
    interval = Interval(mean=mean, low=None, high=None, count=count, missing=missing, clusters=len(sums))
    if len(sums) == 1:
        return interval, np.empty(0)
    rng = np.random.default_rng(seed)
    block = max(1, MAX_BLOCK_VALUES // len(sums))
    blocks = []
    for start in range(0, resamples, block):
        draws = rng.integers(len(sums), size=(min(block, resamples - start), len(sums)))
        blocks.append(sums[draws].sum(axis=1) / sizes[draws].sum(axis=1))
    means = np.concatenate(blocks)
    return with_bounds(interval, means), means
