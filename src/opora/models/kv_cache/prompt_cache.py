"""Network and KV cache shared by a model and its activated adapters.

An activated adapter (Greenewald et al. 2025, arXiv:2504.12397) only changes the network after its invocation tokens, so
the base model and all such adapters have the same keys and values for a prompt.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from opora.models.kv_cache.prefix_groups import common_length
from opora.models.peft_adapter import attach_adapter, read_invocation
from opora.models.revision import adapter_folder
from opora.models.spec import Spec

if TYPE_CHECKING:
    from transformers import DynamicCache, PreTrainedModel

Past = list[tuple[torch.Tensor, torch.Tensor]]
"""Keys and values of each layer, [1, heads, tokens, head size]."""

ATTENTION_ONLY = frozenset(("full_attention", "sliding_attention"))
"""Layer types whose cache can be cut off at any token; other layers carry a state from token to token."""


class PromptCache:
    """KV cache of the most recently used prompts, at most `max_tokens` tokens."""

    def __init__(self, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        self._entries: list[tuple[list[int], Past]] = []
        self.read_tokens = 0
        """Number of tokens that went through the network."""

    def read(self, network: PreTrainedModel, ids: Sequence[int]) -> Past:
        """Return keys and values of `ids`; the longest prefix shared with a cached prompt is not read again."""
        ids = list(ids)
        shared = [common_length(ids, entry) for entry, _ in self._entries]
        length, best = max(zip(shared, range(len(shared)), strict=True), default=(0, 0))
        past = [(key[:, :, :length], value[:, :, :length]) for key, value in self._entries[best][1]] if length else []
        if length == len(ids):
            self._entries.append(self._entries.pop(best) if length else (ids, past))
            return past
        past = _extend(network, past, ids[length:])
        self.read_tokens += len(ids) - length
        # entries that are a prefix of the new one are no longer needed
        self._entries = [e for e, common in zip(self._entries, shared, strict=True) if common < len(e[0])]
        self._entries.append((ids, past))
        while len(self._entries) > 1 and sum(len(entry) for entry, _ in self._entries) > self._max_tokens:
            del self._entries[0]
        return past


def _extend(network: PreTrainedModel, past: Past, ids: list[int]) -> Past:
    """Return `past` followed by the keys and values of `ids`."""
    from transformers import DynamicCache

    # layers of full length, also for sliding windows, which the attention mask handles
    cache: Any = DynamicCache(past)
    network(input_ids=torch.tensor([ids], device=network.device), past_key_values=cache, logits_to_keep=1)
    return [(layer.keys, layer.values) for layer in cache.layers]


def pad_left(pasts: Sequence[Past]) -> DynamicCache | None:
    """Return one cache for a batch, left-padded with zeros; None if all are empty."""
    from transformers import DynamicCache

    longest = max((past[0][0].shape[2] for past in pasts if past), default=0)
    if not longest:
        return None
    layers = next(past for past in pasts if past)

    def padded(layer: int, part: int) -> torch.Tensor:
        states = [past[layer][part] if past else layers[layer][part][:, :, :0] for past in pasts]
        return torch.cat([torch.nn.functional.pad(state, (0, 0, longest - state.shape[2], 0)) for state in states])

    return DynamicCache([(padded(layer, 0), padded(layer, 1)) for layer in range(len(layers))])


class _BaseNetwork:
    """Network that several models may share. PEFT wraps it once one of them has an activated adapter."""

    def __init__(self, network: PreTrainedModel, cache_tokens: int) -> None:
        self.network: Any = network
        self.prompts = PromptCache(cache_tokens)
        self.adapters: dict[str, str] = {}
        self.lock = RLock()

    def add(self, adapter: str) -> str:
        """Attach an adapter unless it is attached, and return its name."""
        key = str(adapter_folder(adapter).resolve())
        if key not in self.adapters:
            name = f"adapter-{len(self.adapters)}"
            self.network, self.adapters[key] = attach_adapter(self.network, adapter, name), name
        return self.adapters[key]


_BASES: weakref.WeakValueDictionary[tuple[str, ...], _BaseNetwork] = weakref.WeakValueDictionary()


class SharedNetwork(NamedTuple):
    """Network with one of its adapters, or none. `invocation`: tokens that activate the adapter."""

    base: _BaseNetwork
    adapter: str = ""
    invocation: tuple[int, ...] = ()

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Yield the network without adapters, to read a prompt."""
        with self.base.lock:
            if not self.base.adapters:
                yield self.base.network
                return
            with self.base.network.disable_adapter():
                yield self.base.network.get_base_model()

    @contextmanager
    def answering(self) -> Iterator[Any]:
        """Yield the network with its adapter, if it has one; models that share it take turns."""
        with self.base.lock, nullcontext() if self.adapter else self.reading() as base:
            if self.adapter:
                self.base.network.set_adapter(self.adapter)
            yield base or self.base.network


def share_network(spec: Spec, load: Callable[[Spec], PreTrainedModel], key: str, cache_tokens: int) -> SharedNetwork:
    """Return the network of a spec, loaded by `load` and shared by specs with the same base model and `key`.

    A plain adapter is merged into a network of its own.
    """
    invocation = read_invocation(spec)
    if spec.adapter and invocation is None:
        return SharedNetwork(_BaseNetwork(load(spec), cache_tokens))
    identity = (spec.kind, spec.name, key)
    base = _BASES.get(identity)
    if base is None:
        base = _BASES[identity] = _BaseNetwork(load(spec._replace(adapter="")), cache_tokens)
    if not invocation:
        return SharedNetwork(base)
    return SharedNetwork(base, base.add(spec.adapter), tuple(invocation))


def can_cache(network: PreTrainedModel) -> bool:
    """Return True for a network of attention layers only; others have a state that cannot be cut off at a token."""
    layers = getattr(network.config.get_text_config(), "layer_types", None)
    return set(layers or ()) <= ATTENTION_ONLY and not network._is_stateful
