"""The terms that passages are found by: one function for passages and for questions.

In: a text and its language. Out: the terms of its words without stop words, an abbreviation as its full words, and one
term for each unit: a norm, a code, a reference, a date, a run of abbreviations.

    search_terms("Штраф по ст. 1259 ГК РФ", "ru")
    # ['штраф', 'стат', '1259', 'гк', 'российск', 'федерац',
    #  'статья_1259', 'статья_1259_гк', 'гк_рф', 'гражданск', 'кодекс']
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection

from opora.text.entities.entities import edgeless, joined_units, kind, own_units
from opora.text.terms.lexicon import LANGUAGES, tables
from opora.text.terms.stems import term
from opora.text.terms.stopwords import stop_terms
from opora.text.words import SPACES, Word, fold, normalize_number, words

MAX_PIECES = 1_000_000
"""Pieces kept per language, under 500 MB with what they were made from; beyond that they are learnt anew."""
MAX_PIECE_CHARS = 64
"""Longer pieces are not kept."""
MAX_TERM_CHARS = 100
"""Longer terms are cut."""

_THOUSANDS = re.compile(rf"(?<!\w)[+\-−]?\d{{1,3}}(?:[{SPACES}]\d{{3}})+(?!\w)")
_SPACED = re.compile(r"\b([тТ])\.\s+(?=[декнопч]\.)")
_GLUED = re.compile(r"((?:[^\W\d_]\.|[§№]))(?=\d)")
_PLAIN = re.compile("[A-Za-zА-Яа-яЁё]+")
_CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]+")
"""Chinese, Japanese and Korean letters, which are indexed in pairs, as Lucene's CJKAnalyzer does."""


def search_terms(text: str, language: str) -> list[str]:
    """The terms of `text`: those of its words in order, repeats kept, then those of its units. None is empty or holds
    white space."""
    pieces = text.split()
    if not pieces:
        return []
    if len(pieces) > 4 and text.isupper():
        text = text.lower()
        pieces = text.split()
    known = _known(language)
    found, kinds = zip(*map(known.__getitem__, pieces), strict=True)
    shape = "".join(kinds)
    if "X" in shape or "NN" in shape or "Nn" in shape:
        pieces = _rewrite(text).split()
        found, kinds = zip(*map(known.__getitem__, pieces), strict=True)
        shape = "".join(kinds)
    terms = " ".join(found).split()
    units = joined_units(pieces, found, shape, language)
    return terms + units + _full_names(units, language) if units else terms


def spellings(text: str, language: str, wanted: Collection[str]) -> dict[str, str]:
    """How `text` spells each term of `wanted` where it stands first, in lower case; only terms of single words."""
    known = _known(language)
    found: dict[str, str] = {}
    for piece in text.split():
        if (each := known[piece][0]) in wanted and each not in found:
            found[each] = edgeless(piece).strip(".").lower()
    return found


def _rewrite(text: str) -> str:
    """`text` with a blank after the point in `ст.5`, and none in `10 000` and in `т. е.`."""
    text = _GLUED.sub(r"\1 ", _SPACED.sub(r"\1.", text))
    return _THOUSANDS.sub(lambda match: "".join(match.group().split()), text)


class _Known(dict[str, tuple[str, str]]):
    """A piece -> its terms, blanks between them, and its kind; remembered."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __missing__(self, piece: str) -> tuple[str, str]:
        terms = " ".join(_terms_of(piece, self.language))
        value = terms, kind(piece, terms, self.language)
        if len(piece) <= MAX_PIECE_CHARS:
            if len(self) >= MAX_PIECES:
                self.clear()
            self[piece] = value
        return value


_known = functools.cache(_Known)


def _terms_of(piece: str, language: str) -> list[str]:
    """The terms of one piece, and the units that it is by itself."""
    if _PLAIN.fullmatch(piece):  # most pieces; the general way comes to the same, slower
        return _terms_of_word(piece, Word(0, len(piece), piece), language)
    full = _full_words(edgeless(piece), language)
    if full is not None:
        return [term(word, language) for word in full]
    found = [each for word in words(piece) for each in _terms_of_word(piece, word, language)]
    return found + own_units(piece, language)


def _terms_of_word(piece: str, word: Word, language: str) -> list[str]:
    text = word.text[:MAX_TERM_CHARS]
    if word.is_number:
        return [normalize_number(text, language)]
    full = _full_words(f"{text}." if piece.startswith(".", word.end) else text, language)
    if full is not None:
        return [term(each, language) for each in full]
    if _CJK.search(word.text):
        return _pairs(word.text, language)
    found = term(text, language)
    stop = found in _stop_terms(language) and not (text.isupper() and 1 < len(text) < 4)
    return [] if stop else [found]


def _pairs(text: str, language: str) -> list[str]:
    """Every two letters of Chinese, Japanese and Korean; the words of other letters."""
    found: list[str] = []
    for run in re.findall(rf"{_CJK.pattern}|(?:(?!{_CJK.pattern}).)+", text):
        pairs = [run[at : at + 2] for at in range(max(1, len(run) - 1))]
        found += pairs if _CJK.match(run) else [term(run[:MAX_TERM_CHARS], language)]
    return found


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
