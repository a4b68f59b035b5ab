"""The feed-forward part of the last layer, only where its result is read: at the tokens before those of an answer.

In: a model. Out: the same model; while a tree goes through it, hidden states of tokens that nobody reads are left
unfinished.

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
"""Attribute of the attention of the last layer: the tree that it has just seen."""


def skip_unread(model: PreTrainedModel) -> None:
    """Idempotent. Does nothing where the last layer has no attention and feed-forward part of the usual names."""
    layers = getattr(model.base_model, "layers", None)
    attention, feed_forward = (getattr(layers[-1], name, None) if layers else None for name in ("self_attn", "mlp"))
    if not (isinstance(attention, torch.nn.Module) and isinstance(feed_forward, torch.nn.Module)):
        return
    if "forward" not in vars(feed_forward):
        attention.register_forward_pre_hook(_remember, with_kwargs=True)
        stock = feed_forward.forward

        def forward(module: torch.nn.Module, x: torch.Tensor) -> Any:
            # taken away at once: a model that calls it before attention must not find the tree of the pass before
            tree: TreeState | None = vars(attention).pop(TREE, None)
            if tree is None or tree.read is None:
                return stock(x)
            return torch.zeros_like(x).index_copy(1, tree.read, stock(x[:, tree.read]))

        feed_forward.forward = MethodType(forward, feed_forward)


def _remember(attention: torch.nn.Module, args: Any, kwargs: dict[str, Any]) -> None:
    vars(attention)[TREE] = kwargs.get("tree")
