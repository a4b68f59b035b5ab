"""LoRA layers of PEFT with less traffic: the adapter is added in place, and what the backward pass needs is its input
and the small product with A.

In: a model under PEFT. Out: the same model, whose plain LoRA layers over frozen linear layers compute what they did.
With y = W x + s B A x (Hu et al. 2021, arXiv:2106.09685, section 4.1), a layer of PEFT makes three tensors of the size
of y, and scales and adds them in passes of their own.

    fuse_lora(model)

PEFT tells a layer of an activated adapter by offsets where in each row the adapter begins. Without them, or within
`every_token()`, it works at every token: the engine hands it no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import MethodType
from typing import TYPE_CHECKING, Any

import torch
from peft.tuners.lora.layer import Linear
from peft.tuners.lora.variants import ALoraLinearVariant

if TYPE_CHECKING:
    from transformers import PreTrainedModel


OFFSETS = "alora_offsets"
"""Of each row, how many of its last tokens an activated adapter works at."""

_EVERY_TOKEN = ContextVar("every token", default=False)


@contextmanager
def every_token() -> Iterator[None]:
    """Within it activated adapters work at every token, whatever offsets a trainer hands in."""
    was = _EVERY_TOKEN.set(True)
    try:
        yield
    finally:
        _EVERY_TOKEN.reset(was)


def fuse_lora(model: PreTrainedModel) -> None:
    """Idempotent. A layer whose case is another (dropout, quantised or trained weights, several adapters, autocast)
    goes PEFT's own way, decided at each call."""
    for module in model.modules():
        if type(module) is Linear and "forward" not in vars(module):
            module.forward = MethodType(_forward, module)  # type: ignore[method-assign]


def _forward(layer: Linear, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    name = _only_adapter(layer, x)
    if _EVERY_TOKEN.get():
        kwargs.pop(OFFSETS, None)
    if name is None or args or kwargs:
        if any(_is_activated(layer, each) for each in layer.active_adapters):
            kwargs.setdefault(OFFSETS, [x.shape[-2]] * len(x))
        return type(layer).forward(layer, x, *args, **kwargs)
    base: Any = layer.base_layer
    a, b = layer.lora_A[name].weight, layer.lora_B[name].weight
    apply: Callable[..., torch.Tensor] = _LoraLinear.apply
    return apply(x, base.weight, base.bias, a, b, layer.scaling[name])


def _is_activated(layer: Linear, name: str) -> bool:
    return isinstance(layer.lora_variant.get(name), ALoraLinearVariant)


def _only_adapter(layer: Linear, x: torch.Tensor) -> str | None:
    """The adapter of a layer in the plain case, else None."""
    names = [name for name in layer.active_adapters if name in layer.lora_A]
    if layer.disable_adapters or layer.merged or len(names) != 1:
        return None
    name, base = names[0], layer.base_layer
    if name in layer.lora_variant and not _is_activated(layer, name):
        return None
    plain = type(base) is torch.nn.Linear and not any(each.requires_grad for each in base.parameters())
    dropout = layer.lora_dropout[name]
    quiet = isinstance(dropout, torch.nn.Identity) or not layer.training
    same = x.dtype == base.weight.dtype == layer.lora_A[name].weight.dtype
    usual = plain and quiet and same and not layer.lora_bias[name] and not layer.fan_in_fan_out
    return name if usual and not torch.is_autocast_enabled(x.device.type) else None


class _LoraLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, bias: Any, a: Any, b: Any, scaling: float) -> torch.Tensor:
        flat = x.reshape(-1, x.shape[-1])
        low = flat @ a.T
        out = flat @ weight.T if bias is None else torch.addmm(bias, flat, weight.T)
        out.addmm_(low, b.T, alpha=scaling)
        ctx.save_for_backward(flat, low, weight, a, b)
        ctx.scaling, ctx.shape = scaling, x.shape
        return out.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        flat, low, weight, a, b = ctx.saved_tensors
        gradient = gradient.reshape(-1, gradient.shape[-1])
        by_low = (gradient @ b).mul_(ctx.scaling)
        by_x = None
        if ctx.needs_input_grad[0]:
            by_x = (gradient @ weight).addmm_(by_low, a).view(ctx.shape)
        return by_x, None, None, by_low.T @ flat, (gradient.T @ low).mul_(ctx.scaling), None
