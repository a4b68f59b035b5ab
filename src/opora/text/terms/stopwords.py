"""Terms that say nothing of what a text is about.

In: a language. Out: terms, as `terms` gives them; none for a language without a list.

    "what" in stop_terms("en")      # True
"""

from __future__ import annotations

import functools
from importlib import resources

from opora.text.terms.stems import terms

LANGUAGES = ("en", "ru")


@functools.cache
def stop_terms(language: str) -> frozenset[str]:
    """The terms of `stopwords.LANGUAGE.txt`."""
    if language not in LANGUAGES:
        return frozenset()
    text = resources.files(__package__).joinpath(f"stopwords.{language}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return frozenset(terms(" ".join(lines), language))
