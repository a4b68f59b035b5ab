"""Encode chats as token ids, the same way for training, benchmark and serving.

The text of a message can never become a control token: `<|im_end|>` in a document is encoded letter by letter.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from opora.errors import InputError, ModelError
from opora.models.chat_forms import merge_system
from opora.records import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

PRIVATE_USE = range(0xF0000, 0x110000)
"""Unicode characters that stand for control strings of messages while a template is rendered."""


def encode_chat(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], add_generation_prompt: bool = True
) -> list[int]:
    """Encode a chat by the tokenizer's own template. Raises ModelError if it has none."""
    marks = _marks(tokenizer, _text(messages))
    return _encode(tokenizer, _render(tokenizer, messages, marks, add_generation_prompt), marks)


def encode_example(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> tuple[list[int], list[int]]:
    """Return (prompt ids, answer ids); the last message is the answer, and its ids end with the end-of-turn token.

    Raises InputError if the last message is not the assistant's, ModelError if the template does not continue the
    prompt with the answer.
    """
    if not messages or messages[-1].role != "assistant":
        raise InputError("a training chat must end with a message of the assistant")
    marks = _marks(tokenizer, _text(messages))
    prompt = _render(tokenizer, messages[:-1], marks, add_generation_prompt=True)
    chat = _render(tokenizer, messages, marks, add_generation_prompt=False)
    if not chat.startswith(prompt):
        raise ModelError("the chat template changes the prompt when an answer follows; the model cannot be trained")
    answer = _encode(tokenizer, chat[len(prompt) :], marks)
    end = tokenizer.eos_token_id
    answer = answer[: answer.index(end) + 1] if end in answer else [*answer, end]
    return _encode(tokenizer, prompt, marks), answer


def encode_text(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Encode a text without a template, such as a continuation; control strings in it are encoded letter by letter."""
    marks = _marks(tokenizer, text)
    return _encode(tokenizer, _replace(text, marks), marks)


def invocation_ids(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the ids that the template puts before an answer, which activate an activated adapter.

    Raises ModelError for a template without such ids, or whose ids depend on the text before them.
    """
    chats = [[Message(role="user", content=text)] for text in ("a", "1.", "\u0436?")]
    before, prompts = ([encode_chat(tokenizer, chat, generation) for chat in chats] for generation in (False, True))
    suffixes = {tuple(prompt[len(start) :]) for start, prompt in zip(before, prompts, strict=True)}
    is_prefix = all(prompt[: len(start)] == start for start, prompt in zip(before, prompts, strict=True))
    if not is_prefix or len(suffixes) > 1 or suffixes == {()}:
        reason = "puts no fixed tokens before an answer, so that no adapter can be activated there"
        raise ModelError(f"the chat template of {tokenizer.name_or_path} {reason}; set lora.activated to false")
    return list(suffixes.pop())


def template_hash(tokenizer: PreTrainedTokenizerBase) -> str:
    """Return the SHA-256 of the chat template, hex."""
    return hashlib.sha256(_template(tokenizer).encode()).hexdigest()


def _marks(tokenizer: PreTrainedTokenizerBase, text: str) -> dict[str, str]:
    """Return control string of the text, longest first -> a character that stands for it and is not in the text."""
    added = {str(token) for token in tokenizer.added_tokens_decoder.values()} | set(tokenizer.all_special_tokens)
    # some tokenizers also add runs of blanks as tokens
    controls = [token for token in added if len(token) > 1 and not token.isspace() and token.strip("\u2581")]
    free = (chr(code) for code in PRIVATE_USE if chr(code) not in text)
    ordered = sorted(controls, key=lambda token: (-len(token), token))
    return {control: next(free) for control in ordered if control in text}


def _render(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], marks: dict[str, str], add_generation_prompt: bool
) -> str:
    from jinja2 import TemplateError

    has_system = any(message.role == "system" for message in messages)
    chat = merge_system(messages) if has_system and not _has_system_role(tokenizer) else messages
    masked = [{"role": message.role, "content": _replace(message.content, marks)} for message in chat]
    try:
        return str(tokenizer.apply_chat_template(masked, tokenize=False, add_generation_prompt=add_generation_prompt))
    except TemplateError as error:
        raise ModelError(f"the chat template of {tokenizer.name_or_path} rejects this chat: {error}") from None


def _has_system_role(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Return True if the template shows the text of a system message; some reject it, others drop it in silence."""
    return _shows_system(tokenizer, _template(tokenizer))


@functools.lru_cache(maxsize=64)
def _shows_system(tokenizer: PreTrainedTokenizerBase, template: str) -> bool:
    from jinja2 import TemplateError

    probe = [{"role": "system", "content": "S1S"}, {"role": "user", "content": "U1U"}]
    try:
        return "S1S" in str(tokenizer.apply_chat_template(probe, tokenize=False, chat_template=template))
    except TemplateError:
        return False


def _text(messages: Sequence[Message]) -> str:
    return "".join(message.content for message in messages)


def _replace(text: str, marks: dict[str, str]) -> str:
    for control, mark in marks.items():
        text = text.replace(control, mark)
    return text


def _encode(tokenizer: PreTrainedTokenizerBase, text: str, marks: dict[str, str]) -> list[int]:
    """Encode a rendered text. Control strings of messages are encoded letter by letter: no letter is one."""
    controls = {mark: control for control, mark in marks.items()}
    pieces = re.split(f"([{''.join(controls)}])", text) if controls else [text]
    ids: list[int] = []
    for piece in pieces:
        for part in controls.get(piece) or [piece]:
            ids += tokenizer(part, add_special_tokens=False)["input_ids"] if part else []
    return ids


def _template(tokenizer: PreTrainedTokenizerBase) -> str:
    if not tokenizer.chat_template:
        raise ModelError(f"{tokenizer.name_or_path} has no chat template; choose an instruction-tuned model")
    return str(tokenizer.chat_template)
