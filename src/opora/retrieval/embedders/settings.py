"""Settings of embedders that run a neural model or call a server."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from opora.validation import NonNegativeInt, PositiveInt, Settings


class EmbeddingSettings(Settings):
    """Settings of `hf:`, `train/` and `openai:` embedders. They change no vector beyond rounding."""

    batch_size: PositiveInt = 32
    """Texts that a local model embeds at once, or texts per request to a server."""
    device: str = "auto"
    """Device of a local model: `cpu`, `cuda`, `cuda:1` or `mps`; `auto` takes an accelerator if there is one."""
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    """Time limit of a request to a server, in seconds."""
    retries: NonNegativeInt = 4
    """Further attempts of a request to a server that is busy or fails."""
    concurrency: PositiveInt = 8
    """Maximum number of parallel requests to a server."""
