"""Intervals cover what they should, and a missing value is missing."""

import numpy as np
import pytest

from opora.metrics.citation import Span, citation_precision, citation_recall, evidence_recall
from opora.metrics.interval import bootstrap, paired_difference


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
    monkeypatch.setattr("opora.metrics.interval.BLOCK_VALUES", 1000)
    blocks = bootstrap(values)
    assert (blocks.low, blocks.high) == (pytest.approx(whole.low, abs=0.03), pytest.approx(whole.high, abs=0.03))


def test_a_paired_difference_sees_what_two_intervals_do_not():
    rng = np.random.default_rng(0)
    baseline = list(rng.normal(size=60))
    better = [value + 0.2 for value in baseline]
    assert bootstrap(better).low < bootstrap(baseline).high
    assert paired_difference(better, baseline).excludes_zero
    assert not paired_difference(baseline, baseline).excludes_zero


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
