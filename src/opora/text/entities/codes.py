"""Codes of letters and digits, numbers with hyphens and names with underscores.

In: one piece. Out: one spelling for all ways to write a code.

    code("RTX-4090"), code("RTX 4090")      # ('rtx4090', 'rtx4090')
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from opora.text.entities.pieces import core
from opora.text.lexicon import lexicon
from opora.text.words import fold

NUMBER = re.compile(r"\d+(?:[-.,/:]\d+)*")
CODE = re.compile(r"(?=.*\d)(?:[^\W_]+[-./:])*[^\W_]+")
_NAME = re.compile(r"_*[^\W_]+(?:_+[^\W_]+)+_*")
_JOINT = re.compile(r"(?<=[^\W\d])[-./: ]+|[-./: ]+(?=[^\W\d])")

_LATIN = str.maketrans("авекмнорстух", "abekmhopctyx")
_CYRILLIC = str.maketrans("abekmhopctyx", "авекмнорстух")
_LOOKALIKES = frozenset("авекмнорстухabekmhopctyx")


def code_entities(piece: str, language: str) -> Iterator[str]:
    """Yield the code, the number with a hyphen or a slash, or the name with `_` that a piece is."""
    inner = core(piece)
    if NUMBER.fullmatch(inner):
        if "-" in inner or "/" in inner:
            yield inner
    elif CODE.fullmatch(inner) and not inner.isdecimal() and not lexicon(language).ordinal.fullmatch(inner):
        yield code(inner)
    elif _NAME.fullmatch(inner):
        yield fold(inner)


def code(text: str) -> str:
    """Return one spelling of a code: `RTX-4090`, `RTX 4090` and `RTX4090` are `rtx4090`. Letters that look the same in
    Latin and Cyrillic take the script of the other letters, Latin if there are none."""
    folded = _JOINT.sub("", fold(text)).replace(":", "-")
    letters = {letter for letter in folded if letter.isalpha()} - _LOOKALIKES
    return folded.translate(_CYRILLIC if any("а" <= letter <= "я" for letter in letters) else _LATIN)
