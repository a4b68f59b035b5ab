"""The adapter: put onto a model with its weights frozen, and saved in the form of PEFT.

In: a model, settings. Out: the model with trainable low-rank matrices in fp32 (Hu et al. 2021, arXiv:2106.09685).

    model = add_lora(model, settings)
    save_lora(model, tokenizer, settings, Path("train/raft/adapter"))
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model

from opora.errors import InputError
from opora.models.revision import adapter_folder
from opora.models.spec import parse_spec
from opora.train.settings import LoraSettings, TrainSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

REFERENCE = "reference"
"""The name of a frozen copy of an adapter that is trained further."""


def add_lora(
    model: PreTrainedModel, settings: TrainSettings, invocation: Sequence[int] | None = None
) -> PreTrainedModel:
    """`model` with a new adapter, initialised from the seed, or with the one that the model's spec names, to train it
    further. `invocation`: the tokens from which on an activated adapter works. Raises InputError where the known
    adapter has another shape than the settings."""
    torch.manual_seed(settings.seed)
    if settings.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    config = _config(settings.lora, invocation)
    adapter = parse_spec(settings.model).adapter
    adapted: Any = _add_known(model, adapter, config) if adapter else get_peft_model(model, config)
    if adapter and settings.method == "dpo":
        adapted.load_adapter(str(adapter_folder(adapter)), REFERENCE)
        adapted.set_adapter("default")
    return adapted  # type: ignore[no-any-return]


def _config(lora: LoraSettings, invocation: Sequence[int] | None) -> LoraConfig:
    if lora.activated and not invocation:
        raise ValueError("an activated adapter needs its invocation tokens")
    return LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.targets if isinstance(lora.targets, str) else list(lora.targets),
        alora_invocation_tokens=list(invocation) if lora.activated and invocation else None,
        task_type="CAUSAL_LM",
    )


def _add_known(model: PreTrainedModel, adapter: str, wanted: LoraConfig) -> PeftModel:
    """Trained further, not merged: a second adapter on a merged one would be right on no model that a spec names."""
    folder = str(adapter_folder(adapter))
    known: Any = PeftConfig.from_pretrained(folder)
    for name, given, has in (
        ("r", wanted.r, known.r),
        ("alpha", wanted.lora_alpha, known.lora_alpha),
        ("activated", *(bool(each.alora_invocation_tokens) for each in (wanted, known))),
    ):
        if given != has:
            raise InputError(
                f"train: lora.{name} is {given}, but of the adapter {adapter}, which is to be trained further, it is"
                f" {has}; set lora.{name} to that"
            )
    if wanted.target_modules not in ("all-linear", known.target_modules):
        raise InputError(
            f"train: lora.targets are not those of the adapter {adapter}: {', '.join(sorted(known.target_modules))};"
            " leave lora.targets out"
        )
    known.lora_dropout = wanted.lora_dropout
    return PeftModel.from_pretrained(model, folder, is_trainable=True, config=known)


def invocation_of(model: torch.nn.Module | None) -> list[int] | None:
    """The tokens from which on an activated adapter works; None for any other model."""
    if not isinstance(model, PeftModel):
        return None
    tokens: list[int] | None = getattr(model.peft_config[model.active_adapter], "alora_invocation_tokens", None)
    return tokens


@contextmanager
def before_training(model: PreTrainedModel) -> Iterator[None]:
    """The model as it was before training: without its adapter, or with that which is trained further. Raises
    InputError for a model that has none."""
    if not isinstance(model, PeftModel):
        raise InputError(
            "the reference is the model with its adapter off; this one has none: train an adapter, or use sft"
        )
    if REFERENCE not in model.peft_config:
        with model.disable_adapter():
            yield
        return
    model.set_adapter(REFERENCE)
    try:
        yield
    finally:
        model.set_adapter("default")


def save_lora(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, settings: TrainSettings, folder: Path
) -> None:
    """Adapter, tokenizer and chat template, the same bytes for the same weights."""
    spec = parse_spec(settings.model)
    config: Any = model.peft_config["default"]
    # what PEFT and vLLM load the base model by; a path into this machine's cache would mean nothing elsewhere
    config.base_model_name_or_path, config.revision = spec.name or spec.kind, spec.revision or None
    model.save_pretrained(str(folder), save_embedding_layers=False, selected_adapters=["default"])
    tokenizer.save_pretrained(str(folder))
    (folder / "README.md").unlink(missing_ok=True)
    _settle(folder)


def _settle(folder: Path) -> None:
    """PEFT writes the names of layers in the order of a set, which is another in every process; transformers notes
    whence the tokenizer was loaded here, which is another on every machine."""
    adapter, tokenizer = folder / "adapter_config.json", folder / "tokenizer_config.json"
    config = json.loads(adapter.read_text(encoding="utf-8"))
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()
    adapter.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    config = json.loads(tokenizer.read_text(encoding="utf-8"))
    config = {name: value for name, value in config.items() if name not in ("is_local", "local_files_only")}
    tokenizer.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
