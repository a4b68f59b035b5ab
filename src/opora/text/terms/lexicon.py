"""The word tables of search terms: abbreviations, words that references begin with, norms, months.

In: a language. Out: the tables that its texts are read with; Russian texts hold English words and the other way
round, so both languages share theirs, and every other language has none but the months and the norms.

    tables("ru").abbreviations["руб"]      # ('рубль',)
    tables("en").references["art."]        # 'article'
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from importlib import resources
from typing import NamedTuple

LANGUAGES = ("ru", "en")


class Tables(NamedTuple):
    abbreviations: dict[str, tuple[str, ...]]
    """What is written -> the full words: of those with a point at the end, that point is a part."""
    references: dict[str, str]
    """A word before the number of a place in a document, or its abbreviation -> that word."""
    norms: dict[str, str]
    """A kind of norms, or a part of the name of a code of law -> its first spelling."""
    months: dict[str, int]
    """A form of a month's name -> its number."""


@functools.cache
def tables(language: str) -> Tables:
    """The tables of a language, everything in lower case with ё as е."""
    languages = sorted(LANGUAGES, key=language.__eq__) if language in LANGUAGES else ()  # its own last, to override
    abbreviations = {key: tuple(words) for each in languages for key, words in _entries(f"abbreviations.{each}.txt")}
    references = {
        spelling: key
        for each in languages
        for key, spellings in _entries(f"references.{each}.txt")
        for spelling in (key, *spellings)
    }
    norms = {word: word for key in abbreviations if " " in key for word in key.split()}
    norms |= {spelling: spellings[0] for spellings in map(str.split, _lines("norms.txt")) for spelling in spellings}
    months = {name: int(key) for key, names in _entries("months.txt") for name in names}
    return Tables(abbreviations, references, norms, months)


def _entries(name: str) -> Iterator[tuple[str, list[str]]]:
    """Lines `KEY: WORD WORD`."""
    for line in _lines(name):
        key, _, words = line.partition(":")
        yield key, words.split()


def _lines(name: str) -> list[str]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8").lower().replace("ё", "е")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
