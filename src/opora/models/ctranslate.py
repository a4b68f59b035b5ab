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
from transformers import AutoConfig, AutoTokenizer

from opora.errors import ModelError
from opora.models.cache import cached
from opora.models.contract import Chat, Completion, OnCompletion
from opora.models.local import batches_by_length, check_lengths, completion_of, load_causal_lm
from opora.models.revision import revision_of
from opora.models.settings import ModelSettings
from opora.models.smollm2 import smollm2_folder
from opora.models.spec import ModelSpec, parse_spec
from opora.models.template import encode_chat

ARCHITECTURES = frozenset(("LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"))
QUANTIZATION = "int8"


def supports(spec: ModelSpec) -> bool:
    """True if CTranslate2 knows the model's architecture. Raises ModelError if the model's settings do not load."""
    if spec.kind == "smollm2":
        return True
    try:
        config = AutoConfig.from_pretrained(spec.name, revision=spec.revision or None)
    except (OSError, ValueError) as error:
        raise ModelError(f"model {spec.name!r} does not load: {str(error).strip().splitlines()[0]}") from None
    return bool(set(config.architectures or ()) & ARCHITECTURES)


class CTranslateModel:
    """A model in int8. Chats are sorted by length and generated in batches."""

    def __init__(self, spec: str, settings: ModelSettings) -> None:
        parsed = parse_spec(spec)
        self.spec = spec
        self.revision = f"{revision_of(parsed)} {QUANTIZATION}"
        self._settings = settings
        name = hashlib.sha256(f"{self.revision} {ctranslate2.__version__}".encode()).hexdigest()[:16]
        folder = cached(f"ctranslate2-{name}", _writer(parsed))
        source = str(smollm2_folder()) if parsed.kind == "smollm2" else parsed.name
        config = AutoConfig.from_pretrained(source, revision=parsed.revision or None)
        self.context_tokens = int(config.get_text_config().max_position_embeddings)
        self._tokenizer = AutoTokenizer.from_pretrained(source, revision=parsed.revision or None)
        ends = config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
        self._ends = {end for end in [*ends, self._tokenizer.eos_token_id] if end is not None}
        self._generator = ctranslate2.Generator(str(folder), device="cpu", intra_threads=torch.get_num_threads())

    def generate(self, chats: Sequence[Chat], on_completion: OnCompletion | None = None) -> list[Completion]:
        prompts = [encode_chat(self._tokenizer, chat) for chat in chats]
        check_lengths(prompts, self._settings.max_new_tokens, self.context_tokens, self.spec)
        completions: dict[int, Completion] = {}
        for batch in batches_by_length(prompts, self._settings.batch_size):
            for number, completion in zip(batch, self._generate([prompts[n] for n in batch]), strict=True):
                completions[number] = completion
                if on_completion:
                    on_completion(number, completion)
        return [completions[number] for number in range(len(chats))]

    def _generate(self, prompts: list[list[int]]) -> list[Completion]:
        began = time.monotonic()
        ctranslate2.set_random_seed(self._settings.seed)
        results = self._generator.generate_batch(
            [self._tokenizer.convert_ids_to_tokens(prompt) for prompt in prompts],
            max_length=self._settings.max_new_tokens,
            include_prompt_in_result=False,
            end_token=sorted(self._ends),
            return_end_token=True,
            sampling_topk=0 if self._settings.temperature else 1,
            sampling_temperature=self._settings.temperature or 1.0,
        )
        seconds = (time.monotonic() - began) / len(prompts)
        return [
            completion_of(self._tokenizer, len(prompt), list(result.sequences_ids[0]), self._ends, seconds)
            for prompt, result in zip(prompts, results, strict=True)
        ]

    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        prompts = [encode_chat(self._tokenizer, chat) for chat in chats]
        answers = [self._tokenizer(text, add_special_tokens=False)["input_ids"] for text in continuations]
        rows = [
            self._tokenizer.convert_ids_to_tokens([*prompt, *answer])
            for prompt, answer in zip(prompts, answers, strict=True)
        ]
        scored = self._generator.score_batch(rows, max_batch_size=self._settings.batch_size)
        return [
            float(sum(result.log_probs[len(result.log_probs) - len(answer) :]))
            for result, answer in zip(scored, answers, strict=True)
        ]


def _writer(spec: ModelSpec) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        from ctranslate2.converters import TransformersConverter

        model, tokenizer = load_causal_lm(spec, torch.float32, torch.device("cpu"))
        with tempfile.TemporaryDirectory() as merged:
            model.save_pretrained(merged)
            tokenizer.save_pretrained(merged)
            TransformersConverter(merged).convert(str(folder), quantization=QUANTIZATION, force=True)

    return write
