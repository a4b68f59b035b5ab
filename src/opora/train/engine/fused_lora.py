"""Fused LoRA layers: the adapter is added in place, and only the input and its product with A are kept for the backward
pass.

For y = W x + s B A x (Hu et al. 2021, arXiv:2106.09685, section 4.1), PEFT creates three tensors of the size of y and
scales and adds them in separate passes. The results are the same.

PEFT passes offsets to the layers of an activated adapter: the position in each row at which it starts. Without them, or
within `every_token()`, the adapter applies to every token; the engine passes it only the tokens after the start.
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
"""Keyword argument of PEFT: for each row, the number of last tokens to which an activated adapter applies."""

_EVERY_TOKEN = ContextVar("every token", default=False)


@contextmanager
def every_token() -> Iterator[None]:
    """Within this context activated adapters apply to every token, regardless of the offsets passed by a trainer."""
    token = _EVERY_TOKEN.set(True)
    try:
        yield
    finally:
        _EVERY_TOKEN.reset(token)


def fuse_lora(model: PreTrainedModel) -> None:
    """Replace the forward pass of the LoRA layers. Idempotent. Unsupported cases (dropout, quantised or trained
    weights, several adapters, autocast) use the code of PEFT, decided at each call."""
    for module in model.modules():
        if type(module) is Linear and "forward" not in vars(module):
            module.forward = MethodType(_forward, module)  # type: ignore[method-assign]


def _forward(layer: Linear, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    name = _fusable_adapter(layer, x)
    if _EVERY_TOKEN.get():
        kwargs.pop(OFFSETS, None)
    if name is None or args or kwargs:
        if any(_is_activated(layer, adapter) for adapter in layer.active_adapters):
            kwargs.setdefault(OFFSETS, [x.shape[-2]] * len(x))
        return type(layer).forward(layer, x, *args, **kwargs)
    base: Any = layer.base_layer
    a, b = layer.lora_A[name].weight, layer.lora_B[name].weight
    apply: Callable[..., torch.Tensor] = _LoraLinear.apply
    return apply(x, base.weight, base.bias, a, b, layer.scaling[name])


def _is_activated(layer: Linear, name: str) -> bool:
    return isinstance(layer.lora_variant.get(name), ALoraLinearVariant)


def _fusable_adapter(layer: Linear, x: torch.Tensor) -> str | None:
    """Return the adapter of a layer in the supported case, else None."""
    names = [name for name in layer.active_adapters if name in layer.lora_A]
    if layer.disable_adapters or layer.merged or len(names) != 1:
        return None
    name, base = names[0], layer.base_layer
    if name in layer.lora_variant and not _is_activated(layer, name):
        return None
    frozen = type(base) is torch.nn.Linear and not any(tensor.requires_grad for tensor in base.parameters())
    no_dropout = isinstance(layer.lora_dropout[name], torch.nn.Identity) or not layer.training
    one_dtype = x.dtype == base.weight.dtype == layer.lora_A[name].weight.dtype
    fusable = frozen and no_dropout and one_dtype and not layer.lora_bias[name] and not layer.fan_in_fan_out
    return name if fusable and not torch.is_autocast_enabled(x.device.type) else None


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
        grad_low = (gradient @ b).mul_(ctx.scaling)
        grad_x = (gradient @ weight).addmm_(grad_low, a).view(ctx.shape) if ctx.needs_input_grad[0] else None
        return grad_x, None, None, grad_low.T @ flat, (gradient.T @ low).mul_(ctx.scaling), None
