"""Terms that words are compared by: the same function serves passages, questions and scores.

In: a text and its language. Out: one term a word: a Russian word as the stem of its lemma, a word of another language
as its stem, a number in one spelling, everything in lower case with ё as е.

    terms("Штрафы за 10 000,5 м²", "ru")      # ['штраф', 'за', '10000.5', 'м']
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from opora.text.terms.lemmas import normal_form
from opora.text.words import fold, normalize_number, words

if TYPE_CHECKING:
    from snowballstemmer.basestemmer import BaseStemmer

STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian",
    "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch",
    "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""ISO 639-1 code -> Snowball algorithm. A language without one is compared by lower-case words."""

_RUSSIAN_WORD = re.compile(r"[а-я']+")


def terms(text: str, language: str) -> list[str]:
    """The terms of `text` in order, repeats kept. A word in another script than the language's is taken as what it is:
    Latin words inside Russian text are stemmed as English."""
    return [
        normalize_number(word.text, language) if word.is_number else term(word.text, language) for word in words(text)
    ]


@functools.lru_cache(maxsize=500_000)
def term(word: str, language: str) -> str:
    """The term of one word."""
    folded = fold(word).replace("ё", "е")
    if _RUSSIAN_WORD.fullmatch(folded) and language not in ("uk", "be", "bg", "mk", "sr"):
        return _stem(lemma(word), "ru")
    return _stem(folded, "en" if language == "ru" else language)


@functools.lru_cache(maxsize=500_000)
def lemma(word: str) -> str:
    """The dictionary form of a Russian word, the likeliest one (pymorphy3), lower-case, ё as е."""
    return normal_form(fold(word)).replace("ё", "е")


@functools.lru_cache(maxsize=200_000)
def _stem(word: str, language: str) -> str:
    stemmer = _stemmer(language)
    return str(stemmer.stemWord(word)) if stemmer else word


@functools.cache
def _stemmer(language: str) -> BaseStemmer | None:
    from snowballstemmer import stemmer

    name = STEMMERS.get(language)
    return stemmer(name) if name else None
