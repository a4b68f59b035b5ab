"""Terms of the search index, the same for passages and questions.

Terms of words without stop words, abbreviations as their full words, and one term per entity: a norm, a code, a
reference, a date, a run of abbreviations.

    search_terms("Штраф по ст. 1259 ГК РФ", "ru")
    # ['штраф', 'стат', '1259', 'гк', 'российск', 'федерац',
    #  'статья_1259', 'статья_1259_гк', 'гк_рф', 'гражданск', 'кодекс']
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection

from opora.text.entities.entities import joined_entities, piece_entities, piece_kind
from opora.text.entities.pieces import edgeless
from opora.text.language_pack import language_pack
from opora.text.lexicon import lexicon
from opora.text.resources import languages
from opora.text.terms import stop_terms, term
from opora.text.words import SPACES, Word, fold, normalize_number, words

MAX_PIECES = 1_000_000
"""Pieces cached per language, under 500 MB with their keys; a full cache is emptied."""
MAX_PIECE_CHARS = 64
"""Longer pieces are not cached."""
MAX_TERM_CHARS = 100
"""Longer terms are cut."""

_THOUSANDS = re.compile(rf"(?<!\w)[+\-−]?\d{{1,3}}(?:[{SPACES}]\d{{3}})+(?!\w)")
_GLUED = re.compile(r"([^\W\d_]\.|[§№])(?=\d)")
_SINGLE_WORD = re.compile("[A-Za-zА-Яа-яЁё]+")
_CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]+")
"""Chinese, Japanese and Korean letters, which are indexed in pairs, as Lucene's CJKAnalyzer does."""


def search_terms(text: str, language: str) -> list[str]:
    """Return the terms of `text`: those of its words in order, with repeats, then its entities. No term is empty or
    contains white space."""
    pieces, piece_terms, kinds = tagged_pieces(text, language)
    terms = " ".join(piece_terms).split()
    entities = joined_entities(pieces, piece_terms, kinds, language)
    return terms + entities + _full_names(entities, language) if entities else terms


def tagged_pieces(text: str, language: str) -> tuple[list[str], tuple[str, ...], str]:
    """Return the pieces of `text` between white space, the terms of each, and the letter of the kind of each."""
    pieces = text.split()
    if not pieces:
        return [], (), ""
    if len(pieces) > 4 and text.isupper():
        text = text.lower()
        pieces = text.split()
    piece_terms, kinds = _terms_and_kinds(pieces, language)
    if "X" in kinds or "NN" in kinds or "Nn" in kinds:
        pieces = _rewrite(text, language).split()
        piece_terms, kinds = _terms_and_kinds(pieces, language)
    return pieces, piece_terms, kinds


def spellings(text: str, language: str, terms: Collection[str]) -> dict[str, str]:
    """Return the first spelling in `text` of each of `terms`, in lower case; only of terms that are single words."""
    cache = _piece_cache(language)
    first: dict[str, str] = {}
    for piece in text.split():
        if (piece_term := cache[piece][0]) in terms and piece_term not in first:
            first[piece_term] = edgeless(piece).strip(".").lower()
    return first


def _terms_and_kinds(pieces: list[str], language: str) -> tuple[tuple[str, ...], str]:
    terms, kinds = zip(*map(_piece_cache(language).__getitem__, pieces), strict=True)
    return terms, "".join(kinds)


def _rewrite(text: str, language: str) -> str:
    """Insert a blank after the point in `ст.5`; remove those in `10 000` and in `т. е.`."""
    joined = lexicon(language).spaced.sub(lambda match: match.group().rstrip(), text)
    return _THOUSANDS.sub(lambda match: "".join(match.group().split()), _GLUED.sub(r"\1 ", joined))


class _PieceCache(dict[str, tuple[str, str]]):
    """Cache of the terms of a piece, joined by blanks, and its kind."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __missing__(self, piece: str) -> tuple[str, str]:
        terms = " ".join(_piece_terms(piece, self.language))
        value = terms, piece_kind(piece, terms, self.language)
        if len(piece) <= MAX_PIECE_CHARS:
            if len(self) >= MAX_PIECES:
                self.clear()
            self[piece] = value
        return value


@functools.cache
def _piece_cache(language: str) -> _PieceCache:
    return _PieceCache(language)


def _piece_terms(piece: str, language: str) -> list[str]:
    """Return the terms of one piece, then the entities that it is."""
    if _SINGLE_WORD.fullmatch(piece):  # fast path for most pieces, with the same result
        return _word_terms(piece, Word(0, len(piece), piece), language)
    full = _full_terms(edgeless(piece), language)
    if full is not None:
        return full
    word_terms = [word_term for word in words(piece) for word_term in _word_terms(piece, word, language)]
    return word_terms + piece_entities(piece, language)


def _word_terms(piece: str, word: Word, language: str) -> list[str]:
    text = word.text[:MAX_TERM_CHARS]
    if word.is_number:
        return [normalize_number(text, language)]
    full = _full_terms(f"{text}." if piece.startswith(".", word.end) else text, language)
    if full is not None:
        return full
    if _CJK.search(word.text):
        return _cjk_pairs(word.text, language)
    word_term = term(text, language)
    is_short_abbreviation = text.isupper() and 1 < len(text) < 4
    return [] if word_term in _stop_terms(language) and not is_short_abbreviation else [word_term]


def _cjk_pairs(text: str, language: str) -> list[str]:
    """Return every two neighbouring letters of Chinese, Japanese and Korean, and the words of other letters."""
    pairs: list[str] = []
    for run in re.findall(rf"{_CJK.pattern}|(?:(?!{_CJK.pattern}).)+", text):
        if _CJK.match(run):
            pairs += [run[start : start + 2] for start in range(max(1, len(run) - 1))]
        else:
            pairs.append(term(run[:MAX_TERM_CHARS], language))
    return pairs


def _full_terms(spelling: str, language: str) -> list[str] | None:
    """Return the terms of the full words of an abbreviation, None if it is none."""
    if len(spelling.rstrip(".")) == 1 and spelling[0].isupper():  # an initial
        return None
    abbreviations = lexicon(language).abbreviations
    key = fold(spelling)
    full = abbreviations.get(key, abbreviations.get(key.removesuffix(".")))
    return None if full is None else [term(word, language) for word in full]


def _full_names(entities: list[str], language: str) -> list[str]:
    """Return the terms of the names that runs of abbreviations stand for."""
    abbreviations = lexicon(language).abbreviations
    return [term(word, language) for entity in entities for word in abbreviations.get(entity.replace("_", " "), ())]


@functools.cache
def _stop_terms(language: str) -> frozenset[str]:
    """Return the stop words of a language and of those that it mixes with; none for a language without a folder."""
    codes = (language, *language_pack(language).mixes_with) if language in languages() else ()
    return frozenset(stop_term for code in codes for stop_term in stop_terms(code))
