"""Causal language models on a CPU in 8-bit integers, by CTranslate2: about three times as fast as transformers there.

In: a spec of a model whose architecture CTranslate2 knows. Out: a model of the contract. The weights, an adapter merged
into them, are converted once into the user's cache.

    model = CTranslateModel("smollm2+train/raft", ModelSettings())
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import ctranslate2
import torch
from transformers import GenerationConfig, PreTrainedConfig

from opora.errors import ModelError
from opora.models.cache import cached
from opora.models.contract import Chat, Completion, OnCompletion
from opora.models.local import (
    check_lengths,
    completion_of,
    end_tokens,
    first_line,
    load_causal_lm,
    load_config,
    load_tokenizer,
    source_of,
)
from opora.models.revision import revision_of
from opora.models.settings import ModelSettings
from opora.models.spec import ModelSpec, parse_spec
from opora.models.template import encode_chat, encode_text

ARCHITECTURES = frozenset(("LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"))
QUANTIZATION = "int8"


def supports(spec: ModelSpec) -> bool:
    """True if CTranslate2 knows the model's architecture. Raises ModelError if the model's settings do not load."""
    return spec.kind == "smollm2" or bool(set(load_config(spec).architectures or ()) & ARCHITECTURES)


class CTranslateModel:
    """A model in int8. Chats are generated one by one: in a batch CTranslate2 reads at once only what is no longer than
    the shortest prompt, and the rest of each prompt token after token (`python benchmarks/generation.py`)."""

    def __init__(self, spec: str, settings: ModelSettings, quantization: str = QUANTIZATION) -> None:
        parsed = parse_spec(spec)
        self.spec = spec
        self.revision = f"{revision_of(parsed)} {quantization}"
        self._settings = settings
        name = hashlib.sha256(f"{parsed.name} {self.revision} {ctranslate2.__version__}".encode()).hexdigest()[:16]
        folder = cached(f"ctranslate2-{name}", _writer(parsed, quantization))
        self._tokenizer = load_tokenizer(parsed)
        self.context_tokens = int(load_config(parsed).get_text_config().max_position_embeddings)
        self._ends = end_tokens(self._tokenizer, _generation_config(parsed))
        self._generator = ctranslate2.Generator(str(folder), device="cpu", intra_threads=torch.get_num_threads())

    def generate(self, chats: Sequence[Chat], on_completion: OnCompletion | None = None) -> list[Completion]:
        prompts = [encode_chat(self._tokenizer, chat) for chat in chats]
        check_lengths(prompts, self._settings.max_new_tokens, self.context_tokens, self.spec)
        completions = []
        for number, prompt in enumerate(prompts):
            completions.append(self._generate(prompt))
            if on_completion:
                on_completion(number, completions[-1])
        return completions

    def _generate(self, prompt: list[int]) -> Completion:
        began = time.monotonic()
        ctranslate2.set_random_seed(self._settings.seed)
        [result] = self._generator.generate_batch(
            [self._tokenizer.convert_ids_to_tokens(prompt)],
            max_length=self._settings.max_new_tokens,
            include_prompt_in_result=False,
            end_token=sorted(self._ends),
            return_end_token=True,
            sampling_topk=0 if self._settings.temperature else 1,
            sampling_temperature=self._settings.temperature or 1.0,
        )
        ids = list(result.sequences_ids[0])
        return completion_of(self._tokenizer, len(prompt), ids, self._ends, time.monotonic() - began)

    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        prompts = [encode_chat(self._tokenizer, chat) for chat in chats]
        answers = [encode_text(self._tokenizer, text) for text in continuations]
        rows = [prompt + answer for prompt, answer in zip(prompts, answers, strict=True)]
        check_lengths(rows, 0, self.context_tokens, self.spec)
        # one row at a time: logits of every position are held, a gigabyte for a long row of a large vocabulary
        tokens = [self._tokenizer.convert_ids_to_tokens(row) for row in rows]
        scored = self._generator.score_batch(tokens, max_batch_size=1, max_input_length=0)
        return [
            float(sum(result.log_probs[len(result.log_probs) - len(answer) :]))
            for result, answer in zip(scored, answers, strict=True)
        ]


def _generation_config(spec: ModelSpec) -> GenerationConfig | PreTrainedConfig:
    """What transformers would take the tokens that end a turn from."""
    try:
        return GenerationConfig.from_pretrained(source_of(spec), revision=spec.revision or "main")
    except OSError:
        return load_config(spec)


def _writer(spec: ModelSpec, quantization: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        from ctranslate2.converters import TransformersConverter

        model, tokenizer = load_causal_lm(spec, torch.float32, torch.device("cpu"))
        # beside the entry, for a temporary file system is often smaller than a model
        with tempfile.TemporaryDirectory(dir=folder.parent) as merged:
            model.save_pretrained(merged)
            tokenizer.save_pretrained(merged)
            try:
                TransformersConverter(merged).convert(str(folder), quantization=quantization, force=True)
            except (ValueError, NotImplementedError, KeyError) as error:
                name = spec.name or spec.kind
                raise ModelError(
                    f"CTranslate2 cannot run {name} ({first_line(error)}); set backend to transformers"
                ) from None

    return write
