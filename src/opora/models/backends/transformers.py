"""Local language model that runs in transformers, on any device."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from opora.errors import ModelError
from opora.models.backends.encoding import batched, batches_by_length, check_lengths, decode_completion, end_tokens
from opora.models.backends.loading import load_network, load_tokenizer, pick_dtype
from opora.models.base import BatchModel, Chat, Completion, OnCompletion
from opora.models.chat_template import encode_chat, encode_text
from opora.models.kv_cache.prompt_cache import can_cache, pad_left, share_network
from opora.models.revision import model_revision
from opora.models.settings import ModelSettings
from opora.models.spec import Spec, parse_spec

if TYPE_CHECKING:
    from transformers import DynamicCache, GenerationConfig


def supports(spec: Spec, device: torch.device) -> bool:
    return True


class TransformersModel(BatchModel):
    """Model that transformers runs, in left-padded batches. A prefix that prompts share is read once."""

    def __init__(
        self, spec: str, settings: ModelSettings, device: torch.device, dtype: torch.dtype | None = None
    ) -> None:
        parsed, dtype = parse_spec(spec), dtype or pick_dtype(device)
        self.spec, self.revision = spec, model_revision(parsed)
        self._settings, self._device = settings, device
        key = f"{self.revision.partition('+')[0]} {dtype} {device} {settings.prompt_cache_tokens}"
        load = partial(load_network, dtype=dtype, device=device)
        self._network = share_network(parsed, load, key, settings.prompt_cache_tokens)
        self._tokenizer = load_tokenizer(parsed)
        with self._network.answering() as network:
            self.context_tokens = int(network.config.get_text_config().max_position_embeddings)
            self._ends = end_tokens(self._tokenizer, network.generation_config)
            self._can_cache = bool(settings.prompt_cache_tokens) and can_cache(network)

    def generate_batch(self, chats: Sequence[Chat], on_completion: OnCompletion) -> None:
        prompts = [encode_chat(self._tokenizer, chat) for chat in chats]
        check_lengths(prompts, self._settings.max_new_tokens, self.context_tokens, self.spec)
        # if the cache is in use, prompts with a common prefix follow each other
        order = sorted(range(len(prompts)), key=prompts.__getitem__)
        size = self._settings.batch_size
        for batch in batched(order, size) if self._can_cache else batches_by_length(prompts, size):
            for index, completion in zip(batch, self._generate([prompts[i] for i in batch]), strict=True):
                on_completion(index, completion)

    @torch.inference_mode()
    def _generate(self, prompts: list[list[int]]) -> list[Completion]:
        began = time.monotonic()
        torch.manual_seed(self._settings.seed)
        ids, mask = self._padded(prompts)
        past = self._read_prompts(prompts)
        with self._network.answering() as network:
            output = network.generate(
                input_ids=ids, attention_mask=mask, past_key_values=past, generation_config=self._generation_config()
            )
        seconds = (time.monotonic() - began) / len(prompts)
        return [
            decode_completion(self._tokenizer, len(prompt), row.tolist()[ids.shape[1] :], self._ends, seconds)
            for prompt, row in zip(prompts, output, strict=True)
        ]

    def _read_prompts(self, prompts: list[list[int]]) -> DynamicCache | None:
        """Return the KV cache of the prompts without their last token or the adapter's invocation tokens."""
        if not self._can_cache:
            return None
        invocation = list(self._network.invocation)
        left_out = len(invocation) or 1
        if any(prompt[-left_out:] != invocation for prompt in prompts if invocation):
            raise ModelError(f"{self.spec}: its chat template differs from the one that the adapter was trained with")
        with self._network.reading() as network:
            return pad_left([self._network.base.prompts.read(network, prompt[:-left_out]) for prompt in prompts])

    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        prompts = [encode_chat(self._tokenizer, chat) for chat in chats]
        answers = [encode_text(self._tokenizer, text) for text in continuations]
        rows = [prompt + answer for prompt, answer in zip(prompts, answers, strict=True)]
        check_lengths(rows, 0, self.context_tokens, self.spec)
        sums = [0.0] * len(rows)
        for batch in batches_by_length(rows, self._settings.batch_size):
            values = self._logprobs([rows[index] for index in batch], [len(answers[index]) for index in batch])
            for index, value in zip(batch, values, strict=True):
                sums[index] = value
        return sums

    @torch.inference_mode()
    def _logprobs(self, rows: list[list[int]], lengths: list[int]) -> list[float]:
        """Return the log-probability of the last `lengths` tokens of each row; other logits are skipped."""
        ids, mask = self._padded(rows)
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
        longest = max(lengths)
        with self._network.answering() as network:
            output = network(input_ids=ids, attention_mask=mask, position_ids=positions, logits_to_keep=longest + 1)
        logprobs = torch.log_softmax(output.logits[:, :-1].float(), dim=-1)
        scores = logprobs.gather(2, ids[:, ids.shape[1] - longest :, None])[..., 0]
        return [float(row[longest - length :].sum()) for row, length in zip(scores, lengths, strict=True)]

    def _padded(self, rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return ids and attention mask, shape (rows, longest row), padded on the left."""
        width, pad = max(map(len, rows)), self._tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (width - len(row)) + row for row in rows], device=self._device)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=self._device)
        return ids, mask

    def _generation_config(self) -> GenerationConfig:
        """Set every option: defaults of a checkpoint (penalties, top-k) would apply to this backend only."""
        from transformers import GenerationConfig

        greedy: dict[str, Any] = {"do_sample": False}
        sampling = {"do_sample": True, "temperature": self._settings.temperature, "top_k": 0, "top_p": 1.0}
        return GenerationConfig(
            max_new_tokens=self._settings.max_new_tokens,
            eos_token_id=sorted(self._ends),
            pad_token_id=self._tokenizer.pad_token_id,
            repetition_penalty=1.0,
            no_repeat_ngram_size=0,
            **(sampling if self._settings.temperature else greedy),
        )


def open_model(spec: str, settings: ModelSettings, device: torch.device) -> TransformersModel:
    return TransformersModel(spec, settings, device)
