"""Chats as token ids, the same for training, benchmark and serving.

In: a tokenizer of transformers and messages. Out: ids. What stands in a message can never become a control token:
`<|im_end|>` in a document is encoded as the letters it is made of.

    encode_chat(tokenizer, messages)                      # prompt, ready for the answer
    encode_example(tokenizer, [*messages, answer])        # (ids of the prompt, ids of the answer with its end token)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from opora.errors import InputError, ModelError
from opora.records import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

PRIVATE_USE = range(0xE000, 0xF8FF)


def encode_chat(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], add_generation_prompt: bool = True
) -> list[int]:
    """Ids of a chat by the tokenizer's own template. Raises ModelError if it has none."""
    marks = _marks(tokenizer, messages)
    return _encode(tokenizer, _render(tokenizer, messages, marks, add_generation_prompt), marks)


def encode_example(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> tuple[list[int], list[int]]:
    """(prompt ids, answer ids): the last message is the answer; its ids end with the token that ends a turn.

    Raises InputError if the last message is not the assistant's, ModelError if the template does not continue the
    prompt with the answer.
    """
    if not messages or messages[-1].role != "assistant":
        raise InputError("a training chat ends with a message of the assistant")
    marks = _marks(tokenizer, messages)
    prompt = _render(tokenizer, messages[:-1], marks, add_generation_prompt=True)
    whole = _render(tokenizer, messages, marks, add_generation_prompt=False)
    if not whole.startswith(prompt):
        raise ModelError("the chat template writes another prompt when the answer is known; it cannot be trained on")
    answer = _encode(tokenizer, whole[len(prompt) :], marks)
    end = tokenizer.eos_token_id
    answer = answer[: answer.index(end) + 1] if end in answer else [*answer, end]
    return _encode(tokenizer, prompt, marks), answer


def template_hash(tokenizer: PreTrainedTokenizerBase) -> str:
    """SHA-256 of the chat template, hex."""
    return hashlib.sha256(_template(tokenizer).encode()).hexdigest()


def control_strings(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Strings that the tokenizer would turn into one control token, longest first."""
    added = {str(token) for token in tokenizer.added_tokens_decoder.values()} | set(tokenizer.all_special_tokens)
    return sorted((token for token in added if len(token) > 1), key=lambda token: (-len(token), token))


def _marks(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> dict[str, str]:
    """Control strings that stand in the messages -> a character, found in no message, that stands for each."""
    text = "".join(message.content for message in messages)
    found = [control for control in control_strings(tokenizer) if control in text]
    free = (chr(code) for code in PRIVATE_USE if chr(code) not in text)
    return dict(zip(found, free, strict=False))


def _render(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], marks: dict[str, str], add_generation_prompt: bool
) -> str:
    _template(tokenizer)
    shown = [{"role": message.role, "content": _replace(message.content, marks)} for message in messages]
    return str(tokenizer.apply_chat_template(shown, tokenize=False, add_generation_prompt=add_generation_prompt))


def _replace(text: str, marks: dict[str, str]) -> str:
    for control, mark in marks.items():
        text = text.replace(control, mark)
    return text


def _encode(tokenizer: PreTrainedTokenizerBase, text: str, marks: dict[str, str]) -> list[int]:
    """Ids of a rendered text. A control string of a message is encoded in two halves, neither of which is one."""
    controls = {mark: control for control, mark in marks.items()}
    pieces = re.split(f"([{''.join(controls)}])", text) if controls else [text]
    ids: list[int] = []
    for piece in pieces:
        control = controls.get(piece)
        halves = [control[: len(control) // 2], control[len(control) // 2 :]] if control else [piece]
        for half in halves:
            ids += tokenizer(half, add_special_tokens=False)["input_ids"] if half else []
    return ids


def _template(tokenizer: PreTrainedTokenizerBase) -> str:
    if not tokenizer.chat_template:
        raise ModelError(f"{tokenizer.name_or_path} has no chat template; choose an instruction-tuned model")
    return str(tokenizer.chat_template)
