"""Attention over a tree of rows, registered with transformers under the name `opora_tree`.

In: queries, keys and values of a flat row, [1, heads, tokens, head size], and its tree. Out: what each token gets from
the tokens before it on its path, [1, tokens, heads, head size]. Keys and values can be kept, so that a tree which grows
from the first need not read it again. One call of scaled dot product attention a node, on any
device; sliding windows and soft caps are supported, what else a model adds to attention is refused.

    use_tree_attention(model)
    model.model(input_ids=ids, position_ids=positions, tree=tree, attention_mask=NO_MASK)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from opora.errors import InputError
from opora.train.engine.prefix_tree import Ids, Node, Tree

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NAME = "opora_tree"
NO_MASK = torch.ones(1, 1, 1, 1)
"""A mask of four dimensions is taken as it is: no mask is made of the flat row, whose tokens are not in one line."""

REFUSED = ("s_aux", "position_bias", "cache")
"""What some models hand to attention beside queries, keys and values: sinks, learned biases, paged caches."""


Keys = dict[int, tuple[torch.Tensor, torch.Tensor]]
"""Number of a layer -> keys and values of a tree's tokens."""


class TreeState:
    """A tree on its way through a model: its masks, made once for all layers, and how many layers have asked. `before`:
    the keys of the tree that it has grown from; `kept`: where its own are put; `read`: the tokens whose last hidden
    states are read, all if None."""

    def __init__(
        self,
        tree: Tree,
        device: torch.device,
        before: Keys | None = None,
        kept: Keys | None = None,
        read: Ids | None = None,
    ) -> None:
        self.nodes, self.offset = tree.nodes, tree.offset
        self.before, self.kept = before, kept
        self.read = None if read is None else torch.from_numpy(read).to(device)
        self.calls = 0
        self._device = device
        self._masks: dict[tuple[int, int, int | None], torch.Tensor] = {}

    def mask(self, node: Node, window: int | None) -> torch.Tensor | None:
        """[queries, keys], true where a query sees a key: itself and what is before it, at most `window` tokens. None
        for the usual causal mask. The queries are the last of the keys."""
        queries = node.end - node.start
        keys = queries + sum(end - start for start, end in node.ancestors)
        if queries == keys and (window is None or keys <= window):
            return None
        key = (queries, keys, window)
        if key not in self._masks:
            seen = torch.ones(queries, keys, dtype=torch.bool, device=self._device).tril(keys - queries)
            self._masks[key] = seen if window is None else seen.triu(keys - queries - window + 1)
        return self._masks[key]


def use_tree_attention(model: PreTrainedModel) -> None:
    """Let the model attend through this module; without a tree it does so as before, by the usual kernels.
    Raises InputError for a model whose attention cannot be replaced."""
    if not getattr(model, "_supports_attention_backend", False):
        raise InputError(
            f"{type(model).__name__}: its attention cannot be replaced, so that rows cannot share what they begin with;"
            " set engine to plain"
        )
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
    """As transformers calls it. Without `tree`, plain attention."""
    if tree is None:
        return _plain(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, softcap=softcap, **extra
        )
    for name in REFUSED:
        if extra.get(name) is not None:
            raise InputError(
                f"{type(module).__name__}: attention with {name} cannot share prefixes; set engine to plain"
            )
    tree.calls += 1
    if tree.kept is not None:
        tree.kept[_layer(module)] = (key, value)
    if tree.before is not None:
        key, value = (torch.cat(pair, 2) for pair in zip(tree.before[_layer(module)], (key, value), strict=True))
    parts = []
    for node in tree.nodes:
        mask = tree.mask(node, sliding_window)
        queries = query[:, :, node.start - tree.offset : node.end - tree.offset]
        parts.append(_attend(queries, _path(key, node), _path(value, node), mask, scaling, softcap, dropout))
    return torch.cat(parts, 2).transpose(1, 2), None


def _layer(module: torch.nn.Module) -> int:
    number = getattr(module, "layer_idx", None)
    if not isinstance(number, int):
        raise InputError(
            f"{type(module).__name__}: does not say which layer it is of, so that nothing it reads can be kept;"
            " set engine to plain"
        )
    return number


def _path(states: torch.Tensor, node: Node) -> torch.Tensor:
    """Keys or values of all that a node's tokens may see."""
    if not node.ancestors:
        return states[:, :, node.start : node.end]
    spans = (*node.ancestors, (node.start, node.end))
    return torch.cat([states[:, :, start:end] for start, end in spans], 2)


def _attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    scaling: float | None,
    softcap: float | None,
    dropout: float,
) -> torch.Tensor:
    """`mask`: None where the queries are all of the keys, and each sees what is before it."""
    groups = query.shape[1] // key.shape[1]
    if softcap is None and mask is not None and groups > 1:
        # heads that share keys as one with more queries: a branch has few queries and many keys, which would be widened
        narrow = query.unflatten(1, (-1, groups)).flatten(2, 3)
        out = scaled_dot_product_attention(
            narrow, key, value, attn_mask=mask.repeat(groups, 1), scale=scaling, dropout_p=dropout
        )
        return out.reshape(1, -1, query.shape[2], query.shape[3])
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    if softcap is None:
        return scaled_dot_product_attention(
            query, key, value, attn_mask=mask, is_causal=mask is None, scale=scaling, dropout_p=dropout
        )
    # Gemma 2 (arXiv:2408.00118, section 2): no kernel of PyTorch caps the scores
    scores = query @ key.transpose(2, 3) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    scores = softcap * torch.tanh(scores / softcap)
    seen = torch.ones_like(scores[0, 0], dtype=torch.bool).tril() if mask is None else mask
    weights = scores.masked_fill(~seen, torch.finfo(scores.dtype).min).softmax(-1, dtype=torch.float32).to(query.dtype)
    return torch.nn.functional.dropout(weights, dropout) @ value


def _plain(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    softcap: float | None,
    **more: Any,
) -> tuple[torch.Tensor, None]:
    if softcap is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **more)
    mask = attention_mask
    if mask is None and query.shape[2] < key.shape[2]:
        mask = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool, device=query.device)
        mask = mask.tril(key.shape[2] - query.shape[2])
    out = _attend(query, key, value, mask, more["scaling"], softcap, more["dropout"])
    return out.transpose(1, 2), None
