"""The terms that passages are found by: one function for passages and for questions.

In: a text and its language. Out: the terms of its words without stop words, an abbreviation as its full words, and one
term for each unit: a norm, a code, a reference, a date, a run of abbreviations.

    search_terms("Штраф по ст. 1259 ГК РФ", "ru")
    # ['штраф', 'стат', '1259', 'гк', 'российск', 'федерац', 'статья_1259', 'статья_1259_гк_рф', 'гк_рф', ...]
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

from opora.text.stopwords import stop_terms
from opora.text.tables import LANGUAGES, tables
from opora.text.terms import term
from opora.text.units import edgeless, joined_units, kind, own_units
from opora.text.words import SPACES, Word, fold, normalize_number, words

MAX_PIECES = 400_000
"""Pieces kept per language, about 100 MB; beyond that they are forgotten and learnt anew."""
MAX_PIECE_CHARS = 64
"""Longer pieces are not kept."""
MAX_TERM_CHARS = 100
"""Longer terms are cut."""

_THOUSANDS = re.compile(rf"(?<!\w)[+\-−]?\d{{1,3}}(?:[{SPACES}]\d{{3}})+(?!\w)")
_SPACED = re.compile(r"\b([ти])\.\s+(?=[абвдекнопт]\.)", re.IGNORECASE)
_GLUED = re.compile(r"((?:[^\W\d_]\.|[§№]))(?=\d)")


def search_terms(text: str, language: str) -> list[str]:
    """The terms of `text`: those of its words in order, repeats kept, then those of its units. None is empty or holds
    white space."""
    memory = _memory(language)
    if ". " in text:
        text = _SPACED.sub(r"\1.", text)
    pieces = text.split()
    if len(pieces) > 4 and text.isupper():
        pieces = text.lower().split()
    kinds = "".join(map(memory.kinds.__getitem__, pieces))
    if "X" in kinds or "NN" in kinds or "Nn" in kinds:
        pieces = _THOUSANDS.sub(lambda match: "".join(match.group().split()), _GLUED.sub(r"\1 ", text)).split()
        kinds = "".join(map(memory.kinds.__getitem__, pieces))
    found = " ".join(map(memory.terms.__getitem__, pieces)).split()
    units = joined_units(pieces, kinds, language)
    return found + units + _full_names(units, language) if units else found


class _Known(dict[str, str]):
    """What `compute` returns for a piece, remembered."""

    def __init__(self, compute: Callable[[str], str]) -> None:
        self.compute = compute

    def __missing__(self, piece: str) -> str:
        value = self.compute(piece)
        if len(piece) <= MAX_PIECE_CHARS:
            if len(self) >= MAX_PIECES:
                self.clear()
            self[piece] = value
        return value


class _Memory(NamedTuple):
    terms: _Known
    """A piece -> its terms with blanks between them: a string takes a third of the memory of a list."""
    kinds: _Known


@functools.cache
def _memory(language: str) -> _Memory:
    return _Memory(
        _Known(lambda piece: " ".join(_terms_of(piece, language))), _Known(lambda piece: kind(piece, language))
    )


def _terms_of(piece: str, language: str) -> list[str]:
    """The terms of one piece, and the units that it is by itself."""
    full = _full_words(edgeless(piece), language)
    if full is not None:
        return [term(word, language) for word in full]
    return [each for word in words(piece) for each in _terms_of_word(piece, word, language)] + own_units(
        piece, language
    )


def _terms_of_word(piece: str, word: Word, language: str) -> list[str]:
    text = word.text[:MAX_TERM_CHARS]
    if word.is_number:
        return [normalize_number(text, language)]
    full = _full_words(f"{text}." if piece.startswith(".", word.end) else text, language)
    if full is not None:
        return [term(each, language) for each in full]
    found = term(text, language)
    stop = found in _stop_terms(language) and not (text.isupper() and 1 < len(text) < 4)
    return [] if stop else [found]


def _full_words(written: str, language: str) -> tuple[str, ...] | None:
    """What an abbreviation stands for, None if it is none."""
    if len(written.rstrip(".")) == 1 and written[0].isupper():  # an initial
        return None
    table = tables(language).abbreviations
    key = fold(written).replace("ё", "е")
    return table.get(key, table.get(key.removesuffix(".")))


def _full_names(units: list[str], language: str) -> list[str]:
    """The terms of the names that runs of abbreviations stand for."""
    table = tables(language).abbreviations
    return [term(word, language) for unit in units for word in table.get(unit.replace("_", " "), ())]


@functools.cache
def _stop_terms(language: str) -> frozenset[str]:
    return frozenset().union(*map(stop_terms, LANGUAGES)) if language in LANGUAGES else frozenset()
