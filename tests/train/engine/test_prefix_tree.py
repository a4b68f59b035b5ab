"""The prefix tree holds every shared token once, and each row can be recovered."""

import random

import pytest

from opora.train.engine.prefix_tree import build_tree, extend_tree

CASES = [  # rows, the least that is shared, nodes as (tokens, ancestors)
    ([[1, 2, 3]], 1, [(3, 0)]),
    ([[1, 2, 3], [1, 2, 3]], 1, [(3, 0)]),
    ([[1, 2, 3], [4, 5]], 1, [(3, 0), (2, 0)]),
    ([[1, 2, 3], [1, 2, 4]], 1, [(2, 0), (1, 1), (1, 1)]),
    ([[1, 2, 3], [1, 2, 4]], 3, [(3, 0), (3, 0)]),
    ([[1, 2], [1, 2, 4]], 1, [(2, 0), (1, 1)]),
    ([[1, 2, 3, 4], [1, 2, 3, 5], [1, 9]], 1, [(1, 0), (2, 1), (1, 2), (1, 2), (1, 1)]),
    ([[1, 2, 3, 4], [1, 2, 3, 5], [1, 9]], 2, [(3, 0), (1, 1), (1, 1), (2, 0)]),
]


@pytest.mark.parametrize(("rows", "least", "nodes"), CASES)
def test_nodes(rows, least, nodes):
    tree = build_tree(rows, least)
    assert [(node.end - node.start, len(node.ancestors)) for node in tree.nodes] == nodes


@pytest.mark.parametrize("seed", range(200))
def test_rows_are_recovered_and_no_token_is_repeated(seed):
    rng = random.Random(seed)
    rows = [[rng.randint(0, 1) for _ in range(rng.randint(1, 12))] for _ in range(rng.randint(1, 7))]
    least = rng.randint(1, 4)
    tree = build_tree(rows, least)
    for row, path in zip(rows, tree.paths, strict=True):
        assert tree.ids[path].tolist() == row
        assert tree.positions[path].tolist() == list(range(len(row)))
    beginnings = {tuple(row[:size]) for row in rows for size in range(1, len(row) + 1)}
    assert len(tree.ids) >= len(beginnings)
    if least == 1:
        assert len(tree.ids) == len(beginnings)


@pytest.mark.parametrize("seed", range(100))
def test_extended_tree_holds_whole_rows(seed):
    rng = random.Random(seed)
    heads, tails = (
        [[rng.randint(0, 1) for _ in range(rng.randint(low, 6))] for _ in range(5)] for low in (int(seed > 9), 1)
    )
    if not any(heads):
        heads[0] = [1]
    trunk = build_tree(heads, 1)
    tree = extend_tree(trunk, tails, 1)
    ids, positions = [*trunk.ids, *tree.ids], [*trunk.positions, *tree.positions]
    for head, tail, path in zip(heads, tails, tree.paths, strict=True):
        assert [ids[place] for place in path] == head + tail
        assert [positions[place] for place in path] == list(range(len(path)))
    for node in tree.nodes:
        spans = [*node.ancestors, (node.start, node.end)]
        assert [positions[place] for start, end in spans for place in range(start, end)] == list(
            range(positions[node.end - 1] + 1)
        ), "what its tokens see is all before them"
    assert tree.offset == len(trunk.ids)
