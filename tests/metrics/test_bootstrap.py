"""Coverage of intervals, p values and the correction for several comparisons."""

import numpy as np
import pytest

from opora.metrics.bootstrap import Difference, bootstrap, holm, paired_difference


def test_missing_values_are_counted_and_ignored():
    interval = bootstrap([1.0, None, 0.0, 1.0])
    assert (interval.count, interval.missing) == (3, 1)
    assert interval.mean == pytest.approx(2 / 3)
    assert interval.low <= interval.mean <= interval.high


@pytest.mark.parametrize(
    ("values", "mean", "low"), [([], None, None), ([None], None, None), ([0.5], 0.5, None), ([1.0, 1.0], 1.0, 1.0)]
)
def test_few_values(values, mean, low):
    interval = bootstrap(values)
    assert (interval.mean, interval.low) == (mean, low)


def test_draws_depend_on_the_seed_only():
    values = list(np.random.default_rng(0).normal(size=50))
    assert bootstrap(values, seed=1) == bootstrap(values, seed=1) != bootstrap(values, seed=2)


def test_coverage_is_near_the_nominal_level():
    rng = np.random.default_rng(0)
    intervals = [bootstrap(list(rng.normal(size=60)), seed=n, resamples=500) for n in range(200)]
    assert 0.88 <= np.mean([interval.low <= 0 <= interval.high for interval in intervals]) <= 0.99


def test_many_questions_are_drawn_in_blocks(monkeypatch):
    values = list(np.random.default_rng(0).normal(size=101))
    whole = bootstrap(values)
    monkeypatch.setattr("opora.metrics.bootstrap.MAX_BLOCK_VALUES", 1000)
    blocks = bootstrap(values)
    assert (blocks.low, blocks.high) == (pytest.approx(whole.low, abs=0.03), pytest.approx(whole.high, abs=0.03))


def test_a_paired_difference_is_significant_where_intervals_overlap():
    rng = np.random.default_rng(0)
    baseline = list(rng.normal(size=60))
    better = [value + 0.2 for value in baseline]
    assert bootstrap(better).low < bootstrap(baseline).high
    assert paired_difference(better, baseline).is_significant
    assert not paired_difference(baseline, baseline).is_significant


def test_pairs_with_a_missing_value_are_ignored():
    assert paired_difference([1.0, None, 1.0], [0.0, 0.0, None]).count == 1


def test_clusters_widen_the_interval():
    rng = np.random.default_rng(0)
    documents = [f"d{n // 10}" for n in range(100)]
    values = [float(level) for level in rng.integers(0, 2, size=10) for _ in range(10)]
    single, clustered = bootstrap(values), bootstrap(values, clusters=documents)
    assert (single.clusters, clustered.clusters) == (100, 10)
    assert single.mean == clustered.mean
    assert clustered.high - clustered.low > 2 * (single.high - single.low)


def test_clusters_of_one_value_equal_the_plain_bootstrap():
    values = [float(n % 3) for n in range(40)]
    assert bootstrap(values, clusters=[f"d{n:02}" for n in range(40)]) == bootstrap(values)


def test_one_document_has_no_interval():
    interval = bootstrap([0.0, 1.0, 1.0], clusters=["d"] * 3)
    assert (interval.low, interval.high, interval.clusters) == (None, None, 1)
    assert paired_difference([1.0, 1.0], [0.0, 0.0], clusters=["d", "d"]).p is None


@pytest.mark.parametrize(("clusters", "least"), [(3, 0.25), (5, 0.0625), (8, 0.0078125)])
def test_p_is_limited_by_the_number_of_clusters(clusters, least):
    names = [f"d{n}" for n in range(clusters)]
    difference = paired_difference([1.0] * clusters, [0.0] * clusters, clusters=names)
    assert difference.p == least
    assert difference.is_significant == (least < 0.05)


def test_p_is_about_uniform_without_a_difference():
    rng = np.random.default_rng(0)
    ps = [paired_difference(list(rng.normal(size=50)), [0.0] * 50, seed=n, resamples=500).p for n in range(300)]
    assert 0.02 <= np.mean([p < 0.05 for p in ps]) <= 0.09
    assert 0.4 <= np.mean([p < 0.5 for p in ps]) <= 0.6


def test_the_detectable_difference_has_a_power_of_80_percent():
    rng = np.random.default_rng(0)
    detectable = paired_difference(list(rng.normal(size=80)), [0.0] * 80).detectable
    assert detectable == pytest.approx(2.8 / 80**0.5, rel=0.2)
    shifted = [list(rng.normal(2.8 / 80**0.5, size=80)) for _ in range(200)]
    detected = [
        paired_difference(values, [0.0] * 80, seed=n, resamples=500).p < 0.05 for n, values in enumerate(shifted)
    ]
    assert 0.72 <= np.mean(detected) <= 0.88


def difference(p):
    return Difference(mean=0.1, low=0.0, high=0.2, count=9, p=p)


@pytest.mark.parametrize(
    ("ps", "adjusted"),
    [
        ([], []),
        ([0.03], [0.03]),
        ([0.01, 0.04], [0.02, 0.04]),
        ([0.04, 0.01, 0.03], [0.06, 0.03, 0.06]),
        ([0.6, 0.5], [1.0, 1.0]),
        ([0.02, None, 0.03], [0.04, None, 0.04]),
    ],
)
def test_holm(ps, adjusted):
    assert [result.adjusted for result in holm([difference(p) for p in ps])] == pytest.approx(adjusted)


def test_significance_uses_the_adjusted_p():
    first, second = holm([difference(0.04), difference(0.045)])
    assert difference(0.04).is_significant
    assert not first.is_significant
    assert not second.is_significant
