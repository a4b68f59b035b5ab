"""Words and numbers of a text, with their places.

In: a text in any script. Out: runs of letters; numbers, whole with their sign, decimal mark and thousands.

    [word.text for word in words("до 10 000 руб., +12,5 %")]    # ['до', '10 000', 'руб', '+12,5']
"""

from __future__ import annotations

import re
from typing import NamedTuple

SPACES = " \u00a0\u202f\u2009"
_NUMBER = rf"(?<!\w)[+\-−]?\d{{1,3}}(?:[{SPACES}]\d{{3}})+(?:[.,]\d+)?(?!\w)|(?:(?<!\w)[+\-−])?\d+(?:[.,]\d+)*"
_WORD = re.compile(rf"{_NUMBER}|[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")


class Word(NamedTuple):
    """`text[start:end]` of the text it was found in."""

    start: int
    end: int
    text: str

    @property
    def is_number(self) -> bool:
        return any(map(str.isdigit, self.text))


def words(text: str) -> list[Word]:
    """The words of `text` in order; punctuation and white space are left out."""
    return [Word(match.start(), match.end(), match.group()) for match in _WORD.finditer(text)]


def normalize_number(number: str, language: str) -> str:
    """A number as digits with a decimal point: `10 000,5` is `10000.5`; `10,000` is `10000` in English only.

    What is no plain number (a date, a version) keeps its points: `12.1.004`.
    """
    plain = re.sub(rf"[{SPACES}]", "", number).replace("−", "-").removeprefix("+")
    if language == "en" and re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    plain = plain.replace(",", ".")
    if plain.count(".") == 1:
        plain = plain.rstrip("0").rstrip(".")
    return plain
