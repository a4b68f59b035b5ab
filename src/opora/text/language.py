"""Detection of the language of a text, as an ISO 639-1 code.

detect_language("срок хранения", among={"ru", "en"})              # 'ru'
detect_language("Как настроить git rebase?", among={"ru", "en"})  # 'ru'
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import TYPE_CHECKING

from opora.text.language_pack import DEFAULT_LANGUAGE, language_pack
from opora.text.words import word_texts

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

NO_LANGUAGE = "zxx"
"""Code that py3langid gives to codes and numbers."""
MAX_SAMPLE_CHARS = 4000
"""A language shows in fewer characters; the time of py3langid grows with the length."""
CYRILLIC_SHARE = 0.4
"""Minimum share of Cyrillic words: Russian sentences have many foreign names and commands, others few Russian ones."""


def detect_language(text: str, among: Collection[str] = ()) -> str:
    """Return the likeliest language of `text`, one of `among` unless that is empty. Without letters in `text`: the
    first of `among`, or English."""
    text_words = [word for word in word_texts(text[:MAX_SAMPLE_CHARS]) if word[0].isalpha()]
    candidates = sorted(among)
    if not text_words:
        return candidates[0] if candidates else DEFAULT_LANGUAGE
    cyrillic = _is_cyrillic(text_words)
    in_script = [code for code in candidates if uses_cyrillic(code) == cyrillic] or candidates
    if len(in_script) == 1:
        return in_script[0]
    sample = " ".join(word for word in text_words if _starts_cyrillic(word) == cyrillic)
    ranking = [str(code) for code, _ in _identifier().rank(sample)]
    possible = in_script or [code for code in ranking if uses_cyrillic(code) == cyrillic and code != NO_LANGUAGE]
    return next((code for code in ranking if code in possible), possible[0])


def uses_cyrillic(language: str) -> bool:
    """Return true if a language is written in Cyrillic."""
    return language_pack(language).script == "cyrillic"


def _is_cyrillic(text_words: list[str]) -> bool:
    # words with a capital, except for the first, are names or codes
    telling = text_words[:1] + [word for word in text_words[1:] if word[0].islower()]
    return sum(map(_starts_cyrillic, telling)) >= CYRILLIC_SHARE * len(telling)


def _starts_cyrillic(word: str) -> bool:
    return "\u0400" <= word[0] <= "\u04ff"


@functools.cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)
