"""What prompts begin with alike.

In: prompts as token ids. Out: groups of them, each with the number of tokens that it begins with alike.

    shared_prefixes([[1, 2, 3, 4], [9, 9], [1, 2, 3, 5]], least=2)        # [Group([0, 2], 3), Group([1], 0)]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ids = Sequence[int] | npt.NDArray[np.int64]


class Group(NamedTuple):
    """Places of prompts, and how many tokens of them need to be read only once; 0 for one that stands alone."""

    members: list[int]
    shared: int


def common_length(left: Ids, right: Ids) -> int:
    """The number of tokens that two rows begin with alike."""
    size = min(len(left), len(right))
    differs = np.asarray(left[:size]) != np.asarray(right[:size])
    return int(differs.argmax()) if differs.any() else size


def shared_prefixes(prompts: Sequence[Sequence[int]], least: int) -> list[Group]:
    """Prompts in their sorted order, in groups that share `least` tokens or more. A prompt joins the group before it if
    that saves more tokens than the group would without it, and it shares no more with the prompt after it."""
    order = sorted(range(len(prompts)), key=lambda number: tuple(prompts[number]))
    groups: list[Group] = []
    for place, number in enumerate(order):
        last = groups[-1] if groups else Group([], 0)
        known = last.shared or (len(prompts[last.members[0]]) if last.members else 0)
        # the last token of a prompt is never shared: what is written follows from it
        common = min(known, len(prompts[number]) - 1)
        if last.members:
            common = min(common, common_length(prompts[last.members[0]], prompts[number]))
            common = min(common, len(prompts[last.members[0]]) - 1)
        after = prompts[order[place + 1]] if place + 1 < len(order) else []
        pays = common * len(last.members) > last.shared * (len(last.members) - 1)
        more = min(common_length(prompts[number], after), len(prompts[number]) - 1) > common
        if common >= least and pays and not more:
            groups[-1] = Group([*last.members, number], common)
        else:
            groups.append(Group([number], 0))
    return groups


def saved_tokens(groups: Sequence[Group]) -> int:
    """Tokens that need not be read, for they were read for a prompt before."""
    return sum((len(group.members) - 1) * group.shared for group in groups)


def batched_groups(groups: Sequence[Group], most: int) -> Iterator[list[Group]]:
    """The groups in their order, in batches that share at most `most` tokens together; a larger one stands alone."""
    batch: list[Group] = []
    for group in groups:
        if batch and sum(each.shared for each in batch) + group.shared > most:
            yield batch
            batch = []
        batch.append(group)
    if batch:
        yield batch
