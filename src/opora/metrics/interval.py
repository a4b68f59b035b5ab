"""Means with 95 % intervals, and paired differences, by bootstrap over questions.

In: one value a question, None where it is missing. Out: mean and interval over those that are there.

    bootstrap([1.0, 0.0, None, 1.0], seed=0)       # Interval(mean=0.667, low=0.0, high=1.0, count=3, missing=1)
"""

from __future__ import annotations

from collections.abc import Sequence

from opora.records import Record

RESAMPLES = 2000
LEVEL = 95.0
BLOCK_VALUES = 4_000_000
"""Values drawn at once: at most 64 MB, however many questions there are."""


class Interval(Record):
    """A mean and its percentile interval (Efron 1979). `mean` is None where no value is there; `low` and `high` are
    None too where there is only one. Over few questions it is too narrow, and where all values are equal it has no
    width: look at `count`."""

    mean: float | None
    low: float | None
    high: float | None
    count: int
    missing: int = 0

    @property
    def excludes_zero(self) -> bool:
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def bootstrap(values: Sequence[float | None], seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """Mean of the values that are there, and its interval from `resamples` draws with replacement."""
    import numpy as np

    present = np.array([value for value in values if value is not None], dtype=np.float64)
    missing = len(values) - len(present)
    if not len(present):
        return Interval(mean=None, low=None, high=None, count=0, missing=missing)
    mean = float(present.mean())
    if len(present) == 1:
        return Interval(mean=mean, low=None, high=None, count=1, missing=missing)
    rng = np.random.default_rng(seed)
    block = max(1, BLOCK_VALUES // len(present))
    means = np.concatenate(
        [
            present[rng.integers(len(present), size=(min(block, resamples - done), len(present)))].mean(axis=1)
            for done in range(0, resamples, block)
        ]
    )
    low, high = np.percentile(means, [50 - LEVEL / 2, 50 + LEVEL / 2])
    return Interval(mean=mean, low=float(low), high=float(high), count=len(present), missing=missing)


def paired_difference(
    values: Sequence[float | None], baseline: Sequence[float | None], seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """Mean of `values - baseline` over the questions where both are there; the same questions, the same draws."""
    pairs = zip(values, baseline, strict=True)
    differences = [None if one is None or other is None else one - other for one, other in pairs]
    return bootstrap(differences, seed, resamples)
