"""References to articles, sections and clauses: `статья_1259`, and with the abbreviation after it `статья_1259_гк`."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from opora.text.entities.numerals import ARABIC
from opora.text.entities.pieces import PieceKind, core, edgeless
from opora.text.lexicon import lexicon
from opora.text.terms import term
from opora.text.words import fold

_REFERENCE = re.compile(r"R#*((?:[nc]|[NC]I)*[NCnc]|[AaP])")
"""A reference word, then numbers with commas or conjunctions between them, or a Roman numeral."""


def references(pieces: Sequence[str], terms: Sequence[str], kinds: str, language: str) -> Iterator[str]:
    """Yield the references of a text."""
    for match in _REFERENCE.finditer(kinds):
        first, last = match.start(1), match.end() - 1
        word = reference_word(pieces[match.start()], terms[match.start()], language)
        numbers = [core(pieces[at]) for at in range(first, last + 1) if kinds[at] != PieceKind.CONJUNCTION]
        if kinds[first] in "AaP":
            numbers = [ARABIC.get(number, "") for number in numbers]
        entities = [f"{word}_{fold(number)}" for number in numbers if number]
        yield from entities
        if kinds[last] in "NC" and kinds[last + 1 : last + 2] in ("A", "a"):
            yield from (f"{entity}_{fold(core(pieces[last + 1]))}" for entity in entities)


def reference_word(piece: str, terms: str, language: str) -> str | None:
    """Return the reference word that a piece with these terms stands for, None if it is none."""
    return reference_terms(language).get(terms) or lexicon(language).references.get(fold(edgeless(piece)))


@functools.cache
def reference_terms(language: str) -> dict[str, str]:
    """Return the term of each reference word -> the word."""
    return {term(word, language): word for word in lexicon(language).references.values()}
