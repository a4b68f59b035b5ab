"""Local language model that runs in CTranslate2 on a CPU, faster than transformers with the same answers.

The weights, with an adapter merged into them, are converted once and kept in the user's cache.
"""

from __future__ import annotations

import gc
import hashlib
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path

import ctranslate2
import numpy as np
import numpy.typing as npt
import torch
from transformers import GenerationConfig, PreTrainedConfig

from opora.errors import ModelError, first_line
from opora.models.backends.encoding import check_lengths, decode_completion, end_tokens
from opora.models.backends.loading import load_causal_lm, load_tokenizer
from opora.models.base import BatchModel, Chat, Completion, OnCompletion
from opora.models.chat_template import encode_chat, encode_text
from opora.models.file_cache import cached
from opora.models.kv_cache.prefix_groups import PrefixGroup, batched_groups, saved_tokens, shared_prefixes
from opora.models.peft_adapter import read_invocation
from opora.models.revision import load_config, model_revision, model_source
from opora.models.settings import ModelSettings
from opora.models.spec import Spec, parse_spec

MIN_SHARED_TOKENS = 64
"""Minimum length of a common prefix that is cached."""
MIN_SAVED_SHARE = 0.25
"""Share of tokens saved by common prefixes from which one worker with all threads is faster than several."""
ARCHITECTURES = frozenset(("LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"))


def supports(spec: Spec, device: torch.device) -> bool:
    """Return True on a CPU for a known architecture and an adapter that can be merged, unlike an activated one.

    Raises ModelError if the model's config does not load.
    """
    if device.type != "cpu" or read_invocation(spec):
        return False
    return spec.kind == "smollm2" or bool(set(load_config(spec).architectures or ()) & ARCHITECTURES)


