"""Questions that name a place, such as `п. 2.2 договора аренды` or `ГК РФ, ст. 186`.

parse_places("ч. 2 ст. 186 ГК РФ", "ru")      # (('part 2', 'clause 2'), ('article 186',))

Passages that lie in the place come first, those of a document whose title or name fits the question before others. If
the question names a code of law that no document is, or no passage lies in the place, the search is the usual one.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from opora.retrieval.query import Place, Query
from opora.retrieval.rerankers.base import Candidate
from opora.text.entities.pieces import core
from opora.text.entities.place_names import place_names, place_number
from opora.text.entities.references import reference_word
from opora.text.lexicon import lexicon
from opora.text.search_terms import search_terms, tagged_pieces
from opora.text.terms import terms
from opora.text.words import fold

INNER = ("subclause", "clause", "part")
"""Kinds that are left out, one after the other, if no passage lies in all places of a question."""
ALSO = {
    "part": ("clause",),
    "clause": ("part",),
    "chapter": ("section",),
    "paragraph": ("section",),
    "subsection": ("section",),
    "rule": ("article", "section"),
    "regulation": ("article", "section"),
}
"""Kind of a place -> kinds that people call by the same word."""
MAX_NUMBERS = 8
_EDGES = "«»\"'“”„‘’,;:!?…[]{}"


def parse_places(text: str, language: str) -> tuple[Place, ...]:
    """Return the places that a question names, each as the places that fit it; several of one kind are one."""
    references = [(fold(words).split()[0], place) for words, place in _references(text, language)]
    inner = place_names().inner_abbreviations
    has_clause = any(place[0].startswith("clause ") and word not in inner for word, place in references)
    has_part = any(place[0].startswith("part ") for _, place in references)
    by_kind: dict[str, dict[str, None]] = {}
    for word, place in references:
        tokens = list(place)
        if word in inner and has_clause:
            tokens = [token.replace("clause", "subclause") for token in place if token.startswith("clause ")]
        elif place[0].startswith("clause ") and has_part:
            # in an article, the parts of which have clauses
            tokens = [f"sub{place[0]}", place[0]]
        by_kind.setdefault(place[0].split(" ", 1)[0] + word * (word in inner), {}).update(dict.fromkeys(tokens))
    return tuple(map(tuple, by_kind.values()))


def place_words(text: str, language: str) -> str:
    """Return the words and numbers of a question by which it names places."""
    return " ".join(words for words, _ in _references(text, language))


def _references(text: str, language: str) -> Iterator[tuple[str, Place]]:
    """Yield the words by which a question names a place, and the place."""
    pieces, piece_terms, _ = tagged_pieces(text, language)
    kinds = place_names().kinds
    for at, piece in enumerate(pieces):
        word = "§" if piece.startswith("§") else reference_word(piece, piece_terms[at], language)
        kind = kinds.get(word or "")
        if not kind:
            continue
        numbers = _numbers_after(pieces, at + 1, language)
        words = pieces[at : at + 2 + len(numbers)] if numbers else pieces[max(0, at - 1) : at + 1]
        numbers = numbers or _number_before(pieces, at)
        if numbers:
            yield " ".join(words), tuple(dict.fromkeys(token for n in numbers for token in _tokens(kind, n)))


def place_groups(query: Query) -> list[tuple[Place, ...]]:
    """Return what to search for, best first: all places of a question, then those without the innermost ones."""
    groups, places = [query.places], query.places
    for kind in INNER:
        places = tuple(place for place in places if not place[0].startswith(f"{kind} "))
        if places and places != groups[-1]:
            groups.append(places)
    return groups


def document_fits(query: Query, candidates: Sequence[Candidate]) -> list[float | None]:
    """Return the share of the question's words, weighted by idf, in the title and name of the document of each
    candidate; None for one that is not the code of law that the question names."""
    codes = named_codes(query.text, query.language)
    total = sum(query.terms.values()) or 1.0
    fits: list[float | None] = []
    for candidate in candidates:
        metadata = candidate.data["metadata"]
        names = f"{metadata.get('title', '')} {metadata.get('source', '')}".replace("_", " ").replace("/", " ")
        own = _name_terms(names, candidate.language)
        is_code = not codes or any(_is_code(code, own, query.language) for code in codes)
        fits.append(sum(weight for term, weight in query.terms.items() if term in own) / total if is_code else None)
    return fits


def named_codes(text: str, language: str) -> list[frozenset[str]]:
    """Return the terms of the names of the codes of law whose abbreviation a question holds."""
    names = _code_names(language)
    return [names[word] for piece in text.split() if (word := fold(core(piece))) in names and core(piece)[:1].isupper()]


@functools.lru_cache(maxsize=10_000)
def _name_terms(names: str, language: str) -> frozenset[str]:
    return frozenset(search_terms(names, language))


@functools.cache
def _code_names(language: str) -> dict[str, frozenset[str]]:
    """Return abbreviation without the country, such as `гк` -> terms of its name."""
    pairs = [(key.split(), words) for key, words in lexicon(language).abbreviations.items()]
    return {
        key[0]: frozenset(terms(" ".join(words), language)) for key, words in pairs if len(key) == 2 and len(words) > 1
    }


def _is_code(code: frozenset[str], own: frozenset[str], language: str) -> bool:
    """Return True if a document is this code, and not one whose name has more words, as the code of procedure has."""
    return code <= own and not any(code < longer <= own for longer in _code_names(language).values())


def _numbers_after(pieces: Sequence[str], at: int, language: str) -> list[str]:
    """Return the numbers from piece `at` on, which commas and conjunctions join."""
    numbers: list[str] = []
    conjunctions = lexicon(language).conjunctions
    joined = True
    for position in range(at, min(at + 2 * MAX_NUMBERS, len(pieces))):
        piece = pieces[position]
        if not numbers and piece.strip(_EDGES) in ("№", "N", "No", "no.", "#"):
            continue
        if numbers and fold(piece) in conjunctions:
            joined = True
            continue
        number = _number(piece) if joined else ""
        if not number:
            break
        numbers.append(number)
        joined = piece.endswith(",")
    return numbers


def _number_before(pieces: Sequence[str], at: int) -> list[str]:
    """Return the ordinal before a word, as in `вторая глава` or `186-я статья`."""
    word = fold(core(pieces[at - 1])) if at else ""
    digits, _, ending = word.partition("-")
    if digits.isdecimal() and ending.isalpha():
        return [str(int(digits))]
    number = place_number(word) if len(word) > 3 else ""
    return [number] if number.isdecimal() and not word[0].isdigit() else []


def _number(piece: str) -> str:
    text = piece.strip(_EDGES).rstrip(".,").removeprefix("№").removeprefix("§")
    inner = text if "(" in text.strip("()") else text.strip("()")
    is_number = inner[:1].isdigit() or (len(inner) == 1 and inner.isupper()) or inner.isupper()
    if inner[:1].isdigit() and any(char.isalpha() for char in inner):
        return ""
    lettered = len(inner) == 1 and inner.isalpha() and any(mark in piece for mark in "«»\"“”„')")
    number = place_number(inner) if is_number or lettered else ""
    if not number and place_number(inner).isdecimal() and len(inner) > 3:
        return place_number(inner)
    return number


def _tokens(kind: str, number: str) -> list[str]:
    also = ALSO.get(kind, ())
    if kind == "clause" and number[0].isalpha():
        also = ("subclause",)
    if kind == "section" and "." in number:
        also = ("clause", "article")
    return [f"{name} {number}" for name in (kind, *also)]
