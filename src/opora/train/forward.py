"""Each token once: the log-probabilities of many answers in one pass over the tree of their rows.

In: a causal model of transformers, also under PEFT, and rows of a prompt and an answer. Out: the log-probability of
each token of each answer. What rows begin with alike is computed once, nothing is padded, logits exist only where a
token of an answer is to be scored. The results and gradients are those of the rows computed one by one, up to the order
of sums; dropout, where there is some, falls alike on what rows share.

    engine = Engine(model)
    scores = engine.score([Row([1, 2, 3], [4, 5]), Row([1, 2, 3], [6])])
    scores[0].logprobs   # [2]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from peft import PeftModel

from opora.errors import InputError
from opora.train.attention import NO_MASK, TreeState, use_tree_attention
from opora.train.head import Head, TokenScores, head_of, token_logprobs
from opora.train.linear import fuse_lora
from opora.train.lora import before_training
from opora.train.rows import Row
from opora.train.tree import Tree, build_tree

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MIN_SHARED = 16
"""Tokens that a branch of the tree has to share: each node costs a call of attention in every layer."""

ATTENTION_ONLY = frozenset(("full_attention", "sliding_attention"))


class Engine:
    """Raises InputError for a model that cannot share: with other layers than attention, or attention of its own."""

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
        head_of(self._base)
        use_tree_attention(self._base)
        fuse_lora(self._base)

    def reference(self, rows: Sequence[Row]) -> list[TokenScores]:
        """Of the model as it was before training, without gradient."""
        with torch.no_grad(), before_training(self._model):
            return self.score(rows)

    def score(self, rows: Sequence[Row], min_shared: int = MIN_SHARED) -> list[TokenScores]:
        """Scores of the tokens of each answer, in the order of `rows`."""
        # nobody reads what the last token of a row would predict
        tree = build_tree([[*row.prompt, *row.answer[:-1]] for row in rows], min_shared)
        hidden = self.hidden(tree)
        places = [path[len(row.prompt) - 1 :] for path, row in zip(tree.paths, rows, strict=True)]
        read = torch.cat([torch.from_numpy(each) for each in places]).to(hidden.device)
        targets = torch.tensor([token for row in rows for token in row.answer], device=hidden.device)
        scores = token_logprobs(hidden[read], self.head, targets)
        sizes = [len(row.answer) for row in rows]
        return [TokenScores(*each) for each in zip(*(field.split(sizes) for field in scores), strict=True)]

    def hidden(self, tree: Tree) -> torch.Tensor:
        """The last hidden states of a tree's tokens, [tokens, width]."""
        device = self._base.device
        state = TreeState(tree, device)
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
