"""Token ids of local models: batches of prompts, length checks, and completions from generated ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from opora.errors import InputError
from opora.models.base import Completion

if TYPE_CHECKING:
    from transformers import GenerationConfig, PreTrainedConfig, PreTrainedTokenizerBase


def batches_by_length(prompts: Sequence[Sequence[int]], size: int) -> Iterator[list[int]]:
    """Yield indices of prompts in batches of similar length, longest first, so that memory runs out early if at all."""
    return batched(sorted(range(len(prompts)), key=lambda index: (-len(prompts[index]), index)), size)


def batched(order: Sequence[int], size: int) -> Iterator[list[int]]:
    return (list(order[start : start + size]) for start in range(0, len(order), size))


def check_lengths(prompts: Sequence[Sequence[int]], max_new_tokens: int, context_tokens: int | None, spec: str) -> None:
    """Raise InputError if a prompt and its completion do not fit into the model's context; nothing is truncated."""
    longest = max(map(len, prompts), default=0)
    if context_tokens and longest + max_new_tokens > context_tokens:
        raise InputError(
            f"{spec}: a prompt of {longest} tokens and {max_new_tokens} new tokens do not fit into the context of"
            f" {context_tokens} tokens; lower top_k or max_new_tokens"
        )


def end_tokens(tokenizer: PreTrainedTokenizerBase, config: GenerationConfig | PreTrainedConfig | None) -> set[int]:
    """Return the ids that end a turn: the tokenizer's and those of the model's config."""
    configured = getattr(config, "eos_token_id", None)
    ends = configured if isinstance(configured, list) else [configured]
    return {end for end in [*ends, tokenizer.eos_token_id] if end is not None}


def decode_completion(
    tokenizer: PreTrainedTokenizerBase, prompt_tokens: int, ids: list[int], ends: set[int], seconds: float
) -> Completion:
    """Decode generated ids up to the first token that ends a turn."""
    stop = next((position for position, token in enumerate(ids) if token in ends), None)
    answer = ids if stop is None else ids[:stop]
    return Completion(
        text=str(tokenizer.decode(answer, skip_special_tokens=True)).strip(),
        prompt_tokens=prompt_tokens,
        completion_tokens=len(answer),
        finish_reason="length" if stop is None else "stop",
        seconds=seconds,
    )
