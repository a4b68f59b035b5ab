"""Adapters of PEFT on a loaded network.

In: a network, the folder of an adapter. Out: the network with the adapter merged into its weights or, where the adapter
works from some tokens on only, beside them.

    network = with_adapter(network, "train/raft")
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from opora.errors import ModelError, first_line
from opora.models.revision import adapter_folder
from opora.models.spec import ModelSpec

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


def invocation_of(spec: ModelSpec) -> list[int] | None:
    """The tokens from which on the adapter of a spec works; None if it works at every token, or there is none."""
    if not spec.adapter:
        return None
    config = json.loads((adapter_folder(spec.adapter) / "adapter_config.json").read_text(encoding="utf-8"))
    tokens: list[int] | None = config.get("alora_invocation_tokens")
    return tokens


def with_adapter(network: PreTrainedModel, spec: ModelSpec) -> PreTrainedModel:
    """The network with the adapter of `spec`, merged if it works at every token. Raises ModelError for an adapter of
    another model."""
    adapted: Any = attach_adapter(network, spec.adapter)
    if invocation_of(spec) is None:
        adapted = adapted.merge_and_unload()
    return adapted  # type: ignore[no-any-return]


def attach_adapter(network: PreTrainedModel | PeftModel, adapter: str, name: str = "default") -> PeftModel:
    """The network with an adapter beside its weights, and beside the adapters that it has. Raises ModelError for an
    adapter of another model."""
    from peft import PeftModel, get_peft_model_state_dict, load_peft_weights

    folder = adapter_folder(adapter)
    try:
        if isinstance(network, PeftModel):
            network.load_adapter(str(folder), adapter_name=name)
            adapted = network
        else:
            adapted = PeftModel.from_pretrained(network, str(folder), adapter_name=name)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"adapter {folder} does not fit its model: {first_line(error)}") from None
    wanted, given = (
        {each for each in names if "lora_" in each}
        for names in (
            get_peft_model_state_dict(adapted, adapter_name=name, save_embedding_layers=False),
            load_peft_weights(str(folder), device="cpu"),
        )
    )
    if wanted != given:
        odd = min(wanted ^ given)
        raise ModelError(f"adapter {folder} does not fit its model: {odd} is in one of them only")
    return adapted
