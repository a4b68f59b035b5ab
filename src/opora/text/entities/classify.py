"""Kind of a piece of text.

In: a piece, the terms of its words, a language. Out: its `PieceKind`.

    piece_kind("RTX-4090", "rtx 4090", "en")      # PieceKind.CODE
"""

from __future__ import annotations

import functools
import re

from opora.text.entities.codes import CODE, NUMBER
from opora.text.entities.pieces import CLOSING, LETTER, MAX_ENTITY_CHARS, PieceKind, core
from opora.text.entities.references import reference_terms, reference_word
from opora.text.language_pack import language_pack
from opora.text.lexicon import lexicon
from opora.text.words import fold

MAX_ABBREVIATION_CHARS = 8
MAX_FOREIGN_NAME_CHARS = 12
MAX_SHORT_MONTH_CHARS = 4

NUMBER_SIGNS = ("№", "#", "N", "No", "no", "№№")
_CYRILLIC_WORD = re.compile("[а-яё]+")
_GLUED = re.compile(rf"\W*(?:{LETTER}+\.|§+|№)(?=\d)")
_CAPITALS = re.compile(rf"{LETTER}+(?:[-/]{LETTER}+)*")
_LAST = {
    PieceKind.NUMBER: PieceKind.LAST_NUMBER,
    PieceKind.CODE: PieceKind.LAST_CODE,
    PieceKind.ABBREVIATION: PieceKind.LAST_ABBREVIATION,
    PieceKind.MONTH: PieceKind.LAST_MONTH,
}


def piece_kind(piece: str, terms: str, language: str) -> PieceKind:
    """Return the kind of a piece; `terms` are the terms of its words, with blanks between them."""
    if _CYRILLIC_WORD.fullmatch(piece):  # fast path for most pieces of Russian text, with the same result
        kind = _kinds_of_words(language).get(fold(piece), PieceKind.WORD)
        return PieceKind.REFERENCE if terms in reference_terms(language) else kind
    if _GLUED.match(piece) or piece in lexicon(language).spaced_starts:
        return PieceKind.SPLIT
    if len(piece) > MAX_ENTITY_CHARS:
        return PieceKind.WORD
    if reference_word(piece, terms, language):
        return PieceKind.REFERENCE
    inner = core(piece)
    kind = _kind_of_core(inner, fold(inner), language)
    if kind == PieceKind.MONTH and piece[-1] == "." and len(inner) <= MAX_SHORT_MONTH_CHARS:  # `Mar.`
        return kind
    return _LAST.get(kind, kind) if piece[-1] in CLOSING else kind


def _kind_of_core(inner: str, folded: str, language: str) -> PieceKind:
    if NUMBER.fullmatch(inner):
        return PieceKind.NUMBER
    if inner in NUMBER_SIGNS:
        return PieceKind.NUMBER_SIGN
    if folded in _kinds_of_words(language):
        return _kinds_of_words(language)[folded]
    if len(inner) == 1:
        return PieceKind.CAPITAL if inner.isupper() else PieceKind.WORD
    if CODE.fullmatch(inner):
        return PieceKind.CODE
    if _CAPITALS.fullmatch(inner):
        capitals = sum(map(str.isupper, inner))
        if capitals > 1 and len(inner) <= MAX_ABBREVIATION_CHARS and 2 * capitals >= len(inner):
            return PieceKind.ABBREVIATION
        if language_pack(language).letters and folded.isascii() and len(folded) <= MAX_FOREIGN_NAME_CHARS:
            return PieceKind.FOREIGN_NAME
    return PieceKind.WORD


@functools.cache
def _kinds_of_words(language: str) -> dict[str, PieceKind]:
    lists = lexicon(language)
    kinds = dict.fromkeys(lists.norms, PieceKind.ABBREVIATION)
    kinds |= dict.fromkeys(lists.months, PieceKind.MONTH)
    return kinds | dict.fromkeys(lists.conjunctions, PieceKind.CONJUNCTION)
