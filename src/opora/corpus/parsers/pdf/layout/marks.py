"""Marks of list items, words that captions begin with, entries of an outline."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from opora.text.resources import language_lines, languages

MAX_CAPTION_CHARS = 500

_BULLET = re.compile(r"([•▪◦‣●○■□♦❖➢➤✓✔∙·\uf0b7\uf0a7\uf0d8\uf02d*–—-])\s*(?=\S)")
_NUMBER = re.compile(
    r"(\d{1,3}(?:\.\d{1,3}){1,5}\.?(?=\s)|\d{1,3}[.)](?=\s*[^\W\d_]|\s+\S)|\(\d{1,3}\)|[^\W\d_][.)](?=\s)|\([^\W\d_]\)"
    r"|[ivxIVX]{1,5}[.)](?=\s)|\([ivxIVX]{1,5}\)|§\s?\d{1,4}\.?(?=\s))\s*(?=\S)"
)
_DASHES = "–—-*·"


class OutlineEntry(NamedTuple):
    """An entry of the outline (bookmarks), or of a table of contents; `page` is 0 if it is not known."""

    title: str
    level: int
    page: int = 0


class ItemMark(NamedTuple):
    """Mark of a list item: as it is written, whether it is a bullet, and the place where the text begins.

    `is_weak` tells that a line within a paragraph may begin like this, too.
    """

    mark: str
    is_bullet: bool
    start: int
    is_weak: bool


def item_mark(text: str) -> ItemMark | None:
    """Return the mark at the start of a line; None if there is none.

    item_mark("2.1. Oil")     # ItemMark(mark='2.1.', is_bullet=False, start=5, is_weak=True)
    """
    if match := _BULLET.match(text):
        sign = match[1]
        if sign in _DASHES and match.end() == 1:
            return None  # "-5", "*note"
        return ItemMark("-", True, match.end(), sign in _DASHES)
    if match := _NUMBER.match(text):
        return ItemMark(match[1], False, match.end(), True)
    return None


def is_caption(text: str) -> bool:
    """Return True if a text begins like the caption of a figure or table: `Рис. 2.`, `Table 3: Prices`."""
    return bool(_captions().match(text)) and len(text) <= MAX_CAPTION_CHARS


@functools.cache
def _captions() -> re.Pattern[str]:
    words = {word for code in languages() for word in language_lines(code, "captions.txt")}
    names = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) or "(?!)"
    number = r"(?>(?:№\s?)?\d{1,3}(?:[.\-–]\d{1,3})*)"
    return re.compile(rf"(?i:{names})\s?{number}(?:\s?[.:)—–-]|\s*$|\s+[^\W\d_a-zа-яё]|\s+[«“\"(])")
