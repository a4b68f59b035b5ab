"""Terms by which words are compared; passages, questions and scores share them.

In: a text and its language. Out: one term per word: the stem of the lemma of a Russian word, the stem of a word of
another language, a number in one spelling; all in lower case with ё as е.

    terms("Штрафы за 10 000,5 м²", "ru")      # ['штраф', 'за', '10000.5', 'м']
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from opora.text.language_pack import LanguagePack, language_pack
from opora.text.terms.lemmas import normal_form
from opora.text.words import fold, normalize_case, normalize_number, words

if TYPE_CHECKING:
    from snowballstemmer.basestemmer import BaseStemmer


def terms(text: str, language: str) -> list[str]:
    """Return the terms of `text` in order, with repeats. A word in the script of another language follows the rules of
    that language: Latin words inside Russian text are stemmed as English."""
    return [
        normalize_number(word.text, language) if word.is_number else term(word.text, language) for word in words(text)
    ]


@functools.lru_cache(maxsize=500_000)
def term(word: str, language: str) -> str:
    """Return the term of one word."""
    folded = fold(word)
    by_letters, pack = _word_packs(language)
    for letters, letters_pack in by_letters:
        if letters.fullmatch(folded):
            pack = letters_pack
            break
    return _stem(lemma(word) if pack.lemmatizer else folded, pack.stemmer)


@functools.lru_cache(maxsize=500_000)
def lemma(word: str) -> str:
    """Return the likeliest lemma of a Russian word (pymorphy3), in lower case with ё as е."""
    return fold(normal_form(normalize_case(word)))


@functools.cache
def _word_packs(language: str) -> tuple[list[tuple[re.Pattern[str], LanguagePack]], LanguagePack]:
    """Return the packs whose words have letters of their own, with the pattern of these, and the pack of every other
    word. A text has words of its language and of those that it mixes with."""
    packs = [language_pack(code) for code in (language, *language_pack(language).mixes_with)]
    by_letters = [(re.compile(pack.letters), pack) for pack in packs if pack.letters]
    return by_letters, next((pack for pack in packs if not pack.letters), packs[0])


@functools.lru_cache(maxsize=200_000)
def _stem(word: str, stemmer: str) -> str:
    return str(_stemmer(stemmer).stemWord(word)) if stemmer else word


@functools.cache
def _stemmer(name: str) -> BaseStemmer:
    from snowballstemmer import stemmer

    return stemmer(name)
