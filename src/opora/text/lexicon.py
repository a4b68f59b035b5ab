"""Word lists that search terms are built with: abbreviations, words before references, norms, months.

A language has the lists of the languages that it mixes with, then its own. One without a folder has months, norms,
conjunctions and ordinals of all languages, and no abbreviations or references.

    lexicon("ru").abbreviations["руб"]      # ('рубль',)
    lexicon("en").references["art."]        # 'article'
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from opora.text.language_pack import language_pack
from opora.text.resources import language_lines, languages
from opora.text.words import fold


class Lexicon(NamedTuple):
    """Word lists of one language; all keys are folded."""

    abbreviations: dict[str, tuple[str, ...]]  # abbreviation, with the point if it needs one -> full words
    references: dict[str, str]  # word before the number of a place in a document, or its abbreviation -> that word
    norms: dict[str, str]  # kind of norms, or a part of the name of a code of law -> its first spelling
    months: dict[str, int]  # form of the name of a month -> its number
    conjunctions: frozenset[str]
    date_prepositions: frozenset[str]
    ordinal: re.Pattern[str]  # digits with the ending of an ordinal, or joined to a word: `5-го`, `20-летний`
    day: re.Pattern[str]  # day of a month, also as an ordinal; group 1 holds its digits
    spaced: re.Pattern[str]  # first half of an abbreviation with a blank inside, as in `т. е.`, with the blank
    spaced_starts: frozenset[str]  # pieces that such an abbreviation may start with


@functools.cache
def lexicon(language: str) -> Lexicon:
    """Return the word lists of a language."""
    # the lists of the language itself come last, to override
    own = (*language_pack(language).mixes_with, language) if language in languages() else ()
    shared = own or languages()
    packs = [language_pack(code) for code in shared]
    abbreviations = {key: tuple(words) for key, words in _entries(own, "abbreviations.txt")}
    norms = {word: word for key in abbreviations if " " in key for word in key.split()}
    norms |= {name: line.split()[0] for line, _ in _entries(shared, "norms.txt") for name in line.split()}
    endings = dict.fromkeys(ending for pack in packs for ending in pack.ordinals)
    day_endings = dict.fromkeys(ending for pack in packs for ending in pack.day_endings)
    letters = {first: second for pack in packs for first, second in pack.spaced_abbreviations.items()}
    spaced = [rf"\b(?:{first}|{first.upper()})\.\s+(?=[{second}]\.)" for first, second in letters.items()]
    return Lexicon(
        abbreviations=abbreviations,
        references={word: key for key, words in _entries(own, "references.txt") for word in (key, *words)},
        norms=norms,
        months={name: int(key) for key, names in _entries(shared, "months.txt") for name in names},
        conjunctions=frozenset(word for pack in packs for word in pack.conjunctions),
        date_prepositions=frozenset(word for pack in packs for word in pack.date_prepositions),
        ordinal=re.compile(rf"\d+-?(?:{'|'.join([*endings, '[a-zа-яё]{4,}.*'])})"),
        day=re.compile(rf"(\d\d?)(?:-?(?:{'|'.join(day_endings)}))?"),
        spaced=re.compile("|".join(spaced) or r"(?!)"),
        spaced_starts=frozenset(f"{start}." for first in letters for start in (first, first.upper(), f"({first}")),
    )


def _entries(codes: Iterable[str], name: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the lines `KEY: WORD WORD` of the word lists of languages."""
    for line in (line for code in codes for line in language_lines(code, name)):
        key, _, words = fold(line).partition(":")
        yield key, words.split()
