"""Fused output head: log-probabilities of target tokens from hidden states, with logits of a few tokens at a time.

If the output layer is frozen, the gradient with respect to the hidden states is computed together with the logits, so
these are neither stored nor recomputed: with logits z = W h and target y, d log p / d h = (onehot(y) - softmax(z)) W.
If it is trained, the backward pass recomputes the logits.

    scores = token_logprobs(hidden, output_head(model), targets)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from opora.errors import InputError
from opora.train.scorer import TokenScores

if TYPE_CHECKING:
    from transformers import PreTrainedModel

LOGITS_BYTES = 64 * 2**20
"""Size of a chunk of logits in fp32."""


class Head(NamedTuple):
    """Output layer: z = `scale` (`weight` h + `bias`); with a `softcap` c, logits = c tanh(z / c)."""

    weight: torch.Tensor
    bias: torch.Tensor | None = None
    scale: float = 1.0
    softcap: float | None = None


def output_head(model: PreTrainedModel) -> Head:
    """Return the output layer of a model. Raises InputError if it is not a plain linear layer."""
    layer = model.get_output_embeddings()
    if type(layer) is not torch.nn.Linear:
        fault = f"the output layer is a {type(layer).__name__}, but a plain linear layer is needed"
        raise InputError(f"{type(model).__name__}: {fault}: remove it from lora.targets, and do not quantise it")
    config = model.config.get_text_config()
    divisor = getattr(config, "logits_scaling", None)  # Granite
    scale = 1 / divisor if divisor else getattr(config, "logit_scale", None)  # Cohere
    return Head(layer.weight, layer.bias, scale or 1.0, getattr(config, "final_logit_softcapping", None))


def token_logprobs(hidden: torch.Tensor, head: Head, targets: torch.Tensor) -> TokenScores:
    """Return the scores of each target, [tokens], given its hidden state, [tokens, width]. Sums are computed in fp32,
    products in the precision of autocast if enabled, else of `hidden`."""
    apply: Any = _TokenLogprobs.apply
    return TokenScores(*apply(hidden, head.weight, head.bias, targets, head.scale, head.softcap))


class _TokenLogprobs(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Any, weight: Any, bias: Any, targets: Any, scale: float, softcap: float | None
    ) -> Any:
        device = hidden.device.type
        ctx.dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else hidden.dtype
        ctx.head, trained = Head(weight, bias, scale, softcap), any(ctx.needs_input_grad[1:3])
        ctx.trained, fused = trained, ctx.needs_input_grad[0] and not trained
        cast = ctx.head._replace(weight=weight.to(ctx.dtype))
        scores, gradients = [], []
        for rows in _chunks(hidden, weight):
            score, slope = _score(hidden[rows], targets[rows], cast, with_slope=fused)
            scores.append(score)
            if slope is not None:
                gradients.append(slope.to(ctx.dtype) @ cast.weight)
        ctx.save_for_backward(*([hidden, targets] if trained else gradients))
        logprobs, entropy, top = (torch.cat(parts) for parts in zip(*scores, strict=True))
        ctx.mark_non_differentiable(entropy, top)
        return logprobs, entropy, top

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor, *_: Any) -> Any:
        if not ctx.trained:
            return gradient[:, None].to(ctx.dtype) * torch.cat(ctx.saved_tensors), None, None, None, None, None
        hidden, targets = ctx.saved_tensors
        head, dtype = ctx.head, ctx.dtype
        cast = head._replace(weight=head.weight.to(dtype))
        grad_hidden = torch.empty_like(hidden)
        grad_weight = torch.zeros_like(head.weight, dtype=torch.float32)
        grad_bias = None if head.bias is None else torch.zeros_like(head.bias, dtype=torch.float32)
        for rows in _chunks(hidden, head.weight):
            _, slope = _score(hidden[rows], targets[rows], cast, with_slope=True)
            assert slope is not None
            slope = (slope * gradient[rows, None]).to(dtype)
            grad_hidden[rows] = (slope @ cast.weight).to(hidden.dtype)
            grad_weight += (slope.T @ hidden[rows].to(dtype)).float()
            if grad_bias is not None:
                grad_bias += slope.sum(0, dtype=torch.float32)
        weight = grad_weight.to(head.weight.dtype)
        return grad_hidden, weight, None if grad_bias is None else grad_bias.to(head.bias.dtype), None, None, None


def _chunks(hidden: torch.Tensor, weight: torch.Tensor) -> Iterator[slice]:
    size = max(1, LOGITS_BYTES // (4 * len(weight)))
    for start in range(0, max(1, len(hidden)), size):  # at least one chunk, for a batch without labels
        yield slice(start, start + size)


def _score(
    hidden: torch.Tensor, targets: torch.Tensor, head: Head, with_slope: bool
) -> tuple[tuple[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor | None]:
    """Return (log-probabilities, entropies, true where the target is most likely), and the gradient of the
    log-probability with respect to `weight` h, [tokens, vocabulary]."""
    logits = (hidden.to(head.weight.dtype) @ head.weight.T).float()
    if head.bias is not None:
        logits += head.bias
    if head.scale != 1:
        logits *= head.scale
    bend = None
    if head.softcap:
        logits = head.softcap * torch.tanh(logits / head.softcap)
        bend = 1 - (logits / head.softcap) ** 2
    picked = logits.gather(1, targets[:, None])
    highest = logits.amax(1, keepdim=True)
    top = (picked >= highest)[:, 0]
    shifted = logits.sub_(highest)
    probability = shifted.exp()
    total = probability.sum(1, keepdim=True)
    probability /= total
    logprobs = (picked - highest - total.log())[:, 0]
    entropy = total.log()[:, 0] - torch.einsum("nv,nv->n", probability, shifted)
    if not with_slope:
        return (logprobs, entropy, top), None
    slope = probability.neg_()
    slope.scatter_add_(1, targets[:, None], torch.ones_like(picked))
    if bend is not None:
        slope *= bend
    return (logprobs, entropy, top), slope.mul_(head.scale)
