"""Open local models, `smollm2` or `hf:...`, on the device and backend that the settings name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch

from opora.errors import InputError, ModelError, first_line
from opora.models.base import LanguageModel
from opora.models.peft_adapter import with_adapter
from opora.models.revision import adapter_folder, model_source
from opora.models.settings import ModelSettings
from opora.models.spec import BACKENDS, Spec, parse_spec

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def open_model(spec: str, settings: ModelSettings) -> LanguageModel:
    """Load a model on the first backend that supports it. Raises InputError, ModelError."""
    device = pick_device(settings.device)
    for name, module in BACKENDS.items():
        if settings.backend in ("auto", name) and import_module(module).supports(parse_spec(spec), device):
            model: LanguageModel = import_module(module).open_model(spec, settings, device)
            return model
    raise InputError(f"backend {settings.backend} cannot run {spec!r} on {device}; set backend to auto or transformers")


def pick_device(name: str) -> torch.device:
    """Return the device of that name; for `auto` an accelerator if there is one, else the CPU. Raises InputError."""
    has_mps = torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"device {name!r} is unknown; use auto, cpu, cuda, cuda:1 or mps") from None
    counts = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(has_mps)}
    if (device.index or 0) >= counts.get(device.type, 0):
        raise InputError(f"device {name!r} is not available on this machine; set device to auto or cpu")
    return device


def pick_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 for an accelerator that supports it, else float32."""
    if device.type == "cpu" or (device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False)):
        return torch.float32
    return torch.bfloat16


def load_causal_lm(
    spec: Spec, dtype: torch.dtype, device: torch.device
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a model, with the adapter of its spec, and its tokenizer. Raises ModelError if either does not load."""
    tokenizer = load_tokenizer(spec)
    return load_network(spec, dtype, device), tokenizer


def load_network(spec: Spec, dtype: torch.dtype, device: torch.device) -> PreTrainedModel:
    """Load a model, with the adapter of its spec. Raises ModelError if it does not load."""
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()  # it runs for seconds, between the progress lines of opora
    source, revision = model_source(spec), spec.revision or None
    try:
        # unpickling may run code: only safetensors are read
        model: Any = AutoModelForCausalLM.from_pretrained(source, revision=revision, dtype=dtype, use_safetensors=True)
    except MemoryError:
        raise
    except Exception as error:  # damaged files of a model cause any kind
        raise ModelError(f"model {source!r} does not load: {first_line(error)}") from None
    if spec.adapter:
        model = with_adapter(model, spec)
    loaded: PreTrainedModel = model.to(device).eval()
    return loaded


def load_tokenizer(spec: Spec) -> PreTrainedTokenizerBase:
    """Load the tokenizer saved with the adapter, if there is one, else the model's. Raises ModelError."""
    from transformers import AutoTokenizer

    source, revision = model_source(spec), spec.revision or None
    if spec.adapter and (adapter_folder(spec.adapter) / "tokenizer_config.json").exists():
        source, revision = str(adapter_folder(spec.adapter)), None
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(source, revision=revision)
    except Exception as error:  # tokenizers raises bare ones, and damaged files cause any kind
        raise ModelError(f"tokenizer of {source!r} does not load: {first_line(error)}") from None
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer
