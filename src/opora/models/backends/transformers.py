"""Causal language models of transformers, on this machine.

In: a spec, `smollm2` or `hf:...`, with or without a PEFT adapter. Out: a model of the contract.

    model = open_model("hf:Qwen/Qwen2.5-1.5B-Instruct+train/raft", ModelSettings())
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from opora.errors import InputError, ModelError, first_line
from opora.models.base import Chat, Completion, LanguageModel, OnCompletion
from opora.models.batch_calls import Calls, generate_apart
from opora.models.chat_template import encode_chat, encode_text
from opora.models.kv_cache.prompt_cache import can_keep, pad_left, share_network
from opora.models.peft_adapter import with_adapter
from opora.models.revision import adapter_folder, revision_of
from opora.models.settings import ModelSettings
from opora.models.smollm2 import smollm2_folder
from opora.models.spec import ModelSpec, parse_spec

if TYPE_CHECKING:
    from transformers import DynamicCache, GenerationConfig, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase


def open_model(spec: str, settings: ModelSettings) -> LanguageModel:
    """The model of a spec, on the backend that the settings name. Raises InputError, ModelError."""
    device = pick_device(settings.device)
    if settings.backend != "transformers" and device.type == "cpu":
        from opora.models.backends.ctranslate2 import CTranslateModel, supports

        if supports(parse_spec(spec)):
            return CTranslateModel(spec, settings)
    if settings.backend == "ctranslate2":
        raise InputError(f"backend ctranslate2 cannot run {spec!r} on {device}; set backend to auto or transformers")
    return TransformersModel(spec, settings, device)


def pick_device(name: str) -> torch.device:
    """The device of that name; for `auto` an accelerator if there is one, else the CPU. Raises InputError."""
    has_mps = torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"device {name!r} is unknown; auto, cpu, cuda, cuda:1 and mps are known") from None
    found = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(has_mps)}
    if (device.index or 0) >= found.get(device.type, 0):
        raise InputError(f"device {name!r} is not on this machine; set device to auto or cpu")
    return device


def pick_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on an accelerator that has it, else float32."""
    if device.type == "cpu" or (device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False)):
        return torch.float32
    return torch.bfloat16


