"""Rows that begin alike, as a tree in which every token stands once.

In: rows of token ids. Out: the tree laid out depth first as one flat row without padding. A node is a span of it; the
tokens of a row are those of the nodes on its path, whose spans follow one another in the order of their positions.

    tree = build_tree([[5, 6, 7, 8], [5, 6, 9]], min_shared=2)
    tree.ids        # [5 6 | 7 8 | 9]: positions 0 1 2 3 2
    tree.paths[1]   # [0 1 4]: where the tokens of the second row stand

A tree can be read in two passes, first what rows begin with, then what they go on with: `grow` gives the second part.

Source: prefix trees of sequences for training as in Flash Preference Optimization and Tree Training (arXiv:2511.00413).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from opora.models.kv_cache.prefix_groups import common_length

Ids = NDArray[np.int64]


class Node(NamedTuple):
    """The span `start`..`end` of the flat row; `ancestors`: the spans before it on its path, from the root on."""

    start: int
    end: int
    ancestors: tuple[tuple[int, int], ...]


class Tree(NamedTuple):
    """`ids`, `positions`: [tokens], of the flat row. `paths`: for each row, where its tokens stand in it. `offset`: how
    many tokens stand before the flat row, in the tree that this one has grown from."""

    ids: Ids
    positions: Ids
    nodes: list[Node]
    paths: list[Ids]
    offset: int = 0


def build_tree(rows: Sequence[Sequence[int] | Ids], min_shared: int = 16) -> Tree:
    """The tree of `rows`, which must hold a token. A branch that would share fewer than `min_shared` tokens does
    not: each node costs a call of attention."""
    arrays = [np.asarray(row, dtype=np.int64) for row in rows]
    order = sorted(range(len(rows)), key=lambda number: list(rows[number]))
    common = [common_length(arrays[a], arrays[b]) for a, b in pairwise(order)]
    nodes: list[Node] = []
    ids: list[Ids] = []
    positions: list[Ids] = []
    paths: list[list[tuple[int, int]]] = [[] for _ in rows]
    size = 0
    for members, depth, until in _spans(order, common, [len(each) for each in arrays], min_shared):
        path = paths[members[0]]
        nodes.append(Node(size, size + until - depth, tuple(path)))
        ids.append(arrays[members[0]][depth:until])
        positions.append(np.arange(depth, until))
        size += until - depth
        for member in members:
            paths[member] = [*path, (nodes[-1].start, nodes[-1].end)]
    places = [_places(path) for path in paths]
    return Tree(np.concatenate(ids), np.concatenate(positions), nodes, places)


def grow(trunk: Tree, tails: Sequence[Sequence[int] | Ids], min_shared: int = 16) -> Tree:
    """What the rows of `trunk` go on with, `tails`, none of which may be empty. Tails share what they begin with if
    they go on from the same place. Spans and paths count from the first token of the trunk."""
    size = offset = len(trunk.ids)
    places: dict[bytes, list[int]] = {}
    for number, path in enumerate(trunk.paths):
        places.setdefault(path.tobytes(), []).append(number)
    paths = list(trunk.paths)
    nodes: list[Node] = []
    parts: list[Tree] = []
    for members in places.values():
        path = trunk.paths[members[0]]
        part = build_tree([tails[member] for member in members], min_shared)
        before = _spans_of(path)
        for start, end, ancestors in part.nodes:
            grown = tuple((size + a, size + b) for a, b in ancestors)
            nodes.append(Node(size + start, size + end, before + grown))
        for member, tail in zip(members, part.paths, strict=True):
            paths[member] = np.concatenate([path, size + tail])
        parts.append(part._replace(positions=part.positions + len(path)))
        size += len(part.ids)
    ids, positions = (np.concatenate([each[field] for each in parts]) for field in (0, 1))
    return Tree(ids, positions, nodes, paths, offset)


def _places(spans: Sequence[tuple[int, int]]) -> Ids:
    return np.concatenate([np.zeros(0, dtype=np.int64), *(np.arange(start, end) for start, end in spans)])


def _spans_of(path: Ids) -> tuple[tuple[int, int], ...]:
    """The fewest spans that a path is made of."""
    runs = np.split(path, np.flatnonzero(np.diff(path) != 1) + 1) if len(path) else []
    return tuple((int(run[0]), int(run[-1]) + 1) for run in runs)


def _spans(
    order: Sequence[int], common: Sequence[int], lengths: Sequence[int], min_shared: int, depth: int = 0
) -> Iterator[tuple[Sequence[int], int, int]]:
    """(rows that share it, depth of its start, of its end) of each node, depth first. Sorted rows that begin alike
    stand together, and a run of them shares what two neighbours share at least; `common[n]` is what the rows n and
    n + 1 of `order` do."""
    ends = [n + 1 for n, shared in enumerate(common) if shared < depth + min_shared]
    for low, high in pairwise([0, *ends, len(order)]):
        members, inner = order[low:high], common[low : high - 1]
        until = min(inner, default=lengths[members[0]])
        if until > depth:
            yield members, depth, until
        if inner:
            yield from _spans(members, inner, lengths, min_shared, until)
