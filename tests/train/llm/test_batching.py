"""Examples with a common prefix meet in a step and in a forward pass."""

import itertools
from collections import Counter

import pytest

from opora.train.llm.batching import group_by_prefix, iterate_batches
from opora.train.objectives.sft import SftSettings
from opora.train.scorer import TokenizedExample, TokenizedRow


def make_example(name, prompt, *answers):
    return TokenizedExample(name, tuple(TokenizedRow(list(prompt), list(answer)) for answer in answers or ([1],)))


def make_prefix_groups(count, size, length=20):
    return [
        make_example(f"{family}.{n}", [family] * length + [100 + n], [1, 2])
        for family in range(count)
        for n in range(size)
    ]


def names(batch):
    return [example.id for example in batch]


def test_prefix_groups_stay_together_and_are_shuffled():
    examples = make_prefix_groups(10, 4)
    seen = list(iterate_batches(examples, SftSettings(batch_size=4, epochs=2)))
    assert len(seen) == 20
    for batch in seen:
        assert len({example.id.split(".")[0] for example in batch}) == 1
    order = [batch[0].id.split(".")[0] for batch in seen]
    assert sorted(order[:10]) == sorted(order[10:])
    assert order[:10] != order[10:] != sorted(order[10:])


@pytest.mark.parametrize(
    ("sizes", "cut"),
    [
        ([4], 0),
        ([3, 1], 0),
        ([2, 2], 0),
        ([3, 2, 2, 1], 0),
        ([8, 4], 12),  # what is larger than a step is cut at its borders only
        ([3], 6),  # nothing fits beside three: of four families, two are cut
    ],
)
def test_prefix_groups_are_split_only_if_nothing_fits(sizes, cut):
    examples = [
        make_example(f"{family}.{size}.{place}.{n}", [family, size, place] * 10 + [100 + n], [1])
        for family in range(12)
        for place, size in enumerate(sizes)
        for n in range(size)
    ]
    steps = list(iterate_batches(examples, SftSettings(batch_size=4, epochs=2)))
    assert {len(batch) for batch in steps} == {4}
    for epoch in (steps[: len(steps) // 2], steps[len(steps) // 2 :]):
        assert sorted(name for batch in epoch for name in names(batch)) == sorted(names(examples))
        met = Counter(family for batch in epoch for family in {name.rpartition(".")[0] for name in names(batch)})
        assert sum(steps > 1 for steps in met.values()) == cut


def test_epochs_that_meet_within_a_step_are_complete():
    examples = make_prefix_groups(5, 3) + make_prefix_groups(4, 1, length=3)
    order = [name for batch in iterate_batches(examples, SftSettings(batch_size=4, epochs=4)) for name in names(batch)]
    assert len(order) == 76
    for start in range(0, 76, 19):
        assert sorted(order[start : start + 19]) == sorted(names(examples))


def test_unrelated_examples_are_shuffled():
    examples = make_prefix_groups(40, 1)
    [first, *_] = iterate_batches(examples, SftSettings(batch_size=40, epochs=1))
    assert sorted(names(first)) == sorted(names(examples)) != names(first)


def test_order_depends_on_the_seed():
    examples = make_prefix_groups(10, 2)
    runs = [[names(b) for b in iterate_batches(examples, SftSettings(batch_size=4, seed=seed))] for seed in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (1, [["0.0"], ["0.1"], ["1.0"], ["1.1"]]),  # 23 tokens each: none has a companion
        (26, [["0.0", "0.1"], ["1.0", "1.1"]]),  # the second of a family adds 3
        (49, [["0.0", "0.1", "1.0"], ["1.1"]]),
        (52, [["0.0", "0.1", "1.0", "1.1"]]),
    ],
)
def test_groups_are_limited_by_distinct_tokens(limit, expected):
    assert [names(group) for group in group_by_prefix(make_prefix_groups(2, 2), limit)] == expected


def test_prompt_of_a_pair_counts_once():
    pair = make_example("pair", range(10), [1] * 5, [2] * 5)
    assert [names(group) for group in group_by_prefix([pair, pair], 30)] == [["pair", "pair"]]
    assert [names(group) for group in group_by_prefix([pair, pair], 29)] == [["pair"], ["pair"]]


def test_every_example_is_in_one_group():
    examples = make_prefix_groups(5, 3) + make_prefix_groups(7, 1, length=3)
    assert sorted(itertools.chain(*(names(group) for group in group_by_prefix(examples, 60)))) == sorted(
        names(examples)
    )
