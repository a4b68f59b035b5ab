"""Batch in, loss out: the seam that a faster engine can take the place of.

In: a causal model and examples. Out: the summed loss of the answer tokens, and how many there are.

    output = answer_loss(model, [example])
    (output.loss / output.tokens).backward()
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch

from opora.train.batch import TokenExample

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class LossOutput(NamedTuple):
    """`loss`: sum over the answer tokens of their negative log-probability (natural), a scalar tensor."""

    loss: torch.Tensor
    tokens: int


def answer_loss(model: PreTrainedModel, examples: Sequence[TokenExample]) -> LossOutput:
    """Each example is a row of its own, so that nothing is padded; logits are computed where an answer token follows,
    nowhere else."""
    device = next(model.parameters()).device
    total = torch.zeros((), device=device)
    tokens = 0
    for example in examples:
        ids = torch.tensor([example.prompt + example.answer], device=device)
        logits = model(input_ids=ids, logits_to_keep=len(example.answer) + 1, use_cache=False).logits[0, :-1]
        targets = ids[0, len(example.prompt) :]
        total = total + torch.nn.functional.cross_entropy(logits.float(), targets, reduction="sum")
        tokens += len(example.answer)
    return LossOutput(total, tokens)
