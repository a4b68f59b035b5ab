"""Figures on the text of a document, and the suspicions that they raise."""

from __future__ import annotations

from collections.abc import Mapping

from opora.corpus.parsers.base import Suspicion


def measure_quality(text: str, source_text: str | None) -> dict[str, float]:
    """Return figures on `text`, by name; `source_text` is all text that the source holds."""
    return {}


def find_suspicions(quality: Mapping[str, float], format_name: str) -> list[Suspicion]:
    """Return the reasons to distrust a document with these figures."""
    return []
