"""What begins alike meets: in a step, and in a forward pass."""

import itertools

import pytest

from opora.train.batch import batches, groups
from opora.train.rows import Row, Unit
from opora.train.settings import TrainSettings


def unit(name, prompt, *answers):
    return Unit(name, tuple(Row(list(prompt), list(answer)) for answer in answers or ([1],)))


def families(count, size, length=20):
    return [
        unit(f"{family}.{n}", [family] * length + [100 + n], [1, 2]) for family in range(count) for n in range(size)
    ]


def names(batch):
    return [each.id for each in batch]


def test_relatives_meet_in_a_step_and_families_are_shuffled():
    units = families(10, 4)
    seen = list(batches(units, TrainSettings(batch_size=4, epochs=2)))
    assert len(seen) == 20
    for batch in seen:
        assert len({each.id.split(".")[0] for each in batch}) == 1
    order = [batch[0].id.split(".")[0] for batch in seen]
    assert sorted(order[:10]) == sorted(order[10:])
    assert order[:10] != order[10:] != sorted(order[10:])


def test_unrelated_units_are_shuffled_one_by_one():
    units = families(40, 1)
    [first, *_] = batches(units, TrainSettings(batch_size=40, epochs=1))
    assert sorted(names(first)) == sorted(names(units)) != names(first)


def test_the_seed_decides():
    units = families(10, 2)
    runs = [[names(b) for b in batches(units, TrainSettings(batch_size=4, seed=seed))] for seed in (0, 0, 1)]
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
def test_groups_keep_to_distinct_tokens(limit, expected):
    assert [names(group) for group in groups(families(2, 2), limit)] == expected


def test_the_answers_of_a_pair_share_its_prompt():
    pair = unit("pair", range(10), [1] * 5, [2] * 5)
    assert [names(group) for group in groups([pair, pair], 30)] == [["pair", "pair"]]
    assert [names(group) for group in groups([pair, pair], 29)] == [["pair"], ["pair"]]


def test_every_unit_is_in_one_group():
    units = families(5, 3) + families(7, 1, length=3)
    assert sorted(itertools.chain(*(names(group) for group in groups(units, 60)))) == sorted(names(units))
