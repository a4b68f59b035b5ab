"""Entities that search treats as terms, the same for every spelling: norms, codes, references, dates, abbreviations.

pieces, terms = ["ст.", "1259", "ГК", "РФ"], ["стат", "1259", "гк", "рф"]
kinds = "".join(piece_kind(piece, term, "ru") for piece, term in zip(pieces, terms))    # 'RNAA'
joined_entities(pieces, terms, kinds, "ru")     # ['статья_1259', 'статья_1259_гк', 'гк_рф']
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from opora.text.entities.dates import digit_date, named_dates
from opora.text.entities.norms import CODE, NUMBER, abbreviation_runs, code_entities, norms
from opora.text.entities.pieces import PieceKind, core
from opora.text.entities.references import reference_terms, reference_word, references
from opora.text.language_pack import language_pack
from opora.text.lexicon import lexicon
from opora.text.words import fold

MAX_ENTITY_CHARS = 40
"""Longer entities are ignored."""
MAX_ABBREVIATION_CHARS, MAX_FOREIGN_NAME_CHARS, MAX_SHORT_MONTH_CHARS = 8, 12, 4

NUMBER_SIGNS = ("№", "#", "N", "No", "no", "№№")
CLOSING = frozenset('»"”’)]},;:.!?…')
"""Punctuation that ends an entity."""
_LETTER = r"[^\W\d_]"
_CYRILLIC_WORD = re.compile("[а-яё]+")
_GLUED = re.compile(rf"\W*(?:{_LETTER}+\.|§+|№)(?=\d)")
_CAPITALS = re.compile(rf"{_LETTER}+(?:[-/]{_LETTER}+)*")
_ANY = re.compile(r"R#*[NnCcAaP]|[AL]P?#*[NnCc]|N[Aa]|A[Aa]|M[NnCc]")
"""Fast path: matches wherever the pattern of a norm, reference, date or run can; most texts have no match."""


def joined_entities(pieces: Sequence[str], terms: Sequence[str], kinds: str, language: str) -> list[str]:
    """Return the entities of several pieces; `terms` and `kinds` have an entry for each piece."""
    if not _ANY.search(kinds):
        return []
    entities: list[str] = []
    if "R" in kinds:
        entities += references(pieces, terms, kinds, language)
    if "M" in kinds or "m" in kinds:
        entities += named_dates(pieces, kinds, language)
    if "A" in kinds or "a" in kinds or "L" in kinds:
        entities += norms(pieces, kinds, language)
        entities += abbreviation_runs(pieces, kinds)
    return [entity for entity in entities if len(entity) <= MAX_ENTITY_CHARS]


def piece_entities(piece: str, language: str) -> list[str]:
    """Return the entities that one piece is: a date in digits, a code, a number with a hyphen, a name with `_`."""
    inner = core(piece)
    if len(inner) > MAX_ENTITY_CHARS:
        return []
    return digit_date(inner, language) or code_entities(inner, language)


def piece_kind(piece: str, terms: str, language: str) -> str:
    """Return the letter of the kind of a piece; `terms` are the terms of its words, with blanks between them."""
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
    is_short_month = kind == PieceKind.MONTH and piece[-1] == "." and len(inner) <= MAX_SHORT_MONTH_CHARS  # `Mar.`
    ends_entity = kind in "NCAM" and piece[-1] in CLOSING and not is_short_month
    return kind.lower() if ends_entity else kind


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
    kinds = dict.fromkeys(lists.norms, PieceKind.ABBREVIATION) | dict.fromkeys(lists.months, PieceKind.MONTH)
    return kinds | dict.fromkeys(lists.conjunctions, PieceKind.CONJUNCTION)
