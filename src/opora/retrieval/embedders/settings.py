"""Settings of embedders that run a model of their own or ask a server."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from opora.validation import NonNegativeInt, PositiveInt, Settings


class EmbedderSettings(Settings):
    """How `hf:` and `openai:` embedders are run. None of it changes a vector beyond rounding."""

    batch_size: PositiveInt = 32
    """Texts that a model embeds together, and texts of one request."""
    device: str = "auto"
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    """Of one request to a server."""
    retries: NonNegativeInt = 4
    concurrency: PositiveInt = 8
    """Requests under way at a server at once."""
