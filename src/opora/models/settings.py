"""Settings of language models: how to generate, where to run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opora.validation import NonNegativeInt, PositiveInt, Settings


class ModelSettings(Settings):
    """How a model is run. Temperature 0 is greedy decoding; `seed` matters above it."""

    max_new_tokens: PositiveInt = 160
    temperature: Annotated[float, Field(ge=0.0)] = 0.0
    seed: NonNegativeInt = 0
    batch_size: PositiveInt = 8
    """Chats that transformers generates together; CTranslate2 takes as many at a time as there are threads."""
    prompt_cache_tokens: NonNegativeInt = 8192
    """Tokens of prompts whose keys transformers keeps, so that what a prompt begins with as an earlier one did is not
    read again, by the model nor by its activated adapters; 0: none."""
    backend: Literal["auto", "transformers", "ctranslate2"] = "auto"
    """Of a local model. `auto`: CTranslate2 on a CPU where it knows the architecture, transformers elsewhere."""
    quantization: Literal["float32", "int8"] = "float32"
    """Of CTranslate2's weights. int8 is faster and takes a quarter of the memory, but a small model then writes other
    answers (`python benchmarks/generation.py`)."""
    device: str = "auto"
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    """Of one request to a server."""
    retries: NonNegativeInt = 4
    concurrency: PositiveInt = 8
    """Requests under way at a server at once."""
