"""Which language a text is in.

In: a text, and the languages that it can be in if that is known. Out: an ISO 639-1 code.

    detect_language("срок хранения", among={"ru", "en"})              # 'ru'
    detect_language("Как настроить git rebase?", among={"ru", "en"})  # 'ru'
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import TYPE_CHECKING

from opora.text.words import words

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

CYRILLIC = frozenset(("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg", "tt", "ba"))
NO_LANGUAGE = "zxx"
"""What the identifier calls codes and numbers."""
SAMPLE_CHARS = 4000
"""A language shows in less than this; the identifier's time grows with length."""
CYRILLIC_SHARE = 0.4
"""Of the words that tell; Russian sentences hold many foreign names and commands, others few Russian ones."""


def detect_language(text: str, among: Collection[str] = ()) -> str:
    """The likeliest language of `text`, of `among` if given. A text without letters: the first of `among`, or 'en'."""
    found = [word.text for word in words(text[:SAMPLE_CHARS]) if word.text[0].isalpha()]
    candidates = sorted(among)
    if not found:
        return candidates[0] if candidates else "en"
    cyrillic = is_cyrillic(found)
    in_script = [code for code in candidates if (code in CYRILLIC) == cyrillic] or candidates
    if len(in_script) == 1:
        return in_script[0]
    ranked = _ranked(" ".join(word for word in found if _begins_cyrillic(word) == cyrillic))
    possible = in_script or [code for code in ranked if (code in CYRILLIC) == cyrillic and code != NO_LANGUAGE]
    return next((code for code in ranked if code in possible), possible[0])


def is_cyrillic(found: list[str]) -> bool:
    """The script of a text by its words: the first one, and those without a capital, which are no names or codes."""
    telling = found[:1] + [word for word in found[1:] if word[0].islower()]
    return sum(map(_begins_cyrillic, telling)) >= CYRILLIC_SHARE * len(telling)


def _begins_cyrillic(word: str) -> bool:
    return "\u0400" <= word[0] <= "\u04ff"


def _ranked(text: str) -> list[str]:
    """Every language that the identifier knows, the likeliest first."""
    return [str(code) for code, _ in _identifier().rank(text)]


@functools.cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)
