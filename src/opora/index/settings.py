"""Settings of the index."""

from __future__ import annotations

from typing import Literal

from opora.records import Fraction, NonNegativeInt, PositiveInt, Settings

Retriever = Literal["hybrid", "words", "meaning"]
"""How passages are found: by words (BM25), by meaning (vectors), or by both."""


class IndexSettings(Settings):
    """How passages are indexed and found."""

    heading_weight: NonNegativeInt = 1
    """How often the words of title and headings count beside those of the passage."""
    dense_weight: Fraction = 0.2
    """Share of the dense score in the fused one, the lexical score having the rest; Russian passages only."""
    components: NonNegativeInt = 8
    """Common directions that are removed from the dense vectors, at most one for ten passages."""
    depth: PositiveInt = 50
    """Passages that each kind of search hands to the fusion, or twice as many as are asked for if that is more."""
