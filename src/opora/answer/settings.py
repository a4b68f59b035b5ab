"""Settings of answering."""

from __future__ import annotations

from opora.models.settings import ModelSettings
from opora.validation import Fraction, PositiveInt, Settings


class AskSettings(Settings):
    """Settings of answering a question."""

    renamed = {"threshold": "min_support"}

    model: str = "extractive"
    """Model spec, such as `extractive`, `smollm2`, `hf:NAME` or `openai:MODEL@URL`."""
    top_k: PositiveInt = 4
    """Number of passages that an answer is based on."""
    min_support: Fraction = 0.45
    """Minimum support of the best sentence; below it, `extractive` refuses. `opora bench threshold` calibrates it on
    labelled questions."""
    max_sentences: PositiveInt = 2
    """Maximum number of sentences that `extractive` quotes."""
    generation: ModelSettings = ModelSettings()
    """Settings of the language model."""
