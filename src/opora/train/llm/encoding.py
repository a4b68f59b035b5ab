"""Tokenisation of the rows of a dataset.

    {"id": ..., "messages": [..., {"role": "assistant", ...}]}            an example
    {"id": ..., "prompt": [...], "chosen": [...], "rejected": [...]}      a preference pair, as TRL has it

Both may carry `"behavior"` ("answer" or "refuse") and a `"quality"` (a number).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from opora.artifacts import read_json_lines
from opora.errors import InputError
from opora.models.chat_template import encode_example
from opora.records import Behavior, Message
from opora.train.scorer import TokenizedExample, TokenizedRow
from opora.validation import nearest, parse_record

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

DroppedRow = dict[str, str | float]
"""Dataset, id, location and reason of a row that is not used for training."""


def encode_examples(
    path: Path, tokenizer: PreTrainedTokenizerBase, max_tokens: int, pairs: bool = False, dataset: str = ""
) -> tuple[list[TokenizedExample], list[DroppedRow]]:
    """Return the examples of a file, or its preference pairs, and the dropped rows: those of more than `max_tokens`,
    and pairs of equal answers. Raises InputError, with the line, for a row without messages or answer."""
    examples: list[TokenizedExample] = []
    dropped: list[DroppedRow] = []
    for number, row in read_json_lines(path):
        where = f"{path}:{number}"
        try:
            chats = _read_pair(row, where) if pairs else [_read_chat(row, where)]
            rows = tuple(_encode(messages, tokenizer) for messages in chats)
        except InputError as error:
            raise error if str(error).startswith(where) else InputError(f"{where}: {error}") from None
        id_, location = str(row.get("id", number)), f"{path.name}:{number}"
        example = TokenizedExample(id_, rows, dataset, location, _is_refusal(row, where), _quality(row, where))
        longest = max(row.length for row in rows)
        if longest > max_tokens:
            dropped.append(describe_dropped(example, "too long", tokens=longest, limit=max_tokens))
        elif pairs and rows[0] == rows[-1]:
            dropped.append(describe_dropped(example, "chosen equals rejected"))
        else:
            examples.append(example)
    return examples, dropped


def describe_dropped(example: TokenizedExample, reason: str, **details: float) -> DroppedRow:
    """Return the entry of an example in the list of dropped rows."""
    return {"dataset": example.dataset, "id": example.id, "row": example.location, "reason": reason, **details}


def _is_refusal(row: Mapping[str, Any], where: str) -> bool | None:
    behavior = row.get("behavior")
    if behavior is not None and behavior not in get_args(Behavior):
        raise InputError(f"{where}: behavior is {behavior!r}; {nearest(str(behavior), list(get_args(Behavior)))}")
    return None if behavior is None else behavior == "refuse"


def _quality(row: Mapping[str, Any], where: str) -> float | None:
    quality = row.get("quality")
    if quality is None:
        return None
    if isinstance(quality, bool) or not isinstance(quality, int | float) or not math.isfinite(quality):
        raise InputError(f"{where}: quality is {quality!r}; expected a number")
    return float(quality)


def _read_chat(row: Mapping[str, Any], where: str) -> list[Message]:
    if "chosen" in row:
        raise InputError("this row is a preference pair; train it with simpo or dpo")
    return _messages(row, "messages", "{'id': ..., 'messages': [...]}", where)


def _read_pair(row: Mapping[str, Any], where: str) -> list[list[Message]]:
    form = "{'id': ..., 'prompt': [...], 'chosen': [...], 'rejected': [...]}"
    prompt, *answers = (_messages(row, key, form, where) for key in ("prompt", "chosen", "rejected"))
    return [[*prompt, *answer] for answer in answers]


def _messages(row: Mapping[str, Any], key: str, form: str, where: str) -> list[Message]:
    if not isinstance(row.get(key), list) or not row[key]:
        raise InputError(f"{key} {'are' if key == 'messages' else 'is'} missing; a row has the form {form}")
    return [parse_record(Message, message, f"{where}: {key}") for message in row[key]]


def _encode(messages: list[Message], tokenizer: PreTrainedTokenizerBase) -> TokenizedRow:
    if not messages[-1].content.strip():
        raise InputError("the answer is empty; remove the row or write its answer")
    return TokenizedRow(*encode_example(tokenizer, messages))
