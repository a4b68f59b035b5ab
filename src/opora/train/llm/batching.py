"""The order in which units are learnt, and which of them share a forward pass.

In: units. Out: the units of each optimizer step; of these, groups that are computed at once. Units whose prompts begin
alike, as those over the same passages do, meet in one step. Everything is drawn from the seed, so that a run can go on
from any step.

    for batch in batches(units, settings):
        for group in groups(batch, settings.max_batch_tokens):
            ...
"""

from __future__ import annotations

import itertools
import math
import random
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

from opora.models.kv_cache.prefix_groups import common_length
from opora.train.examples import Unit
from opora.train.settings import TrainSettings

SHARED = 0.5
"""Units meet if their prompts begin with the same tokens for this share of the shorter one."""


def count_steps(units: int, settings: TrainSettings) -> int:
    """Optimizer steps of a whole run."""
    steps = max(1, math.ceil(settings.epochs * units / settings.batch_size))
    return min(steps, settings.max_steps or steps)


def batches(units: Sequence[Unit], settings: TrainSettings) -> Iterator[list[Unit]]:
    """The units of each step. Every epoch has an order of its own: relatives stay together, all else is shuffled."""
    size = min(settings.batch_size, len(units))
    order = _order(_relatives(units), size, settings.seed)
    for _ in range(count_steps(len(units), settings)):
        yield list(itertools.islice(order, size))


def groups(units: Sequence[Unit], max_tokens: int) -> list[list[Unit]]:
    """`units` in groups of at most `max_tokens` distinct tokens each, what begins alike together; a unit that has more
    is a group of its own."""
    found: list[list[Unit]] = []
    size, last = 0, None
    for unit in sorted(units, key=lambda each: each.rows[0].prompt):
        new = _distinct(unit) - (common_length(last.rows[0].prompt, unit.rows[0].prompt) if last else 0)
        if last is None or size + new > max_tokens:
            found.append([])
            size, new = 0, _distinct(unit)
        found[-1].append(unit)
        size, last = size + new, unit
    return found


def _distinct(unit: Unit) -> int:
    """Tokens of a unit, its prompt counted once."""
    return len(unit.rows[0].prompt) + unit.answer_tokens


def _relatives(units: Sequence[Unit]) -> list[list[Unit]]:
    ordered = sorted(units, key=lambda unit: unit.rows[0].prompt)
    families = [[ordered[0]]]
    for left, right in itertools.pairwise(ordered):
        prompts = left.rows[0].prompt, right.rows[0].prompt
        if common_length(*prompts) >= SHARED * min(map(len, prompts)):
            families[-1].append(right)
        else:
            families.append([right])
    return families


def _order(families: Sequence[Sequence[Unit]], size: int, seed: int) -> Iterator[Unit]:
    """All units, epoch after epoch. Each step of `size` units begins with the next family and goes on with the largest
    that fit into the rest of it; where none does, the next is cut."""
    done = 0
    for epoch in itertools.count():
        rng = random.Random(f"{seed} {epoch}")
        waiting: dict[int, deque[tuple[int, Sequence[Unit]]]] = defaultdict(deque)
        for place, family in enumerate(rng.sample(families, len(families))):
            waiting[len(family)].append((place, family))
        while waiting:
            room = size - done % size
            length = max((each for each in waiting if each <= room), default=0)
            if room == size or not length:
                length = min(waiting, key=lambda each: waiting[each][0])
            _, family = waiting[length].popleft()
            if not waiting[length]:
                del waiting[length]
            yield from rng.sample(family, len(family))
            done += len(family)
