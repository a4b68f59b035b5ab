"""Rows of a dataset as token ids, and the order in which they are learnt.

In: `train.jsonl` of a dataset, a tokenizer. Out: examples, prompt and answer apart; batches of their numbers.

    examples, dropped = encode_rows(Path("dataset/raft/train.jsonl"), tokenizer, max_tokens=4096)
    for batch in batches(len(examples), settings):
        ...
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from opora.artifacts import read_json_lines
from opora.errors import InputError
from opora.models.template import encode_example
from opora.records import Message, parse_record
from opora.train.settings import SftSettings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class TokenExample(NamedTuple):
    """One example. The answer's ids end with the token that ends a turn."""

    id: str
    prompt: list[int]
    answer: list[int]

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.answer)


def encode_rows(
    path: Path, tokenizer: PreTrainedTokenizerBase, max_tokens: int
) -> tuple[list[TokenExample], list[dict[str, str | int]]]:
    """Examples, and what was too long to be one. Raises InputError that names the row without messages or answer."""
    examples: list[TokenExample] = []
    dropped: list[dict[str, str | int]] = []
    for number, row in read_json_lines(path):
        where = f"{path}:{number}"
        if not isinstance(row.get("messages"), list) or not row["messages"]:
            raise InputError(f"{where}: messages are missing; a row is {{'id': ..., 'messages': [...]}}")
        messages = [parse_record(Message, message, f"{where}: messages") for message in row["messages"]]
        if not messages[-1].content.strip():
            raise InputError(f"{where}: the answer is empty; remove the row or write its answer")
        try:
            example = TokenExample(str(row.get("id", number)), *encode_example(tokenizer, messages))
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
        if example.length > max_tokens:
            place: dict[str, str | int] = {"id": example.id, "row": f"{path.name}:{number}"}
            dropped.append({**place, "reason": "too long", "tokens": example.length, "limit": max_tokens})
        else:
            examples.append(example)
    return examples, dropped


def count_steps(examples: int, settings: SftSettings) -> int:
    """Optimizer steps of a whole run."""
    steps = max(1, math.ceil(settings.epochs * examples / settings.batch_size))
    return min(steps, settings.max_steps or steps)


def batches(examples: int, settings: SftSettings) -> Iterator[list[int]]:
    """Numbers of the examples of each step. Every epoch has an order of its own, which the seed decides."""
    order = _order(examples, settings.seed)
    for _ in range(count_steps(examples, settings)):
        yield [next(order) for _ in range(min(settings.batch_size, examples))]


def _order(examples: int, seed: int) -> Iterator[int]:
    epoch = 0
    while True:
        numbers = list(range(examples))
        random.Random(f"{seed} {epoch}").shuffle(numbers)
        yield from numbers
        epoch += 1