class CTranslateModel(BatchModel):
    """Model that CTranslate2 runs, one chat per thread. A prefix that prompts share is read once.

    Chats are not batched: in a batch CTranslate2 reads prompts in parallel only up to the length of the shortest one,
    and the rest token by token (`python benchmarks/generation.py`).
    """

    def __init__(self, spec: str, settings: ModelSettings) -> None:
        parsed = parse_spec(spec)
        self.spec = spec
        self.revision = f"{model_revision(parsed)} {settings.quantization}"
        self._settings = settings
        name = hashlib.sha256(f"{parsed.name} {self.revision} {ctranslate2.__version__}".encode()).hexdigest()[:16]
        self._folder = cached(f"ctranslate2-{name}", partial(_convert, parsed, settings.quantization))
        self._tokenizer = load_tokenizer(parsed)
        self.context_tokens = int(load_config(parsed).get_text_config().max_position_embeddings)
        self._ends = end_tokens(self._tokenizer, _generation_config(parsed))
        self._opened: ctranslate2.Generator | None = None

    def _generator(self, workers: int) -> ctranslate2.Generator:
        """Load the weights at first use, and again for another number of workers, which share them."""
        if self._opened is None or self._opened.num_generators != workers:
            self._opened = None  # so that there are never two in memory
            threads = torch.get_num_threads()
            self._opened = ctranslate2.Generator(
                str(self._folder), device="cpu", inter_threads=workers, intra_threads=max(1, threads // workers)
            )
            torch.set_num_threads(threads)  # CTranslate2 sets the threads of the process to those of one worker
        return self._opened

    def _current_generator(self) -> ctranslate2.Generator:
        return self._opened or self._generator(1)

    def generate_batch(self, chats: Sequence[Chat], on_completion: OnCompletion) -> None:
        prompts = [encode_chat(self._tokenizer, chat) for chat in chats]
        check_lengths(prompts, self._settings.max_new_tokens, self.context_tokens, self.spec)
        groups = shared_prefixes(prompts, MIN_SHARED_TOKENS) if self._settings.prompt_cache_tokens else []
        groups = groups or [PrefixGroup([index], 0) for index in range(len(prompts))]
        # sampling uses one random generator, so the order must be fixed; and two workers would both read a prefix
        single = self._settings.temperature or saved_tokens(groups) >= MIN_SAVED_SHARE * sum(map(len, prompts))
        workers = 1 if single else max(1, min(len(chats), torch.get_num_threads()))
        for batch in batched_groups(groups, self._settings.prompt_cache_tokens):
            self._generate_groups(prompts, batch, workers, on_completion)

    def _generate_groups(
        self, prompts: Sequence[list[int]], groups: Sequence[PrefixGroup], workers: int, on_completion: OnCompletion
    ) -> None:
        generator = self._generator(workers)
        pool = ThreadPoolExecutor(workers)
        try:
            members = [(index, group.shared) for group in groups for index in group.members]
            futures = {pool.submit(self._generate, generator, prompts[index], size): index for index, size in members}
            for future in as_completed(futures):
                on_completion(futures[future], future.result())
        finally:
            pool.shutdown(cancel_futures=True)
            if any(group.shared for group in groups):
                self._opened = None  # CTranslate2 never frees a cached prompt

    def _generate(self, generator: ctranslate2.Generator, prompt: list[int], shared: int) -> Completion:
        began = time.monotonic()
        ctranslate2.set_random_seed(self._settings.seed)
        tokens = self._tokenizer.convert_ids_to_tokens(prompt)
        [result] = generator.generate_batch(
            [tokens[shared:]],
            static_prompt=tokens[:shared] or None,
            cache_static_prompt=True,
            max_length=self._settings.max_new_tokens,
            include_prompt_in_result=False,
            end_token=sorted(self._ends),
            return_end_token=True,
            sampling_topk=0 if self._settings.temperature else 1,
            sampling_temperature=self._settings.temperature or 1.0,
        )
        ids = list(result.sequences_ids[0])
        return decode_completion(self._tokenizer, len(prompt), ids, self._ends, time.monotonic() - began)

    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        prompts = [encode_chat(self._tokenizer, chat) for chat in chats]
        answers = [encode_text(self._tokenizer, text) for text in continuations]
        rows = [prompt + answer for prompt, answer in zip(prompts, answers, strict=True)]
        check_lengths(rows, 0, self.context_tokens, self.spec)
        if all(len(answer) == 1 for answer in answers):
            scores = {prompt: self._next_token(prompt) for prompt in dict.fromkeys(map(tuple, prompts))}
            return [float(scores[tuple(prompt)][answer[0]]) for prompt, answer in zip(prompts, answers, strict=True)]
        # one row at a time: it keeps logits of all positions, up to a gigabyte for a large vocabulary
        tokens = [self._tokenizer.convert_ids_to_tokens(row) for row in rows]
        scored = self._current_generator().score_batch(tokens, max_batch_size=1, max_input_length=0)
        values = [result.log_probs for result in scored]
        return [float(sum(row[len(row) - len(answer) :])) for row, answer in zip(values, answers, strict=True)]

    def _next_token(self, prompt: Sequence[int]) -> npt.NDArray[np.float64]:
        """Return the log-probability of every token of the vocabulary after a prompt, shape (vocabulary,)."""
        [result] = self._current_generator().generate_batch(
            [self._tokenizer.convert_ids_to_tokens(list(prompt))],
            max_length=1,
            sampling_topk=1,
            include_prompt_in_result=False,
            return_logits_vocab=True,
        )
        logits = np.asarray(result.logits[0][0]).astype(np.float64).ravel()
        logits -= logits.max()
        scores: npt.NDArray[np.float64] = logits - np.log(np.exp(logits).sum())
        return scores


def _generation_config(spec: Spec) -> GenerationConfig | PreTrainedConfig:
    """Return the config that names the tokens that end a turn, as transformers does."""
    try:
        return GenerationConfig.from_pretrained(model_source(spec), revision=spec.revision or "main")
    except OSError:
        return load_config(spec)


def open_model(spec: str, settings: ModelSettings, device: torch.device) -> CTranslateModel:
    return CTranslateModel(spec, settings)


def _convert(spec: Spec, quantization: str, folder: Path) -> None:
    from ctranslate2.converters import TransformersConverter

    model, tokenizer = load_causal_lm(spec, torch.float32, torch.device("cpu"))
    # next to the cache entry: a temporary file system is often smaller than a model
    with tempfile.TemporaryDirectory(dir=folder.parent) as merged:
        model.save_pretrained(merged)
        tokenizer.save_pretrained(merged)
        # the converter collects garbage after each layer, which is slow among millions of objects
        gc.freeze()
        try:
            TransformersConverter(merged).convert(str(folder), quantization=quantization, force=True)
        except (ValueError, NotImplementedError, KeyError) as error:
            reason = f"{spec.name or spec.kind} ({first_line(error)})"
            raise ModelError(f"CTranslate2 cannot run {reason}; set backend to transformers") from None
        finally:
            gc.unfreeze()
