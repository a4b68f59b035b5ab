"""Codes, norms and runs of abbreviations: `rtx4090`, `152фз`, `гост12.1.004-91` and, without the year, `гост12.1.004`;
`гк_рф`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from opora.text.entities.dates import DIGIT_DATE
from opora.text.entities.pieces import PieceKind, core
from opora.text.lexicon import lexicon
from opora.text.words import fold

NUMBER = re.compile(r"\d+(?:[-.,/:]\d+)*")
CODE = re.compile(r"(?=.*\d)(?:[^\W_]+[-./:])*[^\W_]+")
_NAME = re.compile(r"_*[^\W_]+(?:_+[^\W_]+)+_*")
_JOINT = re.compile(r"(?<=[^\W\d])[-./: ]+|[-./: ]+(?=[^\W\d])")

_CYRILLIC_LOOKALIKES, _LATIN_LOOKALIKES = "авекмнорстух", "abekmhopctyx"
_TO_LATIN = str.maketrans(_CYRILLIC_LOOKALIKES, _LATIN_LOOKALIKES)
_TO_CYRILLIC = str.maketrans(_LATIN_LOOKALIKES, _CYRILLIC_LOOKALIKES)
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


def code_entities(inner: str, language: str) -> list[str]:
    """Return the code, the number with a hyphen or a slash, or the name with `_` that the core of a piece is."""
    if NUMBER.fullmatch(inner):
        return [inner] if "-" in inner or "/" in inner else []
    if CODE.fullmatch(inner) and not inner.isdecimal() and not lexicon(language).ordinal.fullmatch(inner):
        return [code(inner)]
    return [fold(inner)] if _NAME.fullmatch(inner) else []


def code(text: str) -> str:
    """Return one spelling of a code: `RTX-4090`, `RTX 4090` and `RTX4090` are `rtx4090`. Letters that look the same in
    Latin and Cyrillic take the script of the other letters, Latin if there are none."""
    folded = _JOINT.sub("", fold(text)).replace(":", "-")
    is_cyrillic = any("а" <= letter <= "я" and letter not in _CYRILLIC_LOOKALIKES for letter in folded)
    return folded.translate(_TO_CYRILLIC if is_cyrillic else _TO_LATIN)
