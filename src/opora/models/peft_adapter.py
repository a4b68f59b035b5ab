"""PEFT adapters on a loaded network: merged into its weights, or attached if invocation tokens activate them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from opora.errors import ModelError, first_line
from opora.models.revision import adapter_folder
from opora.models.spec import Spec

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


def read_invocation(spec: Spec) -> list[int] | None:
    """Return the tokens that activate the adapter of a spec; None for a plain adapter, or without one."""
    if not spec.adapter:
        return None
    text = (adapter_folder(spec.adapter) / "adapter_config.json").read_text(encoding="utf-8")
    return cast("list[int] | None", json.loads(text).get("alora_invocation_tokens"))


def with_adapter(network: PreTrainedModel, spec: Spec) -> PreTrainedModel:
    """Return the network with the adapter of `spec`, merged unless it is an activated one.

    Raises ModelError for an adapter of another model.
    """
    adapted: Any = attach_adapter(network, spec.adapter)
    if read_invocation(spec) is None:
        adapted = adapted.merge_and_unload()
    return adapted  # type: ignore[no-any-return]


def attach_adapter(network: PreTrainedModel | PeftModel, adapter: str, name: str = "default") -> PeftModel:
    """Attach an adapter to a network, which may have others. Raises ModelError for an adapter of another model."""
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
    expected = get_peft_model_state_dict(adapted, adapter_name=name, save_embedding_layers=False)
    saved = load_peft_weights(str(folder), device="cpu")
    if odd := [layer for layer in expected.keys() ^ saved.keys() if "lora_" in layer]:
        raise ModelError(f"adapter {folder} does not fit its model: they disagree on layer {min(odd)}")
    return adapted
