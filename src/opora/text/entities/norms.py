"""Norms and standards, and runs of abbreviations: `гост12.1.004-91` and, without the year, `гост12.1.004`; `гк_рф`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from opora.text.entities.codes import code
from opora.text.entities.dates import DIGIT_DATE
from opora.text.entities.pieces import PieceKind, core
from opora.text.lexicon import lexicon
from opora.text.words import fold

_NORM = re.compile(r"((?:[AL]P?){1,4})#*([NnCc])(?!M)")
"""Up to four names, then a number: `ГОСТ Р ИСО 9001`."""
_REVERSED_NORM = re.compile(r"(?<![RALPI])N(?:A(?![AP#NnCc])|a)")
"""A number before a name: `152-ФЗ`."""
_ABBREVIATIONS = re.compile(r"(?<!A)A{1,3}(?:a|A(?![Aa]))")
"""Two to four abbreviations in a row: `ГК РФ`."""


def norms(pieces: Sequence[str], kinds: str, language: str) -> Iterator[str]:
    """Yield the norms of a text, with and without their year."""
    names = lexicon(language).norms
    for match in _NORM.finditer(kinds):
        number = core(pieces[match.start(2)])
        if DIGIT_DATE.fullmatch(number):
            continue
        spellings = dict.fromkeys((number, re.split("[-:]", number)[0]))
        for at in range(match.start(1), match.end(1)):
            if kinds[at] == PieceKind.ABBREVIATION or at + 1 == match.end(1):
                name = fold(core(pieces[at]))
                yield from (code(f"{names.get(name, name)} {spelling}") for spelling in spellings)
    for match in _REVERSED_NORM.finditer(kinds):
        yield code(f"{core(pieces[match.start()])} {core(pieces[match.start() + 1])}")


def abbreviation_runs(pieces: Sequence[str], kinds: str) -> Iterator[str]:
    """Yield two to four abbreviations in a row, joined by `_`."""
    for match in _ABBREVIATIONS.finditer(kinds):
        yield "_".join(fold(core(piece)) for piece in pieces[match.start() : match.end()])