def load_causal_lm(
    spec: ModelSpec, dtype: torch.dtype, device: torch.device
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Model, with its adapter if the spec has one, and tokenizer. Raises ModelError if either does not load."""
    tokenizer = load_tokenizer(spec)
    return load_network(spec, dtype, device), tokenizer


def load_network(spec: ModelSpec, dtype: torch.dtype, device: torch.device) -> PreTrainedModel:
    """The model of a spec, with its adapter if it has one. Raises ModelError if it does not load."""
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()  # of seconds, and among opora's own
    source, revision = source_of(spec), spec.revision or None
    try:
        # a pickle may run code: only safetensors are read
        model: Any = AutoModelForCausalLM.from_pretrained(source, revision=revision, dtype=dtype, use_safetensors=True)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"model {source!r} does not load: {first_line(error)}") from None
    if spec.adapter:
        model = with_adapter(model, spec)
    loaded: PreTrainedModel = model.to(device).eval()
    return loaded


def source_of(spec: ModelSpec) -> str:
    """What transformers loads a model from: a folder, or a name of the hub's."""
    return str(smollm2_folder()) if spec.kind == "smollm2" else spec.name


def load_tokenizer(spec: ModelSpec) -> PreTrainedTokenizerBase:
    """The tokenizer that an adapter was trained with, where it lies beside it, else the model's. Raises ModelError."""
    from transformers import AutoTokenizer

    source, revision = source_of(spec), spec.revision or None
    if spec.adapter and (adapter_folder(spec.adapter) / "tokenizer_config.json").exists():
        source, revision = str(adapter_folder(spec.adapter)), None
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(source, revision=revision)
    except (OSError, ValueError) as error:
        raise ModelError(f"tokenizer of {source!r} does not load: {first_line(error)}") from None
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_config(spec: ModelSpec) -> PreTrainedConfig:
    """The settings of a model's architecture. Raises ModelError if they do not load."""
    from transformers import AutoConfig

    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(source_of(spec), revision=spec.revision or None)
    except (OSError, ValueError) as error:
        raise ModelError(f"model {spec.name!r} does not load: {first_line(error)}") from None
    return config


class TransformersModel:
    """A model that transformers runs. Chats that begin alike are read once and generated in batches, padded on the
    left."""

    def __init__(
        self, spec: str, settings: ModelSettings, device: torch.device, dtype: torch.dtype | None = None
    ) -> None:
        parsed, dtype = parse_spec(spec), dtype or pick_dtype(device)
        self.spec, self.revision = spec, revision_of(parsed)
        self._settings, self._device = settings, device
        key = f"{self.revision.partition('+')[0]} {dtype} {device} {settings.prompt_cache_tokens}"
        load = partial(load_network, dtype=dtype, device=device)
        self._network = share_network(parsed, load, key, settings.prompt_cache_tokens)
        self._tokenizer = load_tokenizer(parsed)
        with self._network.answering() as network:
            self.context_tokens = int(network.config.get_text_config().max_position_embeddings)
            self._ends = end_tokens(self._tokenizer, network.generation_config)
            self._keeps = bool(settings.prompt_cache_tokens) and can_keep(network)

    def generate(self, chats: Sequence[Chat], on_completion: OnCompletion | None = None) -> list[Completion]:
        prompts = [encode_chat(self._tokenizer, chat) for chat in chats]
        check_lengths(prompts, self._settings.max_new_tokens, self.context_tokens, self.spec)
        completions: dict[int, Completion] = {}
        for batch in self._batches(prompts):
            for number, completion in zip(batch, self._generate([prompts[n] for n in batch]), strict=True):
                completions[number] = completion
                if on_completion:
                    on_completion(number, completion)
        return [completions[number] for number in range(len(chats))]

    def generate_each(self, chats: Sequence[Chat], calls: Calls) -> None:
        generate_apart(self, chats, calls)

    def _batches(self, prompts: Sequence[list[int]]) -> Iterator[list[int]]:
        """What begins alike stands together, if it is to be read once."""
        if not self._keeps:
            return batches_by_length(prompts, self._settings.batch_size)
        order = sorted(range(len(prompts)), key=lambda number: prompts[number])
        return batched(order, self._settings.batch_size)

    @torch.inference_mode()
    def _generate(self, prompts: list[list[int]]) -> list[Completion]:
        began = time.monotonic()
        torch.manual_seed(self._settings.seed)
        ids, mask = self._padded(prompts)
        past = self._read(prompts)
        with self._network.answering() as network:
            output = network.generate(
                input_ids=ids, attention_mask=mask, past_key_values=past, generation_config=self._generation_config()
            )
        seconds = (time.monotonic() - began) / len(prompts)
        return [
            completion_of(self._tokenizer, len(prompt), row.tolist()[ids.shape[1] :], self._ends, seconds)
            for prompt, row in zip(prompts, output, strict=True)
        ]

    def _read(self, prompts: list[list[int]]) -> DynamicCache | None:
        """Keys of the prompts but for their last token, or for what activates the adapter."""
        if not self._keeps:
            return None
        invocation = list(self._network.invocation)
        left = len(invocation) or 1
        if any(prompt[-left:] != invocation for prompt in prompts if invocation):
            raise ModelError(f"{self.spec}: its chat template is not the one that its adapter was trained with")
        with self._network.reading() as network:
            return pad_left([self._network.prompts.read(network, prompt[:-left]) for prompt in prompts])

    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        prompts = [encode_chat(self._tokenizer, chat) for chat in chats]
        answers = [encode_text(self._tokenizer, text) for text in continuations]
        rows = [prompt + answer for prompt, answer in zip(prompts, answers, strict=True)]
        check_lengths(rows, 0, self.context_tokens, self.spec)
        sums = [0.0] * len(rows)
        for batch in batches_by_length(rows, self._settings.batch_size):
            scored = self._logprobs([rows[number] for number in batch], [len(answers[number]) for number in batch])
            for number, value in zip(batch, scored, strict=True):
                sums[number] = value
        return sums

    @torch.inference_mode()
    def _logprobs(self, rows: list[list[int]], lengths: list[int]) -> list[float]:
        """Logits are computed at the last positions only, as many as the longest continuation needs."""
        ids, mask = self._padded(rows)
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
        kept = max(lengths)
        with self._network.answering() as network:
            logits = network(
                input_ids=ids, attention_mask=mask, position_ids=positions, logits_to_keep=kept + 1
            ).logits[:, :-1]
        picked = torch.log_softmax(logits.float(), dim=-1).gather(2, ids[:, ids.shape[1] - kept :, None])[..., 0]
        return [float(row[kept - length :].sum()) for row, length in zip(picked, lengths, strict=True)]

    def _padded(self, rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and attention mask, rows x longest row, padded on the left."""
        width, pad = max(map(len, rows)), self._tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (width - len(row)) + row for row in rows], device=self._device)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=self._device)
        return ids, mask

    def _generation_config(self) -> GenerationConfig:
        """Everything is set: what a checkpoint brings along (penalties, top-k) would hold on this backend alone."""
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


def batches_by_length(prompts: Sequence[Sequence[int]], size: int) -> Iterator[list[int]]:
    """Indices of prompts in batches of like length, longest first: what does not fit into memory shows at once."""
    return batched(sorted(range(len(prompts)), key=lambda number: (-len(prompts[number]), number)), size)


def batched(order: Sequence[int], size: int) -> Iterator[list[int]]:
    return (list(order[at : at + size]) for at in range(0, len(order), size))


def check_lengths(prompts: Sequence[Sequence[int]], new: int, context: int | None, spec: str) -> None:
    """Raises InputError if a prompt and its completion do not fit into the model's context: nothing is cut silently."""
    longest = max(map(len, prompts), default=0)
    if context and longest + new > context:
        raise InputError(
            f"{spec}: a prompt of {longest} tokens and {new} new ones do not fit into its context of {context};"
            " lower top_k or max_new_tokens"
        )


def end_tokens(tokenizer: PreTrainedTokenizerBase, config: GenerationConfig | PreTrainedConfig | None) -> set[int]:
    """Ids that end a turn: the tokenizer's, and those that the model's settings name."""
    configured = getattr(config, "eos_token_id", None)
    ends = configured if isinstance(configured, list) else [configured]
    return {end for end in [*ends, tokenizer.eos_token_id] if end is not None}


def completion_of(
    tokenizer: PreTrainedTokenizerBase, prompt_tokens: int, ids: list[int], ends: set[int], seconds: float
) -> Completion:
    """The completion of generated ids, up to the first token that ends a turn."""
    stop = next((at for at, token in enumerate(ids) if token in ends), None)
    kept = ids if stop is None else ids[:stop]
    return Completion(
        text=str(tokenizer.decode(kept, skip_special_tokens=True)).strip(),
        prompt_tokens=prompt_tokens,
        completion_tokens=len(kept),
        finish_reason="length" if stop is None else "stop",
        seconds=seconds,
    )
