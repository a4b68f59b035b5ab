"""Forward pass of a model over a prefix tree: its attention, and the feed-forward block of its last layer.

A token attends to itself and to the tokens before it on its path. Keys and values can be stored and reused by an
extended tree. There is one call of scaled dot product attention per node, on any device. Sliding windows and soft caps
are supported; other additions to attention raise InputError.

    use_tree_attention(model)
    model.model(input_ids=ids, position_ids=positions, tree=tree, attention_mask=NO_MASK)
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from types import MethodType
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from opora.train.engine.prefix_tree import TreeNode, unsupported

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NAME = "opora_tree"
"""Name of the attention in transformers, and of the attribute of the last attention module for the current tree."""
NO_MASK = torch.ones(1, 1, 1, 1)
"""Transformers uses a mask of four dimensions unchanged, so it builds no causal mask over the flat row."""
UNSUPPORTED = ("s_aux", "position_bias", "cache")
"""Additional inputs to attention of some models: sinks, learned biases, paged caches."""
KeyValues = dict[int, tuple[torch.Tensor, torch.Tensor]]
"""Index of a layer -> keys and values of the tokens of a tree."""


@dataclass
class TreeState:
    """State of one forward pass over a tree: masks, shared by all layers, and the number of attention calls.

    `past`: keys and values of the tree that this one extends; `present`: filled with those of this tree; `read`: tokens
    whose last hidden states are read, all if None.
    """

    nodes: list[TreeNode]
    offset: int
    device: torch.device
    past: KeyValues | None
    present: KeyValues | None
    read: torch.Tensor | None
    calls: int = 0
    masks: dict[tuple[int, int, int | None], torch.Tensor] = field(default_factory=dict)

    def mask(self, node: TreeNode, window: int | None) -> torch.Tensor | None:
        """Return a mask [queries, keys], true where a query attends to a key: itself and at most `window` tokens in
        all. None means the plain causal mask. The queries belong to the last keys."""
        queries = node.end - node.start
        keys = queries + sum(end - start for start, end in node.ancestors)
        if queries == keys and (window is None or keys <= window):
            return None
        key = (queries, keys, window)
        if key not in self.masks:
            mask = _causal_mask(queries, keys, self.device)
            self.masks[key] = mask if window is None else mask.triu(keys - queries - window + 1)
        return self.masks[key]


def use_tree_attention(model: PreTrainedModel) -> None:
    """Route the attention of the model through this module; without a tree it uses the standard kernels. Raises
    InputError for a model whose attention cannot be replaced."""
    if not getattr(model, "_supports_attention_backend", False):
        raise unsupported(model, "its attention cannot be replaced")
    AttentionInterface.register(NAME, tree_attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)


def tree_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    tree: TreeState | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **extra: Any,
) -> tuple[torch.Tensor, None]:
    """Compute attention with the signature that transformers expects; without `tree`, standard attention. Queries, keys
    and values: [1, heads, tokens, head size]. Returns [1, tokens, heads, head size]."""
    if tree is None and softcap is None:
        options = {"dropout": dropout, "scaling": scaling, **extra}
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    if tree is None:
        if attention_mask is None:
            attention_mask = _causal_mask(query.shape[2], key.shape[2], query.device)
        return _attend_node(query, key, value, attention_mask, scaling, softcap, dropout).transpose(1, 2), None
    for name in UNSUPPORTED:
        if extra.get(name) is not None:
            raise unsupported(module, f"attention with {name} cannot share prefixes")
    tree.calls += 1
    if tree.present is not None:
        tree.present[_layer_index(module)] = (key, value)
    if tree.past is not None:
        key, value = (torch.cat(pair, 2) for pair in zip(tree.past[_layer_index(module)], (key, value), strict=True))
    parts = []
    for node in tree.nodes:
        mask = tree.mask(node, sliding_window)
        queries = query[:, :, node.start - tree.offset : node.end - tree.offset]
        keys, values = _path_states(key, node), _path_states(value, node)
        parts.append(_attend_node(queries, keys, values, mask, scaling, softcap, dropout))
    return torch.cat(parts, 2).transpose(1, 2), None


def _layer_index(module: torch.nn.Module) -> int:
    index = getattr(module, "layer_idx", None)
    if not isinstance(index, int):
        raise unsupported(module, "it has no layer_idx, so its keys and values cannot be stored")
    return index


def _causal_mask(queries: int, keys: int, device: torch.device) -> torch.Tensor:
    """Return a mask [queries, keys] for queries that belong to the last keys."""
    return torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)


def _path_states(states: torch.Tensor, node: TreeNode) -> torch.Tensor:
    """Return the keys or values of all tokens that the tokens of a node may attend to."""
    if not node.ancestors:
        return states[:, :, node.start : node.end]
    spans = (*node.ancestors, (node.start, node.end))
    return torch.cat([states[:, :, start:end] for start, end in spans], 2)


def _attend_node(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    scaling: float | None,
    softcap: float | None,
    dropout: float,
) -> torch.Tensor:
    """Compute attention of one node. A `mask` of None is the causal mask over as many queries as keys."""
    attend = functools.partial(scaled_dot_product_attention, scale=scaling, dropout_p=dropout)
    groups = query.shape[1] // key.shape[1]
    if softcap is None and mask is not None and groups > 1:
        # query heads that share keys become one head with more queries: a branch has few queries and many keys, which
        # would otherwise be repeated
        grouped = query.unflatten(1, (-1, groups)).flatten(2, 3)
        out = attend(grouped, key, value, attn_mask=mask.repeat(groups, 1))
        return out.reshape(1, -1, query.shape[2], query.shape[3])
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    if softcap is None:
        return attend(query, key, value, attn_mask=mask, is_causal=mask is None)
    # Gemma 2 (arXiv:2408.00118, section 2): no kernel of PyTorch supports soft caps
    scores = query @ key.transpose(2, 3) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    scores = softcap * torch.tanh(scores / softcap)
    allowed = _causal_mask(scores.shape[2], scores.shape[3], scores.device) if mask is None else mask
    scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
    weights = scores.softmax(-1, dtype=torch.float32).to(query.dtype)
    return torch.nn.functional.dropout(weights, dropout) @ value


def skip_unread(model: PreTrainedModel) -> None:
    """Patch the last layer: in a pass over a tree, its feed-forward block is computed only at the tokens that are read,
    so the last hidden states of others are incomplete. Idempotent; does nothing if the layer has no modules `self_attn`
    and `mlp`."""
    layers = getattr(model.base_model, "layers", None)
    attention, feed_forward = (getattr(layers[-1], name, None) if layers else None for name in ("self_attn", "mlp"))
    if not (isinstance(attention, torch.nn.Module) and isinstance(feed_forward, torch.nn.Module)):
        return
    if "forward" not in vars(feed_forward):
        attention.register_forward_pre_hook(_store_tree, with_kwargs=True)
        stock = feed_forward.forward

        def forward(module: torch.nn.Module, x: torch.Tensor) -> Any:
            # removed at once: a model that calls this before attention must not find the tree of the previous pass
            tree: TreeState | None = vars(attention).pop(NAME, None)
            if tree is None or tree.read is None:
                return stock(x)
            return torch.zeros_like(x).index_copy(1, tree.read, stock(x[:, tree.read]))

        feed_forward.forward = MethodType(forward, feed_forward)


def _store_tree(attention: torch.nn.Module, args: Any, kwargs: dict[str, Any]) -> None:
    vars(attention)[NAME] = kwargs.get("tree")
