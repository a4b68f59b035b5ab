"""Feed-forward block of the last layer, computed only where its result is read: at the tokens that predict an answer.

In: a model. Out: the same model; in a pass over a prefix tree, the last hidden states of unread tokens are incomplete.

    skip_unread(model)
"""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any

import torch

from opora.train.engine.tree_attention import TreeState

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TREE = "opora_tree"
"""Attribute of the attention module of the last layer: the tree of the current pass."""


def skip_unread(model: PreTrainedModel) -> None:
    """Patch the last layer. Idempotent; does nothing if the layer has no modules `self_attn` and `mlp`."""
    layers = getattr(model.base_model, "layers", None)
    attention, feed_forward = (getattr(layers[-1], name, None) if layers else None for name in ("self_attn", "mlp"))
    if not (isinstance(attention, torch.nn.Module) and isinstance(feed_forward, torch.nn.Module)):
        return
    if "forward" not in vars(feed_forward):
        attention.register_forward_pre_hook(_store_tree, with_kwargs=True)
        stock = feed_forward.forward

        def forward(module: torch.nn.Module, x: torch.Tensor) -> Any:
            # removed at once: a model that calls this before attention must not find the tree of the previous pass
            tree: TreeState | None = vars(attention).pop(TREE, None)
            if tree is None or tree.read is None:
                return stock(x)
            return torch.zeros_like(x).index_copy(1, tree.read, stock(x[:, tree.read]))

        feed_forward.forward = MethodType(forward, feed_forward)


def _store_tree(attention: torch.nn.Module, args: Any, kwargs: dict[str, Any]) -> None:
    vars(attention)[TREE] = kwargs.get("tree")
