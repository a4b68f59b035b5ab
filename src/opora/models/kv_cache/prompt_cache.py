"""One network for a model and its activated adapters, and what it has read, kept for all of them.

In: a spec. Out: a network with its adapter, if it has one; keys and values of prompts. An activated adapter
(Greenewald et al. 2025, arXiv:2504.12397) works from its invocation tokens on, so that the keys of the documents before
them are the base model's: whichever of them read a prompt first, none reads it again.

    network = share_network(parse_spec("smollm2+train/raft"), load, "cpu", cache_tokens=8192)
    with network.reading() as base:
        past = network.prompts.read(base, ids)
    with network.answering() as adapted:
        adapted.generate(..., past_key_values=pad_left([past]))
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from opora.models.kv_cache.prefix_groups import common_length
from opora.models.peft_adapter import attach_adapter, invocation_of
from opora.models.revision import adapter_folder
from opora.models.spec import ModelSpec

if TYPE_CHECKING:
    from transformers import DynamicCache, PreTrainedModel

Past = list[tuple[torch.Tensor, torch.Tensor]]
"""Keys and values of each layer, [1, heads, tokens, head size]."""

ATTENTION_ONLY = frozenset(("full_attention", "sliding_attention"))
"""Types of layers whose tokens can be read apart, and once; others carry a state from token to token."""


class PromptCache:
    """The keys of the prompts that were read last, at most `max_tokens` tokens of them."""

    def __init__(self, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        self._entries: list[tuple[list[int], Past]] = []
        self.read_tokens = 0
        """Tokens that went through the network."""

    def read(self, network: PreTrainedModel, ids: Sequence[int]) -> Past:
        """Keys of `ids`; only what no kept prompt begins with goes through the network."""
        ids = list(ids)
        shared = [common_length(ids, entry) for entry, _ in self._entries]
        known, best = max(zip(shared, range(len(shared)), strict=True), default=(0, 0))
        past = [(key[:, :, :known], value[:, :, :known]) for key, value in self._entries[best][1]] if known else []
        if known == len(ids):
            self._entries.append(self._entries.pop(best) if known else (ids, past))
            return past
        past = _go_on(network, past, ids[known:])
        self.read_tokens += len(ids) - known
        # what is the beginning of the new entry stands in it
        self._entries = [e for e, common in zip(self._entries, shared, strict=True) if common < len(e[0])]
        self._entries.append((ids, past))
        while len(self._entries) > 1 and sum(len(each) for each, _ in self._entries) > self._max_tokens:
            del self._entries[0]
        return past


def _go_on(network: PreTrainedModel, past: Past, ids: list[int]) -> Past:
    """`past` and the keys of `ids` after it."""
    cache: Any = _cache(past)
    network(input_ids=torch.tensor([ids], device=network.device), past_key_values=cache, logits_to_keep=1)
    return [(layer.keys, layer.values) for layer in cache.layers]


def pad_left(pasts: Sequence[Past]) -> DynamicCache | None:
    """One cache for a batch, zeros before what is shorter; None if nothing was read."""
    longest = max((past[0][0].shape[2] for past in pasts if past), default=0)
    if not longest:
        return None
    layers = next(past for past in pasts if past)

    def padded(number: int, part: int) -> torch.Tensor:
        states = [past[number][part] if past else layers[number][part][:, :, :0] for past in pasts]
        return torch.cat([torch.nn.functional.pad(each, (0, 0, longest - each.shape[2], 0)) for each in states])

    return _cache([(padded(number, 0), padded(number, 1)) for number in range(len(layers))])


def _cache(past: Past) -> DynamicCache:
    """Layers of whole length, also for sliding windows: the mask takes care of those."""
    from transformers import DynamicCache

    return DynamicCache(past)


class _Base:
    """A network that several models may share. Under PEFT as soon as one of them brings an activated adapter."""

    def __init__(self, network: PreTrainedModel, cache_tokens: int) -> None:
        self.network: Any = network
        self.prompts = PromptCache(cache_tokens)
        self.adapters: dict[str, str] = {}
        self.lock = RLock()

    def add(self, adapter: str) -> str:
        """The name under which an adapter is attached."""
        key = str(adapter_folder(adapter).resolve())
        if key not in self.adapters:
            name = f"adapter-{len(self.adapters)}"
            self.network = attach_adapter(self.network, adapter, name)
            self.adapters[key] = name
        return self.adapters[key]


_BASES: weakref.WeakValueDictionary[tuple[str, ...], _Base] = weakref.WeakValueDictionary()


class Network(NamedTuple):
    """A network with one of its adapters, or none. `invocation`: the tokens that activate it."""

    base: _Base
    adapter: str = ""
    invocation: tuple[int, ...] = ()

    @property
    def prompts(self) -> PromptCache:
        return self.base.prompts

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """The network as it reads what stands before an answer: without its adapters."""
        with self.base.lock:
            if not self.base.adapters:
                yield self.base.network
                return
            with self.base.network.disable_adapter():
                yield self.base.network.get_base_model()

    @contextmanager
    def answering(self) -> Iterator[Any]:
        """The network with its adapter, if it has one. Of the models that share it one at a time."""
        with self.base.lock, nullcontext() if self.adapter else self.reading() as base:
            if self.adapter:
                self.base.network.set_adapter(self.adapter)
            yield base or self.base.network


def share_network(
    spec: ModelSpec, load: Callable[[ModelSpec], PreTrainedModel], key: str, cache_tokens: int
) -> Network:
    """The network of a spec, loaded by `load`. What has the same base and `key` in this process shares it, but for a
    plain adapter, which is merged into a network of its own."""
    invocation = invocation_of(spec)
    if spec.adapter and invocation is None:
        return Network(_Base(load(spec), cache_tokens))
    own = (spec.kind, spec.name, key)
    base = _BASES.get(own)
    if base is None:
        base = _BASES[own] = _Base(load(spec._replace(adapter="")), cache_tokens)
    return Network(base, base.add(spec.adapter), tuple(invocation)) if invocation else Network(base)


def can_keep(network: PreTrainedModel) -> bool:
    """True for a network of attention alone: other layers keep a state that cannot be cut off at a token."""
    layers = getattr(network.config.get_text_config(), "layer_types", None)
    return set(layers or ()) <= ATTENTION_ONLY and not network._is_stateful
