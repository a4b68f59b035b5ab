"""Causal language models of transformers, on this machine.

In: a spec, `smollm2` or `hf:...`, with or without a PEFT adapter. Out: a model of the contract.

    model = open_model("hf:Qwen/Qwen2.5-1.5B-Instruct+train/raft", ModelSettings())
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch

from opora.errors import InputError, ModelError
from opora.models.contract import Chat, Completion, LanguageModel, OnCompletion
from opora.models.revision import adapter_folder, revision_of
from opora.models.settings import ModelSettings
from opora.models.smollm2 import smollm2_folder
from opora.models.spec import ModelSpec, parse_spec
from opora.models.template import encode_chat

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def open_model(spec: str, settings: ModelSettings) -> LanguageModel:
    """The model of a spec, on the backend that the settings name. Raises InputError, ModelError."""
    device = pick_device(settings.device)
    if settings.backend != "transformers" and device.type == "cpu":
        from opora.models.ctranslate import CTranslateModel, supports

        if supports(parse_spec(spec)):
            return CTranslateModel(spec, settings)
    if settings.backend == "ctranslate2":
        raise InputError(f"backend ctranslate2 cannot run {spec!r} on {device}; set backend to auto or transformers")
    return TransformersModel(spec, settings, device)


def pick_device(name: str) -> torch.device:
    """The device of that name; for `auto` an accelerator if there is one, else the CPU."""
    if name != "auto":
        try:
            return torch.device(name)
        except RuntimeError:
            raise InputError(f"device {name!r} is unknown; auto, cpu, cuda, cuda:1 and mps are") from None
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def load_causal_lm(
    spec: ModelSpec, dtype: torch.dtype, device: torch.device
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Model, with its adapter if the spec has one, and tokenizer. Raises ModelError if either does not load."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = str(smollm2_folder()) if spec.kind == "smollm2" else spec.name
    revision = spec.revision or None
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, revision=revision)
        model: Any = AutoModelForCausalLM.from_pretrained(source, revision=revision, dtype=dtype)
    except (OSError, ValueError) as error:
        raise ModelError(f"model {source!r} does not load: {_first_line(error)}") from None
    if spec.adapter:
        model = load_adapter(model, spec.adapter)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model.to(device).eval(), tokenizer


def load_adapter(model: PreTrainedModel, adapter: str) -> PreTrainedModel:
    """`model` with a PEFT adapter merged into its weights."""
    from peft import PeftModel

    folder = adapter_folder(adapter)
    try:
        merged: PreTrainedModel = PeftModel.from_pretrained(model, str(folder)).merge_and_unload()
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"adapter {folder} does not fit its model: {_first_line(error)}") from None
    return merged


class TransformersModel:
    """A model that transformers runs. Chats are sorted by length and generated in batches, padded on the left."""

    def __init__(self, spec: str, settings: ModelSettings, device: torch.device) -> None:
        parsed = parse_spec(spec)
        self.spec, self.revision = spec, revision_of(parsed)
        self._settings, self._device = settings, device
        dtype = torch.bfloat16 if device.type != "cpu" else torch.float32
        self._model, self._tokenizer = load_causal_lm(parsed, dtype, device)
        self.context_tokens = int(self._model.config.get_text_config().max_position_embeddings)

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

    @torch.inference_mode()
    def _generate(self, prompts: list[list[int]]) -> list[Completion]:
        began = time.monotonic()
        torch.manual_seed(self._settings.seed)
        width = max(map(len, prompts))
        pad = self._tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (width - len(prompt)) + prompt for prompt in prompts], device=self._device)
        mask = torch.tensor(
            [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=self._device
        )
        sampling: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        if self._settings.temperature:
            sampling = {"do_sample": True, "temperature": self._settings.temperature}
        output = self._model.generate(  # type: ignore[operator]
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=self._settings.max_new_tokens,
            pad_token_id=pad,
            **sampling,
        )
        seconds = (time.monotonic() - began) / len(prompts)
        ends = self._ends()
        return [
            completion_of(self._tokenizer, len(prompt), row.tolist()[width:], ends, seconds)
            for prompt, row in zip(prompts, output, strict=True)
        ]

    @torch.inference_mode()
    def logprobs(self, chats: Sequence[Chat], continuations: Sequence[str]) -> list[float]:
        sums = []
        for chat, continuation in zip(chats, continuations, strict=True):
            prompt = encode_chat(self._tokenizer, chat)
            answer = self._tokenizer(continuation, add_special_tokens=False)["input_ids"]
            ids = torch.tensor([prompt + answer], device=self._device)
            logits = self._model(input_ids=ids, logits_to_keep=len(answer) + 1).logits[0, :-1].float()
            picked = torch.log_softmax(logits, dim=-1).gather(1, ids[0, len(prompt) :, None])
            sums.append(float(picked.sum()))
        return sums

    def _ends(self) -> set[int]:
        configured = self._model.generation_config.eos_token_id
        ends = configured if isinstance(configured, list) else [configured]
        return {end for end in [*ends, self._tokenizer.eos_token_id] if end is not None}


def batches_by_length(prompts: Sequence[Sequence[int]], size: int) -> Iterator[list[int]]:
    """Indices of prompts in batches of like length, longest first: what does not fit into memory shows at once."""
    order = sorted(range(len(prompts)), key=lambda number: (-len(prompts[number]), number))
    return (order[at : at + size] for at in range(0, len(order), size))


def check_lengths(prompts: Sequence[Sequence[int]], new: int, context: int | None, spec: str) -> None:
    """Raises InputError if a prompt and its completion do not fit into the model's context: nothing is cut silently."""
    longest = max(map(len, prompts), default=0)
    if context and longest + new > context:
        raise InputError(
            f"{spec}: a prompt of {longest} tokens and {new} new ones do not fit into its context of {context};"
            " lower top_k or max_new_tokens"
        )


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


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
