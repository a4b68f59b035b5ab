"""Words of a text with their positions, numbers whole with sign and thousands, and the spelling to compare them by.

[word.text for word in words("до 10 000 руб., +12,5 %")]    # ['до', '10 000', 'руб', '+12,5']
fold("Вы\u0301ставочный")                                   # 'выставочный'
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from opora.text.language_pack import language_pack

SPACES = " \u00a0\u202f\u2009"
_NUMBER = rf"(?<!\w)[+\-−]?\d{{1,3}}(?:[{SPACES}]\d{{3}})+(?:[.,]\d+)?(?!\w)|(?:(?<!\w)[+\-−])?\d+(?:[.,]\d+)*"
_LETTER = r"[^\W\d_\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209f]"
"""A letter; `\\w` also matches superscripts and fractions, as in `м²`, which are excluded."""
_MARK = "\u0300-\u036f\u00ad\u200b-\u200d\u2060"
"""Stress marks, the second half of a decomposed `й`, soft hyphens, characters without width."""
_RUN = rf"{_LETTER}+(?:[{_MARK}]+{_LETTER}*)*"
_WORD = re.compile(rf"{_RUN}(?:['’ʼ]{_RUN})*|{_NUMBER}")
_MARKS = re.compile(f"[{_MARK}]")
_FOLDED = re.compile("[a-z0-9а-яё]*")
"""Fast path: already composed and without marks."""


class Word(NamedTuple):
    """A word or number: `text[start:end]` of the text that it comes from."""

    start: int
    end: int
    text: str

    @property
    def is_number(self) -> bool:
        return any(map(str.isdecimal, self.text))


def words(text: str) -> list[Word]:
    """Return the words of `text` in order, without punctuation and white space."""
    return [Word(match.start(), match.end(), match.group()) for match in _WORD.finditer(text)]


def word_texts(text: str) -> list[str]:
    """Return the texts of `words(text)`, several times faster."""
    return _WORD.findall(text)


def folded_words(text: str) -> list[str]:
    """Return the words of `text` for comparing two texts: folded, and with full case folding (ß as ss, µ as μ)."""
    return word_texts(fold(text).casefold())


def fold(text: str) -> str:
    """Return the form in which words are compared: like `normalize_case`, with ё as е."""
    return normalize_case(text).replace("ё", "е")


def normalize_case(text: str) -> str:
    """Return `text` in lower case and composed (NFC), without stress marks and soft hyphens, apostrophes straight."""
    lower = text.lower()
    if _FOLDED.fullmatch(lower):
        return lower
    return _MARKS.sub("", unicodedata.normalize("NFC", lower)).replace("’", "'").replace("ʼ", "'")


def normalize_number(number: str, language: str) -> str:
    """Return a number as digits with a decimal point: `10 000,5` as `10000.5`; `10,000` as `10000` in English only.
    Dates and versions keep their points: `12.1.004`."""
    digits = re.sub(rf"[{SPACES}]", "", number).replace("−", "-").removeprefix("+")
    mark = language_pack(language).thousands_mark
    if mark and re.fullmatch(rf"-?\d{{1,3}}({re.escape(mark)}\d{{3}})+(\.\d+)?", digits):
        digits = digits.replace(mark, "")
    digits = digits.replace(",", ".")
    return digits.rstrip("0").rstrip(".") if digits.count(".") == 1 else digits
