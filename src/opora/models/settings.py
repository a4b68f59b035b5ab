"""Settings of language models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from opora.models.spec import BACKENDS
from opora.validation import NonNegativeInt, PositiveInt, Settings


class ModelSettings(Settings):
    """Settings of a language model: generation, local backend, server."""

    max_new_tokens: PositiveInt = 160
    """Maximum length of an answer in tokens."""
    temperature: Annotated[float, Field(ge=0.0)] = 0.0
    """Sampling temperature; 0 is greedy decoding."""
    seed: NonNegativeInt = 0
    """Random seed of sampling; without effect at temperature 0."""
    batch_size: PositiveInt = 8
    """Chats that transformers generates at once. CTranslate2 runs one chat per thread."""
    prompt_cache_tokens: NonNegativeInt = 8192
    """Size of the prompt KV cache in tokens; 0 disables it. Prompts with a common prefix read it once."""
    backend: str = "auto"
    """Backend of a local model. `auto`: CTranslate2 on a CPU if it supports the architecture, else transformers."""
    quantization: Literal["float32", "int8"] = "float32"
    """Number format of CTranslate2 weights. int8 is faster in a quarter of the memory, but small models then give
    different answers."""
    device: str = "auto"
    """Device of a local model: `cpu`, `cuda`, `cuda:1` or `mps`; `auto` takes an accelerator if there is one."""
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    """Maximum silence of a server during a request, in seconds."""
    retries: NonNegativeInt = 4
    """Further attempts of a request to a server that is busy or fails."""
    concurrency: PositiveInt = 8
    """Maximum number of parallel requests to a server."""

    @field_validator("backend")
    @classmethod
    def _check_backend(cls, name: str) -> str:
        if name not in ("auto", *BACKENDS):
            raise ValueError(f"use auto, {', '.join(BACKENDS)}")
        return name
