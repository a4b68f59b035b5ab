"""Terms by which words are compared; passages, questions and scores share them.

terms("Штрафы за 10 000,5 м²", "ru")      # ['штраф', 'за', '10000.5', 'м']
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from opora.text.language_pack import LanguagePack, language_pack
from opora.text.resources import language_lines
from opora.text.words import fold, normalize_case, normalize_number, words

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer
    from snowballstemmer.basestemmer import BaseStemmer


MIN_READING = 0.1
"""Probability from which a reading of a word is a likely one."""


def terms(text: str, language: str) -> list[str]:
    """Return one term per word of `text`, in order: the stem of the lemma of a Russian word, the stem of another word,
    a number in one spelling; all in lower case with ё as е. Latin words inside Russian text are stemmed as English."""
    return [
        normalize_number(word.text, language) if word.is_number else term(word.text, language) for word in words(text)
    ]


@functools.cache
def stop_terms(language: str) -> frozenset[str]:
    """Return the terms of `languages/LANGUAGE/stop_words.txt`; none for a language without it."""
    return frozenset(terms(" ".join(language_lines(language, "stop_words.txt")), language))


@functools.lru_cache(maxsize=500_000)
def term(word: str, language: str) -> str:
    """Return the term of one word, by the language whose letters it has."""
    folded = fold(word)
    pack = next(pack for letters, pack in _packs(language) if not letters or letters.fullmatch(folded))
    return _stem(lemma(word) if pack.lemmatizer else folded, pack.stemmer)


@functools.lru_cache(maxsize=500_000)
def lemma(word: str) -> str:
    """Return the likeliest lemma of a Russian word (pymorphy3), in lower case with ё as е."""
    return fold(normal_form(normalize_case(word)))


def normal_form(word: str) -> str:
    """Return the lemma of a word in lower case as `MorphAnalyzer.parse` returns it, three times as fast: parses are
    scored only where their normal forms differ, and only by the dictionary.

    It reads private parts of pymorphy3 (`dictionary`, `char_substitutes`, `prob_estimator`), so `pyproject.toml` pins
    pymorphy3 below 3; `tests/text/test_terms.py` compares it with the public call.
    """
    analyzer = russian_analyzer()
    dictionary = analyzer.dictionary
    forms: list[str] = []
    parses: list[tuple[int, int]] = []
    for spelling, entries in dictionary.words.similar_items(word, analyzer.char_substitutes):
        for paradigm, index in entries:
            parses.append((paradigm, index))
            forms.append(dictionary.build_normal_form(paradigm, index, spelling))
    if not forms:  # not in the dictionary: pymorphy3 predicts by the ending
        return str(analyzer.parse(word)[0].normal_form)
    if forms.count(forms[0]) == len(forms):
        return forms[0]
    probability = analyzer.prob_estimator.p_t_given_w.prob
    weights = [probability(word, dictionary.build_tag_info(*parse)) for parse in parses]
    return forms[weights.index(max(weights))]


@functools.lru_cache(maxsize=50_000)
def is_finite_verb(word: str) -> bool:
    """Return True if all likely readings of a Russian word in lower case are finite verbs."""
    if not ("а" <= word[:1] <= "я"):
        return False
    likely = [parse.tag.grammemes for parse in russian_analyzer().parse(word) if parse.score > MIN_READING]
    return bool(likely) and all("VERB" in tags and "infn" not in tags for tags in likely)


@functools.cache
def _packs(language: str) -> list[tuple[re.Pattern[str] | None, LanguagePack]]:
    """Return the packs whose words have letters of their own, with the pattern of these, then one for every other word.
    A text has words of its language and of those that it mixes with."""
    packs = [language_pack(code) for code in (language, *language_pack(language).mixes_with)]
    with_letters = [(re.compile(pack.letters), pack) for pack in packs if pack.letters]
    return [*with_letters, (None, next((pack for pack in packs if not pack.letters), packs[0]))]


@functools.lru_cache(maxsize=200_000)
def _stem(word: str, stemmer: str) -> str:
    return str(_stemmer(stemmer).stemWord(word)) if stemmer else word


@functools.cache
def _stemmer(name: str) -> BaseStemmer:
    from snowballstemmer import stemmer

    return stemmer(name)


@functools.cache
def russian_analyzer() -> MorphAnalyzer:
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer()
