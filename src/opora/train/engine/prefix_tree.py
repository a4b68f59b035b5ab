"""Prefix tree of token sequences, in which every shared token occurs once.

The tree is one flat row in depth-first order, without padding. A node is a span of the flat row; the tokens of a
sequence are those of the nodes on its path.

    tree = build_tree([[5, 6, 7, 8], [5, 6, 9]], min_shared=2)
    tree.ids        # [5 6 | 7 8 | 9] with positions 0 1 2 3 2
    tree.paths[1]   # [0 1 4]: indices of the tokens of the second row

Source: prefix trees for training as in Flash Preference Optimization and Tree Training (arXiv:2511.00413).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from opora.errors import InputError
from opora.models.kv_cache.prefix_groups import common_length

Ids = NDArray[np.int64]


class TreeNode(NamedTuple):
    """Span `start`..`end` of the flat row; `ancestors`: spans of the nodes above it, from the root."""

    start: int
    end: int
    ancestors: tuple[tuple[int, int], ...]


class PrefixTree(NamedTuple):
    """`ids`, `positions`: token ids and positions of the flat row, [tokens]; `paths`: for each row, the indices of its
    tokens; `offset`: number of tokens in the tree that this one extends."""

    ids: Ids
    positions: Ids
    nodes: list[TreeNode]
    paths: list[Ids]
    offset: int = 0


def build_tree(rows: Sequence[Sequence[int] | Ids], min_shared: int = 16) -> PrefixTree:
    """Return the tree of `rows`, which must contain a token. Rows share a branch only from `min_shared` tokens on: each
    node costs one attention call."""
    arrays = [np.asarray(row, dtype=np.int64) for row in rows]
    order = sorted(range(len(rows)), key=lambda index: list(rows[index]))
    common = [common_length(arrays[a], arrays[b]) for a, b in pairwise(order)]
    nodes: list[TreeNode] = []
    ids: list[Ids] = []
    positions: list[Ids] = []
    paths: list[list[tuple[int, int]]] = [[] for _ in rows]
    size = 0
    for members, depth, until in _spans(order, common, [len(array) for array in arrays], min_shared):
        path = paths[members[0]]
        nodes.append(TreeNode(size, size + until - depth, tuple(path)))
        ids.append(arrays[members[0]][depth:until])
        positions.append(np.arange(depth, until))
        size += until - depth
        for member in members:
            paths[member] = [*path, (nodes[-1].start, nodes[-1].end)]
    return PrefixTree(np.concatenate(ids), np.concatenate(positions), nodes, [_indices(path) for path in paths])


def extend_tree(trunk: PrefixTree, tails: Sequence[Sequence[int] | Ids], min_shared: int = 16) -> PrefixTree:
    """Return the tree of the non-empty `tails` that continue the rows of `trunk`. Tails share a prefix if they continue
    the same path. Spans and paths count from the first token of the trunk."""
    size = offset = len(trunk.ids)
    continuations: dict[bytes, list[int]] = {}
    for index, path in enumerate(trunk.paths):
        continuations.setdefault(path.tobytes(), []).append(index)
    paths = list(trunk.paths)
    nodes: list[TreeNode] = []
    parts: list[PrefixTree] = []
    for members in continuations.values():
        path = trunk.paths[members[0]]
        part = build_tree([tails[member] for member in members], min_shared)
        trunk_spans = _merge_spans(path)
        for start, end, ancestors in part.nodes:
            shifted = tuple((size + a, size + b) for a, b in ancestors)
            nodes.append(TreeNode(size + start, size + end, trunk_spans + shifted))
        for member, tail in zip(members, part.paths, strict=True):
            paths[member] = np.concatenate([path, size + tail])
        parts.append(part._replace(positions=part.positions + len(path)))
        size += len(part.ids)
    ids, positions = (np.concatenate([part[field] for part in parts]) for field in (0, 1))
    return PrefixTree(ids, positions, nodes, paths, offset)


def _indices(spans: Sequence[tuple[int, int]]) -> Ids:
    return np.concatenate([np.zeros(0, dtype=np.int64), *(np.arange(start, end) for start, end in spans)])


def _merge_spans(path: Ids) -> tuple[tuple[int, int], ...]:
    """Return a path as the smallest number of spans."""
    runs = np.split(path, np.flatnonzero(np.diff(path) != 1) + 1) if len(path) else []
    return tuple((int(run[0]), int(run[-1]) + 1) for run in runs)


def _spans(
    order: Sequence[int], common: Sequence[int], lengths: Sequence[int], min_shared: int, depth: int = 0
) -> Iterator[tuple[Sequence[int], int, int]]:
    """Yield (rows below it, depth of its start, depth of its end) of each node, depth first. `order` is sorted, so rows
    with a common prefix are adjacent; `common[n]` is the length of the common prefix of the rows n and n + 1."""
    ends = [n + 1 for n, shared in enumerate(common) if shared < depth + min_shared]
    for low, high in pairwise([0, *ends, len(order)]):
        members, inner = order[low:high], common[low : high - 1]
        until = min(inner, default=lengths[members[0]])
        if until > depth:
            yield members, depth, until
        if inner:
            yield from _spans(members, inner, lengths, min_shared, until)


def unsupported(module: object, fault: str) -> InputError:
    """Return the error of a model whose rows cannot share prefixes."""
    return InputError(f"{type(module).__name__}: {fault}; set prefix_sharing to off")
