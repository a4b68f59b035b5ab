"""Groups of prompts that share a prefix.

shared_prefixes([[1, 2, 3, 4], [9, 9], [1, 2, 3, 5]], min_tokens=2)
# [PrefixGroup([0, 2], 3), PrefixGroup([1], 0)]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ids = Sequence[int] | npt.NDArray[np.int64]


class PrefixGroup(NamedTuple):
    """Indices of prompts, and the number of leading tokens that are read only once; 0 for a single prompt."""

    members: list[int]
    shared: int


def common_length(left: Ids, right: Ids) -> int:
    """Return the length of the common prefix of two rows of ids."""
    size = min(len(left), len(right))
    differs = np.asarray(left[:size]) != np.asarray(right[:size])
    return int(differs.argmax()) if differs.any() else size


def shared_prefixes(prompts: Sequence[Sequence[int]], min_tokens: int) -> list[PrefixGroup]:
    """Group prompts, in sorted order, that share at least `min_tokens` tokens.

    A prompt joins the previous group if that saves more tokens than the group would without it, and if it has no longer
    prefix in common with the next prompt.
    """
    order = sorted(range(len(prompts)), key=lambda index: tuple(prompts[index]))
    groups: list[PrefixGroup] = []
    for position, index in enumerate(order):
        # the last token of a prompt is never shared: generation starts from it
        limit = len(prompts[index]) - 1
        following = prompts[order[position + 1]] if position + 1 < len(order) else []
        if groups:
            members, shared = groups[-1]
            first = prompts[members[0]]
            common = min(shared or len(first), limit, common_length(first, prompts[index]), len(first) - 1)
            saves_more = common * len(members) > shared * (len(members) - 1)
            if common >= min_tokens and saves_more and min(common_length(prompts[index], following), limit) <= common:
                groups[-1] = PrefixGroup([*members, index], common)
                continue
        groups.append(PrefixGroup([index], 0))
    return groups


def saved_tokens(groups: Sequence[PrefixGroup]) -> int:
    """Return the number of tokens that are not read again."""
    return sum((len(group.members) - 1) * group.shared for group in groups)


def batched_groups(groups: Sequence[PrefixGroup], max_tokens: int) -> Iterator[list[PrefixGroup]]:
    """Yield the groups, in order, in batches whose prefixes sum to at most `max_tokens`; a larger one comes alone."""
    batch: list[PrefixGroup] = []
    for group in groups:
        if batch and sum(previous.shared for previous in batch) + group.shared > max_tokens:
            yield batch
            batch = []
        batch.append(group)
    if batch:
        yield batch
