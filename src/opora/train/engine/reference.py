"""Each row by itself, through the model's own forward pass: the reference that the engine is held against, and what
models train through whose attention cannot be replaced.

In: a causal model, rows. Out: the scores of the tokens of each answer.

    PlainScorer(model).score([Row([1, 2, 3], [4, 5])])[0].logprobs      # [2]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from opora.train.engine.lm_head import TokenScores
from opora.train.examples import Row
from opora.train.lora import before_training

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class PlainScorer:
    """Nothing is shared and nothing is padded; logits exist at the positions of one answer at a time."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model

    def score(self, rows: Sequence[Row]) -> list[TokenScores]:
        return [self._score(row) for row in rows]

    def reference(self, rows: Sequence[Row]) -> list[TokenScores]:
        with torch.no_grad(), before_training(self._model):
            return self.score(rows)

    def _score(self, row: Row) -> TokenScores:
        device = next(self._model.parameters()).device
        ids = torch.tensor([[*row.prompt, *row.answer]], device=device)
        logits = self._model(input_ids=ids, logits_to_keep=len(row.answer) + 1, use_cache=False).logits[0, :-1]
        table = logits.float().log_softmax(-1)
        targets = ids[0, len(row.prompt) :]
        with torch.no_grad():
            entropy = -(table.exp() * table).sum(-1)
            top = table.argmax(-1) == targets
        return TokenScores(table.gather(1, targets[:, None])[:, 0], entropy, top)
