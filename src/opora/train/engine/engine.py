"""Shared-prefix engine: log-probabilities of many answers in one pass over the prefix tree of their rows.

Shared prefixes are computed once, there is no padding, and logits exist only at answer tokens. Results and gradients
equal those of separately computed rows, up to the order of sums. Dropout masks are shared together with the prefixes.

    scores = Engine(model).score([TokenizedRow([1, 2, 3], [4, 5]), TokenizedRow([1, 2, 3], [6])])
    scores[0].logprobs   # [2]

An activated adapter (Greenewald et al. 2025, arXiv:2504.12397) starts at its invocation tokens. Everything before them
is computed by the base model: once, without gradient, for all answers and for the reference model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from peft import PeftModel

from opora.errors import InputError
from opora.models.kv_cache.prompt_cache import ATTENTION_ONLY
from opora.train.engine.fused_lora import every_token, fuse_lora
from opora.train.engine.lm_head import Head, output_head, token_logprobs
from opora.train.engine.prefix_tree import Ids, PrefixTree, build_tree, extend_tree, unsupported
from opora.train.engine.tree_attention import NO_MASK, KeyValues, TreeState, skip_unread, use_tree_attention
from opora.train.lora import invocation_tokens, reference_weights
from opora.train.scorer import TokenizedRow, TokenScores

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MIN_SHARED = 16
"""Minimum shared tokens of a branch of the tree: each node costs one attention call in every layer."""
NO_POSITIONS = np.zeros(0, dtype=np.int64)


class Engine:
    """Scorer that computes shared prefixes once. It replaces attention and LoRA layers of the model.

    Raises InputError for a model without support: with layers other than attention, or with its own attention code; and
    for an activated adapter on a model whose weights are also trained.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._base: Any = model.get_base_model() if isinstance(model, PeftModel) else model
        config = self._base.config.get_text_config()
        recurrent = set(getattr(config, "layer_types", None) or ()) - ATTENTION_ONLY
        if recurrent:
            layers = ", ".join(sorted(recurrent))
            raise unsupported(self._base, f"layers of type {layers} carry a state from token to token")
        self._layers = config.num_hidden_layers
        self._last_prefix: _EncodedPrefixes | None = None
        trained = [name for name, tensor in model.named_parameters() if tensor.requires_grad and "lora_" not in name]
        if trained and invocation_tokens(model):
            fault = f"an activated adapter needs a frozen model, but {trained[0]} is trained as well"
            raise InputError(f"{fault}; freeze it, or set lora.activated to false")
        output_head(self._base)
        use_tree_attention(self._base)
        skip_unread(self._base)
        fuse_lora(self._base)

    def score_reference(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        with torch.no_grad(), reference_weights(self._model):
            return self.score(rows)

    def score(self, rows: Sequence[TokenizedRow], min_shared: int = MIN_SHARED) -> list[TokenScores]:
        """Return the scores of the tokens of each answer, in the order of `rows`."""
        # the prediction after the last token of a row is not used
        ids = [[*row.prompt, *row.answer[:-1]] for row in rows]
        positions = [np.arange(len(row.prompt) - 1, row.length - 1) for row in rows]
        hidden = self.hidden_states(ids, positions, min_shared)
        targets = torch.tensor([token for row in rows for token in row.answer], device=hidden.device)
        scores = token_logprobs(hidden, self.head, targets)
        sizes = [len(row.answer) for row in rows]
        return [TokenScores(*row) for row in zip(*(field.split(sizes) for field in scores), strict=True)]

    def hidden_states(
        self, rows: Sequence[Sequence[int] | Ids], positions: Sequence[Ids], min_shared: int = MIN_SHARED
    ) -> torch.Tensor:
        """Return the last hidden states, [tokens, width], at the `positions` of each row, row after row."""
        invocation = invocation_tokens(self._model)
        if invocation is None:
            tree = build_tree(rows, min_shared)
            read = _tree_positions(tree, positions)
            return self._forward(tree, read=np.unique(read))[torch.from_numpy(read).to(self._base.device)]
        starts = [_adapter_start(row, invocation) for row in rows]
        heads, tails = zip(*((row[:start], row[start:]) for row, start in zip(rows, starts, strict=True)), strict=True)
        whole = any(read[0] < start for read, start in zip(positions, starts, strict=True) if len(read))
        prefixes = self._encode_prefixes(heads, min_shared, whole)
        tree = extend_tree(prefixes.tree, tails, min_shared)
        read = _tree_positions(tree, positions)
        own = np.unique(read[read >= tree.offset]) - tree.offset
        hidden = torch.cat([prefixes.hidden, self._forward(tree, past=prefixes.key_values, read=own)])
        return hidden[torch.from_numpy(read).to(hidden.device)]

    def _encode_prefixes(self, prefixes: Sequence[Any], min_shared: int, whole: bool) -> _EncodedPrefixes:
        """Compute the prefixes with the base model, with all hidden states if `whole`. The last result is cached,
        because the reference model needs the same."""
        device = self._base.device.type
        mode = (whole, torch.is_inference_mode_enabled(), torch.is_autocast_enabled(device), self._model.training)
        key = ([list(prefix) for prefix in prefixes], min_shared, mode)
        if self._last_prefix is None or self._last_prefix.key != key:
            tree = build_tree(prefixes, min_shared)
            key_values: KeyValues = {}
            model: Any = self._model
            with torch.no_grad(), model.disable_adapter():
                hidden = self._forward(tree, present=key_values, read=None if whole else NO_POSITIONS)
            self._last_prefix = _EncodedPrefixes(key, tree, hidden, key_values)
        return self._last_prefix

    def _forward(
        self, tree: PrefixTree, past: KeyValues | None = None, present: KeyValues | None = None, read: Ids | None = None
    ) -> torch.Tensor:
        """Return the last hidden states of the tokens of a tree, [tokens, width]; only those at `read` are complete, if
        given."""
        device = self._base.device
        tokens = None if read is None else torch.from_numpy(read).to(device)
        state = TreeState(tree.nodes, tree.offset, device, past, present, tokens)
        with every_token():
            hidden: torch.Tensor = self._base.base_model(
                input_ids=torch.from_numpy(tree.ids)[None].to(device),
                position_ids=torch.from_numpy(tree.positions)[None].to(device),
                attention_mask=NO_MASK.to(device),
                use_cache=False,
                tree=state,
            ).last_hidden_state[0]
        if state.calls < self._layers:
            missing = self._layers - state.calls
            raise unsupported(self._base, f"{missing} of {self._layers} layers did not receive the prefix tree")
        return hidden

    @property
    def head(self) -> Head:
        return output_head(self._base)


class _EncodedPrefixes(NamedTuple):
    """Prefixes computed by the base model: hidden states, [tokens of the tree, width], and keys and values."""

    key: Any
    tree: PrefixTree
    hidden: torch.Tensor
    key_values: KeyValues


def _tree_positions(tree: PrefixTree, positions: Sequence[Ids]) -> Ids:
    """Translate positions in each row to positions in the flat tree."""
    return np.concatenate([path[read] for path, read in zip(tree.paths, positions, strict=True)])


def _adapter_start(row: Sequence[int] | Ids, invocation: Sequence[int]) -> int:
    """Return the position at which an activated adapter starts: the last invocation tokens of a row, as in PEFT."""
    start = last_occurrence(row, invocation)
    if start is None:
        raise InputError("a row does not contain the invocation tokens of the adapter; is its chat template another?")
    return start


def last_occurrence(row: Sequence[int] | Ids, tokens: Sequence[int]) -> int | None:
    """Return the start of the last occurrence of `tokens` in the row; None if there is none."""
    if len(row) < len(tokens):
        return None
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(row, dtype=np.int64), len(tokens))
    starts = np.flatnonzero((windows == np.asarray(tokens)).all(1))
    return int(starts[-1]) if len(starts) else None
