"""Load the weights, tokenizer and config of local models, on the device that the settings name.

In: a spec, `smollm2` or `hf:...`, with or without a PEFT adapter. Out: objects of transformers.

    model, tokenizer = load_causal_lm(parse_spec("smollm2+train/raft"), torch.float32, pick_device("auto"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from opora.errors import InputError, ModelError, first_line
from opora.models.peft_adapter import with_adapter
from opora.models.revision import adapter_folder
from opora.models.smollm2 import smollm2_folder
from opora.models.spec import Spec

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase


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
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()  # it runs for seconds, between the progress lines of opora
    source, revision = model_source(spec), spec.revision or None
    try:
        # unpickling may run code: only safetensors are read
        model: Any = AutoModelForCausalLM.from_pretrained(source, revision=revision, dtype=dtype, use_safetensors=True)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"model {source!r} does not load: {first_line(error)}") from None
    if spec.adapter:
        model = with_adapter(model, spec)
    loaded: PreTrainedModel = model.to(device).eval()
    return loaded


def model_source(spec: Spec) -> str:
    """Return the folder or Hugging Face name that transformers loads a model from."""
    return str(smollm2_folder()) if spec.kind == "smollm2" else spec.name


def load_tokenizer(spec: Spec) -> PreTrainedTokenizerBase:
    """Load the tokenizer saved with the adapter, if there is one, else the model's. Raises ModelError."""
    from transformers import AutoTokenizer

    source, revision = model_source(spec), spec.revision or None
    if spec.adapter and (adapter_folder(spec.adapter) / "tokenizer_config.json").exists():
        source, revision = str(adapter_folder(spec.adapter)), None
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(source, revision=revision)
    except (OSError, ValueError) as error:
        raise ModelError(f"tokenizer of {source!r} does not load: {first_line(error)}") from None
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_config(spec: Spec) -> PreTrainedConfig:
    """Load the config of a model's architecture. Raises ModelError."""
    from transformers import AutoConfig

    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(model_source(spec), revision=spec.revision or None)
    except (OSError, ValueError) as error:
        raise ModelError(f"model {spec.name!r} does not load: {first_line(error)}") from None
    return config
