"""Settings of rerankers that run a neural model."""

from __future__ import annotations

from opora.validation import PositiveInt, Settings


class RerankingSettings(Settings):
    """Settings of `hf:`, `llm:` and trained rerankers. They change no score beyond rounding."""

    batch_size: PositiveInt = 32
    """Passages that a cross-encoder scores at once."""
    device: str = "auto"
    """Device of the model: `cpu`, `cuda`, `cuda:1` or `mps`; `auto` takes an accelerator if there is one."""
