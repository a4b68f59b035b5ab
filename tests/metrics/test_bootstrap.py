"""Intervals cover what they should, and a missing value is missing."""

import numpy as np
import pytest

from opora.metrics.bootstrap import Difference, bootstrap, holm, paired_difference
from opora.metrics.citations import citation_precision, citation_recall, evidence_recall
from opora.metrics.retrieval import alpha_ndcg, reciprocal_rank
from opora.metrics.spans import Span


def test_missing_values_are_counted_and_left_out():
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


def test_the_seed_decides():
    values = list(np.random.default_rng(0).normal(size=50))
    assert bootstrap(values, seed=1) == bootstrap(values, seed=1) != bootstrap(values, seed=2)


def test_the_interval_covers_the_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    intervals = [bootstrap(list(rng.normal(size=60)), seed=n, resamples=500) for n in range(200)]
    assert 0.88 <= np.mean([each.low <= 0 <= each.high for each in intervals]) <= 0.99


def test_many_questions_are_drawn_in_blocks(monkeypatch):
    values = list(np.random.default_rng(0).normal(size=101))
    whole = bootstrap(values)
    monkeypatch.setattr("opora.metrics.bootstrap.MAX_BLOCK_VALUES", 1000)
    blocks = bootstrap(values)
    assert (blocks.low, blocks.high) == (pytest.approx(whole.low, abs=0.03), pytest.approx(whole.high, abs=0.03))


def test_a_paired_difference_sees_what_two_intervals_do_not():
    rng = np.random.default_rng(0)
    baseline = list(rng.normal(size=60))
    better = [value + 0.2 for value in baseline]
    assert bootstrap(better).low < bootstrap(baseline).high
    assert paired_difference(better, baseline).is_significant
    assert not paired_difference(baseline, baseline).is_significant


def test_a_pair_needs_both():
    assert paired_difference([1.0, None, 1.0], [0.0, 0.0, None]).count == 1


@pytest.mark.parametrize(
    ("cited", "gold", "precision", "recall"),
    [
        ([], [], None, None),
        ([], [Span("d", 0, 9)], None, 0.0),
        ([Span("d", 0, 9)], [], None, None),
        ([Span("d", 0, 9)], [Span("d", 8, 12)], 1.0, 1.0),
        ([Span("d", 0, 9)], [Span("d", 9, 12)], 0.0, 0.0),
        ([Span("d", 0, 9)], [Span("e", 0, 9)], 0.0, 0.0),
        ([Span("d", 0, 9), Span("e", 0, 9)], [Span("d", 0, 2), Span("d", 20, 22)], 0.5, 0.5),
    ],
)
def test_citations(cited, gold, precision, recall):
    assert (citation_precision(cited, gold), citation_recall(cited, gold)) == (precision, recall)


@pytest.mark.parametrize(
    ("shown", "gold", "recall"),
    [
        ([], [], None),
        ([], [Span("d", 0, 9)], 0.0),
        ([Span("d", 0, 9)], [Span("d", 2, 9)], 1.0),
        ([Span("d", 0, 8)], [Span("d", 2, 9)], 0.0),
        ([Span("e", 0, 9)], [Span("d", 2, 9)], 0.0),
        ([Span("d", 0, 9)], [Span("d", 2, 9), Span("d", 20, 29)], 0.5),
    ],
)
def test_evidence_is_shown_only_if_it_is_shown_whole(shown, gold, recall):
    assert evidence_recall(shown, gold) == recall


def test_questions_on_one_document_are_drawn_together():
    rng = np.random.default_rng(0)
    documents = [f"d{n // 10}" for n in range(100)]
    values = [float(level) for level in rng.integers(0, 2, size=10) for _ in range(10)]
    alone, together = bootstrap(values), bootstrap(values, clusters=documents)
    assert (alone.clusters, together.clusters) == (100, 10)
    assert alone.mean == together.mean
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_clusters_of_one_are_the_plain_bootstrap():
    values = [float(n % 3) for n in range(40)]
    assert bootstrap(values, clusters=[f"d{n:02}" for n in range(40)]) == bootstrap(values)


def test_one_document_has_no_interval():
    one = bootstrap([0.0, 1.0, 1.0], clusters=["d"] * 3)
    assert (one.low, one.high, one.clusters) == (None, None, 1)
    assert paired_difference([1.0, 1.0], [0.0, 0.0], clusters=["d", "d"]).p is None


@pytest.mark.parametrize(("clusters", "least"), [(3, 0.25), (5, 0.0625), (8, 0.0078125)])
def test_few_documents_cannot_show_much(clusters, least):
    names = [f"d{n}" for n in range(clusters)]
    difference = paired_difference([1.0] * clusters, [0.0] * clusters, clusters=names)
    assert difference.p == least
    assert difference.is_significant == (least < 0.05)


def test_p_is_about_uniform_where_there_is_no_difference():
    rng = np.random.default_rng(0)
    ps = [paired_difference(list(rng.normal(size=50)), [0.0] * 50, seed=n, resamples=500).p for n in range(300)]
    assert 0.02 <= np.mean([p < 0.05 for p in ps]) <= 0.09
    assert 0.4 <= np.mean([p < 0.5 for p in ps]) <= 0.6


def test_the_detectable_difference_is_detected_four_times_out_of_five():
    rng = np.random.default_rng(0)
    detectable = paired_difference(list(rng.normal(size=80)), [0.0] * 80).detectable
    assert detectable == pytest.approx(2.8 / 80**0.5, rel=0.2)
    shifted = [list(rng.normal(2.8 / 80**0.5, size=80)) for _ in range(200)]
    seen = [paired_difference(each, [0.0] * 80, seed=n, resamples=500).p < 0.05 for n, each in enumerate(shifted)]
    assert 0.72 <= np.mean(seen) <= 0.88


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
    assert [each.adjusted for each in holm([difference(p) for p in ps])] == pytest.approx(adjusted)


def test_after_holm_the_adjusted_p_decides():
    one, other = holm([difference(0.04), difference(0.045)])
    assert difference(0.04).is_significant
    assert not one.is_significant
    assert not other.is_significant


@pytest.mark.parametrize(
    ("held", "gold", "rank", "gain"),
    [
        ([], 1, 0.0, 0.0),
        ([{0}], 1, 1.0, 1.0),
        ([set(), {0}], 1, 0.5, 1 / np.log2(3)),
        ([{0}, {1}], 2, 1.0, 1.0),
        ([{0}, {0}], 1, 1.0, 1.0),
        ([{0}, set(), {1}], 2, 1.0, (1 + 0.5) / (1 + 1 / np.log2(3))),
        ([set()] * 10 + [{0}], 1, 1 / 11, 0.0),
        ([{0}], 0, 1.0, None),
    ],
)
def test_ranks(held, gold, rank, gain):
    assert reciprocal_rank(held) == pytest.approx(rank)
    assert alpha_ndcg(held, gold) == (None if gain is None else pytest.approx(gain))
