"""Which language a text is in.

In: a text, and the languages that it can be in if that is known. Out: an ISO 639-1 code.

    detect_language("срок хранения", among={"ru", "en"})    # 'ru'
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

CYRILLIC = frozenset(("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn"))
SAMPLE_CHARS = 4000
"""A language shows in less than this; the identifier's time grows with length."""


def detect_language(text: str, among: Collection[str] = ()) -> str:
    """The likeliest language of `text`, of `among` if given. A text without letters: the first of `among`, or 'en'."""
    sample = text[:SAMPLE_CHARS]
    cyrillic = len(re.findall(r"[а-яёА-ЯЁ]", sample))
    letters = sum(map(str.isalpha, sample))
    candidates = sorted(among)
    if letters:
        is_cyrillic = cyrillic * 2 >= letters
        candidates = [code for code in candidates if (code in CYRILLIC) == is_cyrillic] or candidates
    if len(candidates) == 1 or (candidates and not letters):
        return candidates[0]
    if not letters:
        return "en"
    return _classify(sample, frozenset(candidates))


def _classify(text: str, among: frozenset[str]) -> str:
    code: str = _identifier(among).classify(text)[0]
    return code


@functools.lru_cache(maxsize=8)
def _identifier(among: frozenset[str]) -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    known = among & set(identifier.labels)
    if known:
        identifier.set_languages(list(known))
    return identifier
