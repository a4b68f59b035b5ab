"""Each token once: the log-probabilities of many answers in one pass over the tree of their rows.

In: a causal model of transformers, also under PEFT, and rows of a prompt and an answer. Out: the log-probability of
each token of each answer. What rows begin with alike is computed once, nothing is padded, logits exist only where a
token of an answer is to be scored. The results and gradients are those of the rows computed one by one, up to the order
of sums; dropout, where there is some, falls alike on what rows share.

    engine = Engine(model)
    scores = engine.score([Row([1, 2, 3], [4, 5]), Row([1, 2, 3], [6])])
    scores[0].logprobs   # [2]

An activated adapter (Greenewald et al. 2025, arXiv:2504.12397) works from its invocation tokens on, so that what is
before them is the base model's: it is read once, without gradient, for all answers and for the reference model.
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
from opora.train.engine.lm_head import Head, TokenScores, head_of, token_logprobs
from opora.train.engine.prefix_tree import Ids, Tree, build_tree, grow
from opora.train.engine.sparse_mlp import skip_unread
from opora.train.engine.tree_attention import NO_MASK, Keys, TreeState, use_tree_attention
from opora.train.examples import Row
from opora.train.lora import before_training, invocation_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MIN_SHARED = 16
"""Tokens that a branch of the tree has to share: each node costs a call of attention in every layer."""

NOTHING = np.zeros(0, dtype=np.int64)


class Engine:
    """Raises InputError for a model that cannot share: with other layers than attention, or attention of its own; and
    for an activated adapter on weights that are trained too."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._base: Any = model.get_base_model() if isinstance(model, PeftModel) else model
        config = self._base.config.get_text_config()
        strange = set(getattr(config, "layer_types", None) or ()) - ATTENTION_ONLY
        if strange:
            raise InputError(
                f"{type(self._base).__name__}: layers of type {', '.join(sorted(strange))} carry a state from token to"
                " token, so that rows cannot share what they begin with; set engine to plain"
            )
        self._layers = config.num_hidden_layers
        self._last_read: _Read | None = None
        if invocation_of(model):
            _refuse_trained_base(model)
        head_of(self._base)
        use_tree_attention(self._base)
        skip_unread(self._base)
        fuse_lora(self._base)

    def reference(self, rows: Sequence[Row]) -> list[TokenScores]:
        """Of the model as it was before training, without gradient."""
        with torch.no_grad(), before_training(self._model):
            return self.score(rows)

    def score(self, rows: Sequence[Row], min_shared: int = MIN_SHARED) -> list[TokenScores]:
        """Scores of the tokens of each answer, in the order of `rows`."""
        # nobody reads what the last token of a row would predict
        ids = [[*row.prompt, *row.answer[:-1]] for row in rows]
        places = [np.arange(len(row.prompt) - 1, row.length - 1) for row in rows]
        hidden = self.hidden(ids, places, min_shared)
        targets = torch.tensor([token for row in rows for token in row.answer], device=hidden.device)
        scores = token_logprobs(hidden, self.head, targets)
        sizes = [len(row.answer) for row in rows]
        return [TokenScores(*each) for each in zip(*(field.split(sizes) for field in scores), strict=True)]

    def hidden(
        self, rows: Sequence[Sequence[int] | Ids], places: Sequence[Ids], min_shared: int = MIN_SHARED
    ) -> torch.Tensor:
        """The last hidden states, [tokens, width], at the `places` of each row, row after row."""
        invocation = invocation_of(self._model)
        if invocation is None:
            tree = build_tree(rows, min_shared)
            read = _read_in(tree, places)
            return self._pass(tree, read=np.unique(read))[torch.from_numpy(read).to(self._base.device)]
        starts = [_start(row, invocation) for row in rows]
        whole = any(place[0] < start for place, start in zip(places, starts, strict=True) if len(place))
        before = self._read([row[:start] for row, start in zip(rows, starts, strict=True)], min_shared, whole)
        tree = grow(before.tree, [row[start:] for row, start in zip(rows, starts, strict=True)], min_shared)
        read = _read_in(tree, places)
        own = np.unique(read[read >= tree.offset]) - tree.offset
        hidden = torch.cat([before.hidden, self._pass(tree, before=before.keys, read=own)])
        return hidden[torch.from_numpy(read).to(hidden.device)]

    def _read(self, prompts: list[Any], min_shared: int, whole: bool) -> _Read:
        """The prompts by the base model, with all hidden states if `whole`. Those of the last call are kept: a
        reference reads the same."""
        device = self._base.device.type
        mode = (whole, torch.is_inference_mode_enabled(), torch.is_autocast_enabled(device), self._model.training)
        key = ([list(each) for each in prompts], min_shared, mode)
        if self._last_read is None or self._last_read.key != key:
            tree = build_tree(prompts, min_shared)
            keys: Keys = {}
            model: Any = self._model
            with torch.no_grad(), model.disable_adapter():
                hidden = self._pass(tree, kept=keys, read=None if whole else NOTHING)
            self._last_read = _Read(key, tree, hidden, keys)
        return self._last_read

    def _pass(
        self, tree: Tree, before: Keys | None = None, kept: Keys | None = None, read: Ids | None = None
    ) -> torch.Tensor:
        """The last hidden states of a tree's tokens, [tokens, width]; finished at the places `read`, if given."""
        device = self._base.device
        state = TreeState(tree, device, before, kept, read)
        with every_token():
            hidden: torch.Tensor = self._base.base_model(
                input_ids=torch.from_numpy(tree.ids)[None].to(device),
                position_ids=torch.from_numpy(tree.positions)[None].to(device),
                attention_mask=NO_MASK.to(device),
                use_cache=False,
                tree=state,
            ).last_hidden_state[0]
        if state.calls < self._layers:
            raise InputError(
                f"{type(self._base).__name__}: {self._layers - state.calls} of its {self._layers} layers did not get"
                " the tree of the rows; set engine to plain"
            )
        return hidden

    @property
    def head(self) -> Head:
        return head_of(self._base)


class _Read(NamedTuple):
    """What the base model has read: `hidden`, [tokens of the tree, width], and the keys of each layer."""

    key: Any
    tree: Tree
    hidden: torch.Tensor
    keys: Keys


def _read_in(tree: Tree, places: Sequence[Ids]) -> Ids:
    """Where the tokens at the `places` of each row stand."""
    return np.concatenate([path[place] for path, place in zip(tree.paths, places, strict=True)])


def _start(row: Sequence[int] | Ids, invocation: Sequence[int]) -> int:
    """Where the adapter begins to work: at the last invocation tokens of a row, as in PEFT."""
    start = last_occurrence(row, invocation)
    if start is None:
        raise InputError(
            "a row does not hold the tokens that activate the adapter; were its rows written by another chat template?"
        )
    return start


def last_occurrence(row: Sequence[int] | Ids, tokens: Sequence[int]) -> int | None:
    """The place of the first of `tokens` where they stand last in the row."""
    if len(row) < len(tokens):
        return None
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(row, dtype=np.int64), len(tokens))
    found = np.flatnonzero((windows == np.asarray(tokens)).all(1))
    return int(found[-1]) if len(found) else None


def _refuse_trained_base(model: PreTrainedModel) -> None:
    trained = [name for name, each in model.named_parameters() if each.requires_grad and "lora_" not in name]
    if trained:
        raise InputError(
            f"an activated adapter is trained on a frozen model, but {trained[0]} is trained too; freeze it, or set"
            " lora.activated to false"
        )
