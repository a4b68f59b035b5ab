"""Order of the examples: batches of one optimizer step, and groups that share one forward pass.

Examples with a common prompt prefix, such as questions over the same passages, meet in one step. The seed determines
the order, so an interrupted run can resume at any step.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

from opora.models.kv_cache.prefix_groups import common_length
from opora.train.scorer import TokenizedExample
from opora.train.settings import TrainSettings

MIN_SHARED_RATIO = 0.5
"""Examples meet if their prompts share this fraction of the shorter prompt."""


def count_steps(examples: int, settings: TrainSettings) -> int:
    """Return the number of optimizer steps of a run."""
    steps = max(1, math.ceil(settings.epochs * examples / settings.batch_size))
    return min(steps, settings.max_steps or steps)


def iterate_batches(examples: Sequence[TokenizedExample], settings: TrainSettings) -> Iterator[list[TokenizedExample]]:
    """Yield the examples of each step. Every epoch shuffles the prefix groups and keeps each of them together."""
    size = min(settings.batch_size, len(examples))
    order = _endless_order(_prefix_groups(examples), size, settings.seed)
    for _ in range(count_steps(len(examples), settings)):
        yield list(itertools.islice(order, size))


def group_by_prefix(examples: Sequence[TokenizedExample], max_tokens: int) -> list[list[TokenizedExample]]:
    """Return the examples in groups of at most `max_tokens` distinct tokens, sorted so that shared prefixes meet. An
    example with more tokens is a group of its own."""
    groups: list[list[TokenizedExample]] = []
    size, last = 0, None
    for example in sorted(examples, key=lambda example: example.rows[0].prompt):
        shared = common_length(last.rows[0].prompt, example.rows[0].prompt) if last else 0
        new = _distinct_tokens(example) - shared
        if last is None or size + new > max_tokens:
            groups.append([])
            size, new = 0, _distinct_tokens(example)
        groups[-1].append(example)
        size, last = size + new, example
    return groups


def _distinct_tokens(example: TokenizedExample) -> int:
    """Tokens of an example, with its prompt counted once."""
    return len(example.rows[0].prompt) + example.answer_tokens


def _prefix_groups(examples: Sequence[TokenizedExample]) -> list[list[TokenizedExample]]:
    ordered = sorted(examples, key=lambda example: example.rows[0].prompt)
    groups = [[ordered[0]]]
    for left, right in itertools.pairwise(ordered):
        prompts = left.rows[0].prompt, right.rows[0].prompt
        if common_length(*prompts) >= MIN_SHARED_RATIO * min(map(len, prompts)):
            groups[-1].append(right)
        else:
            groups.append([right])
    return groups


def _endless_order(groups: Sequence[Sequence[TokenizedExample]], size: int, seed: int) -> Iterator[TokenizedExample]:
    """Yield all examples, epoch after epoch. Each step of `size` examples starts with the next group and is filled with
    the largest groups that fit; if none fits, the next group is split."""
    count = 0
    for epoch in itertools.count():
        rng = random.Random(f"{seed} {epoch}")
        pending: dict[int, deque[tuple[int, Sequence[TokenizedExample]]]] = defaultdict(deque)
        for position, group in enumerate(rng.sample(groups, len(groups))):
            pending[len(group)].append((position, group))
        while pending:
            room = size - count % size
            length = max((length for length in pending if length <= room), default=0)
            if room == size or not length:
                length = min(pending, key=lambda length: pending[length][0])
            _, group = pending[length].popleft()
            if not pending[length]:
                del pending[length]
            yield from rng.sample(group, len(group))
            count += len(group)
