"""Codes of letters and digits, numbers with hyphens and names with underscores.

In: one piece. Out: one spelling for all ways to write a code.

    code("RTX-4090"), code("RTX 4090")      # ('rtx4090', 'rtx4090')
"""

from __future__ import annotations

import re

from opora.text.lexicon import lexicon
from opora.text.words import fold

NUMBER = re.compile(r"\d+(?:[-.,/:]\d+)*")
CODE = re.compile(r"(?=.*\d)(?:[^\W_]+[-./:])*[^\W_]+")
_NAME = re.compile(r"_*[^\W_]+(?:_+[^\W_]+)+_*")
_JOINT = re.compile(r"(?<=[^\W\d])[-./: ]+|[-./: ]+(?=[^\W\d])")

_LATIN = str.maketrans("авекмнорстух", "abekmhopctyx")
_CYRILLIC = str.maketrans("abekmhopctyx", "авекмнорстух")
_LOOKALIKES = frozenset("авекмнорстухabekmhopctyx")


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
    letters = {letter for letter in folded if letter.isalpha()} - _LOOKALIKES
    return folded.translate(_CYRILLIC if any("а" <= letter <= "я" for letter in letters) else _LATIN)
