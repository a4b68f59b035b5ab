"""Prompts that share a prefix are grouped, and every prompt is in one group."""

import itertools
import random

import pytest

from opora.models.kv_cache.prefix_groups import (
    PrefixGroup,
    batched_groups,
    common_length,
    saved_tokens,
    shared_prefixes,
)


@pytest.mark.parametrize(
    ("prompts", "groups"),
    [
        ([], []),
        ([[1, 2, 3]], [PrefixGroup([0], 0)]),
        ([[1, 2, 3, 4], [9, 9], [1, 2, 3, 5]], [PrefixGroup([0, 2], 3), PrefixGroup([1], 0)]),
        ([[1, 2], [1, 2]], [PrefixGroup([0], 0), PrefixGroup([1], 0)]),
        ([[1, 2, 3], [1, 2, 3]], [PrefixGroup([0, 1], 2)]),
        ([[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 7], [1, 2, 8]], [PrefixGroup([0, 1], 5), PrefixGroup([2], 0)]),
        ([[1, 2, 3, 4], [1, 2, 3, 5], [1, 2, 3, 6], [1, 2, 7]], [PrefixGroup([0, 1, 2], 3), PrefixGroup([3], 0)]),
    ],
)
def test_groups(prompts, groups):
    assert shared_prefixes(prompts, min_tokens=2) == groups


def test_every_prompt_is_in_one_group_and_has_its_prefix():
    rng = random.Random(0)
    for _ in range(300):
        prompts = [[rng.randint(0, 1) for _ in range(rng.randint(1, 9))] for _ in range(rng.randint(1, 12))]
        groups = shared_prefixes(prompts, min_tokens=2)
        assert sorted(n for group in groups for n in group.members) == list(range(len(prompts)))
        for group in groups:
            heads = {tuple(prompts[n][: group.shared]) for n in group.members}
            assert len(heads) == 1
            assert all(len(prompts[n]) > group.shared for n in group.members)
            assert bool(group.shared) == (len(group.members) > 1)
        pairs = itertools.pairwise(sorted(prompts))
        assert saved_tokens(groups) <= sum(common_length(*pair) for pair in pairs)


def test_a_prompt_that_shares_little_does_not_join_a_group():
    long = list(range(100, 1100))
    prompts = [[*range(80), 5000], *([*range(80), *long, n] for n in range(2000, 2010))]
    groups = shared_prefixes(prompts, min_tokens=64)
    assert [group.shared for group in groups] == [1080, 0]
    assert sorted(groups[0].members) == list(range(1, 11))


def test_batches_of_groups():
    groups = [PrefixGroup([n], shared) for n, shared in enumerate([0, 30, 40, 50, 0, 200, 10])]
    assert [[group.shared for group in batch] for batch in batched_groups(groups, 100)] == [
        [0, 30, 40],
        [50, 0],
        [200],
        [10],
    ]
    assert list(batched_groups([], 100)) == []
