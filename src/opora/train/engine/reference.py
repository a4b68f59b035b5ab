"""Reference scorer: each row separately, through the model's own forward pass.

The engine is verified against it, and models whose attention cannot be replaced are trained with it.

    PlainScorer(model).score([TokenizedRow([1, 2, 3], [4, 5])])[0].logprobs      # [2]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from opora.train.engine.base import TokenScores
from opora.train.examples import TokenizedRow
from opora.train.lora import reference_weights

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class PlainScorer:
    """Scorer without prefix sharing and without padding. Logits exist for one answer at a time."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model

    def score(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        return [self._score(row) for row in rows]

    def score_reference(self, rows: Sequence[TokenizedRow]) -> list[TokenScores]:
        with torch.no_grad(), reference_weights(self._model):
            return self.score(rows)

    def _score(self, row: TokenizedRow) -> TokenScores:
        device = next(self._model.parameters()).device
        ids = torch.tensor([[*row.prompt, *row.answer]], device=device)
        logits = self._model(input_ids=ids, logits_to_keep=len(row.answer) + 1, use_cache=False).logits[0, :-1]
        table = logits.float().log_softmax(-1)
        targets = ids[0, len(row.prompt) :]
        with torch.no_grad():
            entropy = -(table.exp() * table).sum(-1)
            top = table.argmax(-1) == targets
        return TokenScores(table.gather(1, targets[:, None])[:, 0], entropy, top)
