"""The engine under the trainers of TRL: their data, losses, callbacks and trackers, each token computed once.

In: a trainer of TRL (SFT, DPO, KTO, GRPO or RLOO), as it was made. Out: the same trainer, whose model answers
`model(..., labels=..., fused_lm_head=True)`, the call by which these trainers get log-probabilities, from the tree of
the rows of a batch. The call is private to TRL, so its version is checked, and the first batch is computed both ways.

    trainer = DPOTrainer(model, args=..., train_dataset=..., peft_config=...)
    share_prefixes(trainer)
    trainer.train()
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from types import MethodType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from peft import PeftModel

from opora.errors import InputError
from opora.train.engine.engine import MIN_SHARED, Engine
from opora.train.engine.lm_head import token_logprobs
from opora.train.engine.prefix_tree import Ids
from opora.train.lora import invocation_of

if TYPE_CHECKING:
    from transformers import Trainer

VERSION = "1.16."
"""Of TRL, whose private call is known."""

TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.1, torch.float16: 0.1}
"""Mean absolute difference of the log-probabilities of two ways, in nats."""


def share_prefixes(trainer: Trainer, min_shared: int = MIN_SHARED) -> None:
    """Change the trainer's model, and its reference model if it has one of its own. Raises InputError for another
    version of TRL, and for what the engine does not compute; the trainer is then as it was."""
    import trl

    if not trl.__version__.startswith(VERSION):
        raise InputError(f"trl is {trl.__version__}; its call is known of {VERSION}x: pip install 'trl=={VERSION}0'")
    if getattr(trainer, "use_weighting", False) or getattr(trainer.args, "cast_lm_head_to_fp32", False):
        raise InputError("use_weighting and cast_lm_head_to_fp32 are not computed over shared rows; switch them off")
    refused = [name for name in ("gradient_checkpointing", "padding_free") if getattr(trainer.args, name, False)]
    if refused and invocation_of(trainer.model):
        raise InputError(f"an activated adapter is not trained under {refused[0]}; set it to False")
    temperature = float(getattr(trainer, "temperature", 1.0))
    for model in (trainer.model, getattr(trainer, "ref_model", None)):
        if model is not None:
            _patch(model, temperature, min_shared)


def _patch(model: Any, temperature: float, min_shared: int) -> None:
    base = model.get_base_model() if isinstance(model, PeftModel) else model
    stock = base.forward
    if "fused_lm_head" not in getattr(stock, "__func__", stock).__code__.co_varnames:
        raise InputError(
            f"{type(base).__name__}: has no fused head; give a trainer of TRL that has made its model ready"
        )
    shared = _Shared(Engine(model), temperature, min_shared)
    if shared.engine.head.softcap:
        raise InputError(
            f"{type(base).__name__}: TRL divides capped logits by a temperature and means them; train by opora"
        )
    state = _Checked(stock, shared)

    @functools.wraps(type(base).forward)
    def forward(self: Any, *args: Any, fused_lm_head: bool = False, **given: Any) -> Any:
        if not fused_lm_head or args or given.get("shift_labels") is not None or given.get("output_router_logits"):
            return stock(*args, fused_lm_head=fused_lm_head, **given)
        return state(**given)

    base.forward = MethodType(forward, base)


class _Checked:
    """The shared call, if on the first batch it comes out as the stock one does, which it else leaves the work to."""

    def __init__(self, stock: Callable[..., Any], shared: _Shared) -> None:
        self._stock = functools.partial(stock, fused_lm_head=True)
        self._shared = shared
        self._call: Callable[..., Any] | None = None

    def __call__(self, **given: Any) -> Any:
        if self._call is None:
            self._call = self._pick(given)
        return self._call(**given)

    def _pick(self, given: dict[str, Any]) -> Callable[..., Any]:
        with torch.no_grad():
            left, right = (call(**given) for call in (self._shared, self._stock))
        mask = right.label_mask.bool()
        difference = float((left.log_probs - right.log_probs)[mask].abs().mean()) if mask.any() else 0.0
        if difference <= TOLERANCE.get(right.log_probs.dtype, 0.1):
            return self._shared
        off = f"rows that share tokens come out {difference:.2g} nats a token off the stock forward pass"
        warnings.warn(f"{off}; training goes on without sharing", stacklevel=5)
        return self._stock


class _Shared:
    """What TRL's fused head returns, from the tree of a batch."""

    def __init__(self, engine: Engine, temperature: float, min_shared: int) -> None:
        self.engine = engine
        self._temperature, self._min_shared = temperature, min_shared

    def __call__(
        self,
        input_ids: torch.Tensor,
        labels: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        num_items_in_batch: torch.Tensor | int | None = None,
        **_: Any,
    ) -> Any:
        from trl.trainer.utils import FusedCausalLMOutput

        rows, columns = _rows(input_ids, attention_mask, position_ids)
        mask = labels[:, 1:] != -100
        labelled = torch.nn.functional.pad(mask, (0, 1)).cpu().numpy()
        hidden = self.engine.hidden(rows, [np.flatnonzero(labelled[place]) for place in columns], self._min_shared)
        head = self.engine.head
        head = head._replace(scale=head.scale / self._temperature)
        scores = token_logprobs(hidden, head, labels[:, 1:][mask])
        mean = hidden.detach().float() @ head.weight.detach().float().mean(0)
        if head.bias is not None:
            mean = mean + head.bias.detach().float().mean()

        def spread(values: torch.Tensor) -> torch.Tensor:
            return values.new_zeros(mask.shape).masked_scatter(mask, values)

        logprobs = spread(scores.logprobs)
        count = mask.sum().clamp(min=1) if num_items_in_batch is None else num_items_in_batch
        return FusedCausalLMOutput(
            loss=-logprobs.sum() / count,
            log_probs=logprobs,
            entropy=spread(scores.entropy),
            is_top1=spread(scores.top),
            mean_logits=spread(mean * head.scale),
            label_mask=mask,
        )


def _rows(
    input_ids: torch.Tensor, attention_mask: torch.Tensor | None, position_ids: torch.Tensor | None
) -> tuple[list[Ids], list[tuple[int, Ids]]]:
    """The tokens of each row without padding, and where they stand in `input_ids` as (row, columns). A batch of one row
    with positions and without a mask holds many, one beginning at each position 0."""
    ids = input_ids.cpu().numpy()
    if attention_mask is None and position_ids is not None and len(ids) == 1:
        starts = np.flatnonzero(position_ids[0].cpu().numpy() == 0)[1:]
        columns = [(0, each) for each in np.split(np.arange(ids.shape[1]), starts)]
    else:
        kept = np.ones_like(ids) if attention_mask is None else attention_mask.cpu().numpy()
        columns = [(row, np.flatnonzero(mask)) for row, mask in enumerate(kept)]
    return [ids[place] for place in columns], columns
