"""LoRA adapters of PEFT (Hu et al. 2021, arXiv:2106.09685): added to a frozen model, disabled for the reference, saved.

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
from opora.train.settings import TrainSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

REFERENCE = "reference"
"""Name of the frozen copy of an adapter that is trained further."""


def add_lora(
    model: PreTrainedModel,
    settings: TrainSettings,
    invocation: Sequence[int] | None = None,
    keep_reference: bool = False,
) -> PreTrainedModel:
    """Return `model` with a new adapter, initialised from the seed, or with the adapter of `settings.model`, to train
    it further.

    `invocation`: tokens at which an activated adapter starts. `keep_reference`: keep a frozen copy of an adapter that
    is trained further, for objectives that compare with it. Raises InputError if the existing adapter and the settings
    differ in shape.
    """
    torch.manual_seed(settings.seed)
    if settings.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    lora = settings.lora
    if lora.activated and not invocation:
        raise ValueError("an activated adapter needs invocation tokens")
    config = LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.targets if isinstance(lora.targets, str) else list(lora.targets),
        alora_invocation_tokens=list(invocation) if lora.activated and invocation else None,
        task_type="CAUSAL_LM",
    )
    adapter = parse_spec(settings.model).adapter
    adapted: Any = _load_trainable(model, adapter, config) if adapter else get_peft_model(model, config)
    if adapter and keep_reference:
        adapted.load_adapter(str(adapter_folder(adapter)), REFERENCE)
        adapted.set_adapter("default")
    return adapted  # type: ignore[no-any-return]


def _load_trainable(model: PreTrainedModel, adapter: str, config: LoraConfig) -> PeftModel:
    """Load an adapter to train it further. It is not merged, because no model spec could name a base model with one
    adapter merged and another on top."""
    folder = str(adapter_folder(adapter))
    existing: Any = PeftConfig.from_pretrained(folder)
    for name, setting, value in (
        ("r", config.r, existing.r),
        ("alpha", config.lora_alpha, existing.lora_alpha),
        ("activated", bool(config.alora_invocation_tokens), bool(existing.alora_invocation_tokens)),
    ):
        if setting != value:
            fault = f"lora.{name} is {setting}, but the adapter {adapter}, which is trained further, has {value}"
            raise InputError(f"train: {fault}; set lora.{name} to {value}")
    if config.target_modules not in ("all-linear", existing.target_modules):
        targets = ", ".join(sorted(existing.target_modules))
        raise InputError(f"train: lora.targets differs from the adapter {adapter} ({targets}); remove lora.targets")
    existing.lora_dropout = config.lora_dropout
    return PeftModel.from_pretrained(model, folder, is_trainable=True, config=existing)


def invocation_tokens(model: torch.nn.Module | None) -> list[int] | None:
    """Return the tokens at which an activated adapter starts; None for any other model."""
    if not isinstance(model, PeftModel):
        return None
    return getattr(model.peft_config[model.active_adapter], "alora_invocation_tokens", None)


@contextmanager
def reference_weights(model: PreTrainedModel) -> Iterator[None]:
    """Within this context the model is as it was before training: without the adapter, or with the frozen copy of an
    adapter that is trained further. Raises InputError for a model without an adapter."""
    if not isinstance(model, PeftModel):
        raise InputError("the reference is the model without its adapter, but this model has none; use method sft")
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
    """Write adapter, tokenizer and chat template to `folder`: the same bytes for the same weights."""
    spec = parse_spec(settings.model)
    config: Any = model.peft_config["default"]
    # PEFT and vLLM load the base model by this name; a path in the cache of this machine would not work elsewhere
    config.base_model_name_or_path, config.revision = spec.name or spec.kind, spec.revision or None
    model.save_pretrained(str(folder), save_embedding_layers=False, selected_adapters=["default"])
    tokenizer.save_pretrained(str(folder))
    (folder / "README.md").unlink(missing_ok=True)
    # PEFT writes layer names in the order of a set, which differs between processes
    path = folder / "adapter_config.json"
    written = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(written["target_modules"], list):
        written["target_modules"].sort()
    path.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    # transformers records where the tokenizer was loaded from, which differs between machines
    path = folder / "tokenizer_config.json"
    written = json.loads(path.read_text(encoding="utf-8"))
    written = {name: value for name, value in written.items() if name not in ("is_local", "local_files_only")}
    path.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
