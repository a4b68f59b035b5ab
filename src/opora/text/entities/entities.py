"""Entities that search treats as terms: norms, codes, references, dates, runs of abbreviations.

In: the pieces of a text between white space, with the terms and the kind of each. Out: one term per entity, the same
for every spelling.

    joined_entities(["ст.", "1259", "ГК", "РФ"], ["стат", "1259", "гк", "рф"], "RNAA", "ru")
    # ['статья_1259', 'статья_1259_гк', 'гк_рф']
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from opora.text.entities.codes import code_entities
from opora.text.entities.dates import digit_date, named_dates
from opora.text.entities.norms import abbreviation_runs, norms
from opora.text.entities.pieces import MAX_ENTITY_CHARS, core
from opora.text.entities.references import references

_ANY = re.compile(r"R#*[NnCcAaP]|[AL]P?#*[NnCc]|N[Aa]|A[Aa]|M[NnCc]")
"""Fast path: matches wherever the pattern of a norm, reference, date or run can; most texts have no match."""


def piece_entities(piece: str, language: str) -> list[str]:
    """Return the entities that one piece is: a date in digits, a code, a number with a hyphen, a name with `_`."""
    inner = core(piece)
    if len(inner) > MAX_ENTITY_CHARS:
        return []
    return digit_date(inner, language) or code_entities(inner, language)


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
