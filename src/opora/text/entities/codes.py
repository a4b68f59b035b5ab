"""Codes of letters and digits, numbers with hyphens and names with underscores, in one spelling.

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

_CYRILLIC_LOOKALIKES, _LATIN_LOOKALIKES = "авекмнорстух", "abekmhopctyx"
_TO_LATIN = str.maketrans(_CYRILLIC_LOOKALIKES, _LATIN_LOOKALIKES)
_TO_CYRILLIC = str.maketrans(_LATIN_LOOKALIKES, _CYRILLIC_LOOKALIKES)


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
