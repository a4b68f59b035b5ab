"""Rows of a dataset as token ids.

In: `train.jsonl` of a dataset, a tokenizer. Out: units to learn from, and what was dropped and why. A unit of examples
has one row, a prompt and its answer; a unit of pairs two, the chosen and the rejected answer to one prompt.

    {"id": ..., "messages": [..., {"role": "assistant", ...}]}            an example
    {"id": ..., "prompt": [...], "chosen": [...], "rejected": [...]}      a pair, in the conversational form of TRL

Either may say what its answer is, `"behavior": "refuse"`, and how good it is, `"quality": 0.8`.

    units, dropped = encode_rows(Path("dataset/raft/train.jsonl"), tokenizer, max_tokens=4096)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from opora.artifacts import read_json_lines
from opora.errors import InputError
from opora.models.chat_template import encode_example
from opora.records import Behavior, Message
from opora.validation import nearest, parse_record

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Dropped = dict[str, str | float]


class Row(NamedTuple):
    """Token ids of a prompt and of its answer, which ends with the token that ends a turn. Neither is empty."""

    prompt: list[int]
    answer: list[int]

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.answer)


class Unit(NamedTuple):
    """What is learnt from as one: the rows of an example (one), or of a pair (chosen, rejected)."""

    id: str
    rows: tuple[Row, ...]
    place: str = ""
    """Name and line of its file."""
    negative: bool | None = None
    """Whether the wanted answer is a refusal; None where the row does not say."""
    quality: float | None = None

    @property
    def tokens(self) -> int:
        return sum(row.length for row in self.rows)

    @property
    def answer_tokens(self) -> int:
        return sum(len(row.answer) for row in self.rows)


def encode_rows(
    path: Path, tokenizer: PreTrainedTokenizerBase, max_tokens: int, pairs: bool = False
) -> tuple[list[Unit], list[Dropped]]:
    """Units, and what is none: a row of more than `max_tokens`, a pair whose answers are equal. Raises InputError that
    names the row without messages or answer."""
    units: list[Unit] = []
    dropped: list[Dropped] = []
    for number, row in read_json_lines(path):
        where = f"{path}:{number}"
        try:
            rows = _pair(row, tokenizer, where) if pairs else (_example(row, tokenizer, where),)
        except InputError as error:
            raise error if str(error).startswith(where) else InputError(f"{where}: {error}") from None
        unit = Unit(
            str(row.get("id", number)), rows, f"{path.name}:{number}", _negative(row, where), _quality(row, where)
        )
        place: Dropped = {"id": unit.id, "row": unit.place}
        longest = max(each.length for each in rows)
        if longest > max_tokens:
            dropped.append({**place, "reason": "too long", "tokens": longest, "limit": max_tokens})
        elif pairs and rows[0] == rows[-1]:
            dropped.append({**place, "reason": "chosen equals rejected"})
        else:
            units.append(unit)
    return units, dropped


def _negative(row: Mapping[str, Any], where: str) -> bool | None:
    behavior = row.get("behavior")
    if behavior is not None and behavior not in get_args(Behavior):
        raise InputError(f"{where}: behavior is {behavior!r}; {nearest(str(behavior), list(get_args(Behavior)))}")
    return None if behavior is None else behavior == "refuse"


def _quality(row: Mapping[str, Any], where: str) -> float | None:
    quality = row.get("quality")
    if quality is None:
        return None
    if isinstance(quality, bool) or not isinstance(quality, int | float) or not math.isfinite(quality):
        raise InputError(f"{where}: quality is {quality!r}; a number is expected")
    return float(quality)


def _example(row: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase, where: str) -> Row:
    if "chosen" in row:
        raise InputError("is a pair of answers; train it by simpo or dpo")
    return _encode(_messages(row, "messages", "{'id': ..., 'messages': [...]}", where), tokenizer)


def _pair(row: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase, where: str) -> tuple[Row, Row]:
    form = "{'id': ..., 'prompt': [...], 'chosen': [...], 'rejected': [...]}"
    prompt = _messages(row, "prompt", form, where)
    chosen, rejected = (
        _encode([*prompt, *_messages(row, key, form, where)], tokenizer) for key in ("chosen", "rejected")
    )
    return chosen, rejected


def _messages(row: Mapping[str, Any], key: str, form: str, where: str) -> list[Message]:
    if not isinstance(row.get(key), list) or not row[key]:
        raise InputError(f"{key} {'are' if key == 'messages' else 'is'} missing; a row is {form}")
    return [parse_record(Message, message, f"{where}: {key}") for message in row[key]]


def _encode(messages: list[Message], tokenizer: PreTrainedTokenizerBase) -> Row:
    if not messages[-1].content.strip():
        raise InputError("the answer is empty; remove the row or write its answer")
    return Row(*encode_example(tokenizer, messages))
