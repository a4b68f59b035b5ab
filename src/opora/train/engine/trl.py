"""Prefix sharing for the trainers of TRL, which keep their own data, losses, callbacks and trackers.

The trainers (SFT, DPO, KTO, GRPO, RLOO) get log-probabilities from `model(..., labels=..., fused_lm_head=True)`, which
is then computed over the prefix tree of a batch. This call is private to TRL, so its version is checked, and the first
batch is computed both ways.

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
from opora.train.lora import invocation_tokens

if TYPE_CHECKING:
    from transformers import Trainer

VERSION = "1.16."
"""Supported version of TRL."""
TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.1, torch.float16: 0.1}
"""Maximum mean absolute difference between the log-probabilities of the two ways, in nats."""


def share_prefixes(trainer: Trainer, min_shared: int = MIN_SHARED) -> None:
    """Patch the model of the trainer, and its separate reference model if there is one. Raises InputError for another
    version of TRL and for unsupported options; the trainer is then unchanged."""
    import trl

    if not trl.__version__.startswith(VERSION):
        advice = f"pip install 'trl=={VERSION}0'"
        raise InputError(f"share_prefixes supports TRL {VERSION}x only, not {trl.__version__}; {advice}")
    if getattr(trainer, "use_weighting", False) or getattr(trainer.args, "cast_lm_head_to_fp32", False):
        raise InputError("share_prefixes does not support use_weighting and cast_lm_head_to_fp32; switch them off")
    options = [name for name in ("gradient_checkpointing", "padding_free") if getattr(trainer.args, name, False)]
    if options and invocation_tokens(trainer.model):
        raise InputError(f"an activated adapter cannot be trained with {options[0]}; set it to False")
    temperature = float(getattr(trainer, "temperature", 1.0))
    for model in (trainer.model, getattr(trainer, "ref_model", None)):
        if model is not None:
            _patch(model, temperature, min_shared)


def _patch(model: Any, temperature: float, min_shared: int) -> None:
    base = model.get_base_model() if isinstance(model, PeftModel) else model
    stock = base.forward
    if "fused_lm_head" not in getattr(stock, "__func__", stock).__code__.co_varnames:
        fault = "has no fused head; pass a trainer of TRL, which prepares its model when created"
        raise InputError(f"{type(base).__name__}: {fault}")
    engine = Engine(model)
    if engine.head.softcap:
        fault = "share_prefixes does not support capped logits with a temperature; use opora train"
        raise InputError(f"{type(base).__name__}: {fault}")
    shared = functools.partial(_shared_call, engine, temperature, min_shared)
    fused = functools.partial(stock, fused_lm_head=True)
    call: Callable[..., Any] | None = None

    @functools.wraps(type(base).forward)
    def forward(self: Any, *args: Any, fused_lm_head: bool = False, **kwargs: Any) -> Any:
        nonlocal call
        if not fused_lm_head or args or kwargs.get("shift_labels") is not None or kwargs.get("output_router_logits"):
            return stock(*args, fused_lm_head=fused_lm_head, **kwargs)
        call = call or _choose_call(shared, fused, kwargs)
        return call(**kwargs)

    base.forward = MethodType(forward, base)


def _choose_call(shared: Callable[..., Any], stock: Callable[..., Any], batch: dict[str, Any]) -> Callable[..., Any]:
    """Return the shared call if it agrees with the stock call on the first batch, else the stock call."""
    with torch.no_grad():
        output, expected = shared(**batch), stock(**batch)
    mask = expected.label_mask.bool()
    difference = float((output.log_probs - expected.log_probs)[mask].abs().mean()) if mask.any() else 0.0
    if difference <= TOLERANCE.get(expected.log_probs.dtype, 0.1):
        return shared
    fault = f"log-probabilities with prefix sharing are off by {difference:.2g} nats per token"
    warnings.warn(f"{fault}; training continues without prefix sharing", stacklevel=4)
    return stock


def _shared_call(
    engine: Engine,
    temperature: float,
    min_shared: int,
    input_ids: torch.Tensor,
    labels: torch.Tensor,
    attention_mask: torch.Tensor | None = None,
    position_ids: torch.Tensor | None = None,
    num_items_in_batch: torch.Tensor | int | None = None,
    **_: Any,
) -> Any:
    """Compute the output of TRL's fused head over the prefix tree of a batch."""
    from trl.trainer.utils import FusedCausalLMOutput

    rows, positions = _unpad(input_ids, attention_mask, position_ids)
    mask = labels[:, 1:] != -100
    labelled = torch.nn.functional.pad(mask, (0, 1)).cpu().numpy()
    reads = [np.flatnonzero(labelled[position]) for position in positions]
    hidden = engine.hidden_states(rows, reads, min_shared)
    head = engine.head._replace(scale=engine.head.scale / temperature)
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


def _unpad(
    input_ids: torch.Tensor, attention_mask: torch.Tensor | None, position_ids: torch.Tensor | None
) -> tuple[list[Ids], list[tuple[int, Ids]]]:
    """Return the tokens of each row without padding, and their positions in `input_ids` as (row, columns). A batch of
    one row with position ids and without a mask is packed: a sequence starts at each position 0."""
    ids = input_ids.cpu().numpy()
    if attention_mask is None and position_ids is not None and len(ids) == 1:
        starts = np.flatnonzero(position_ids[0].cpu().numpy() == 0)[1:]
        positions = [(0, columns) for columns in np.split(np.arange(ids.shape[1]), starts)]
    else:
        masks = np.ones_like(ids) if attention_mask is None else attention_mask.cpu().numpy()
        positions = [(row, np.flatnonzero(mask)) for row, mask in enumerate(masks)]
    return [ids[position] for position in positions], positions
