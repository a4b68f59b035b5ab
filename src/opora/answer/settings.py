"""Settings of answering."""

from __future__ import annotations

from opora.models.settings import ModelSettings
from opora.validation import Fraction, PositiveInt, Settings


class AskSettings(Settings):
    """How a question is answered."""

    model: str = "extractive"
    top_k: PositiveInt = 4
    """Passages that an answer is made from."""
    threshold: Fraction = 0.45
    """`extractive` refuses when the best sentence supports less of the question than this; `opora bench threshold`
    measures it on labelled questions."""
    max_sentences: PositiveInt = 2
    """Sentences that `extractive` quotes at most."""
    generation: ModelSettings = ModelSettings()
