"""Terms of the stop words of a language.

In: a language. Out: terms, as `terms` returns them; none for a language without a list.

    "what" in stop_terms("en")      # True
"""

from __future__ import annotations

import functools

from opora.text.resources import language_lines
from opora.text.terms.stems import terms


@functools.cache
def stop_terms(language: str) -> frozenset[str]:
    """Return the terms of `languages/LANGUAGE/stop_words.txt`."""
    return frozenset(terms(" ".join(language_lines(language, "stop_words.txt")), language))
