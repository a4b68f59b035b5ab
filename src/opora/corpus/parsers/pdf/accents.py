"""Accents that are set apart over a letter, as TeX does: made one character with it.

Bela¨ıd -> Belaïd, Fran¸cois -> François
"""

from __future__ import annotations

import unicodedata

from opora.corpus.parsers.pdf.chars import Char

ACCENTS = {
    "\u00b4": "\u0301", "\u0060": "\u0300", "\u00a8": "\u0308", "\u02c6": "\u0302", "\u005e": "\u0302",
    "\u02dc": "\u0303", "\u00b8": "\u0327", "\u02c7": "\u030c", "\u02da": "\u030a", "\u02dd": "\u030b",
    "\u00af": "\u0304", "\u02d8": "\u0306", "\u02d9": "\u0307", "\u02db": "\u0328",
}  # fmt: skip
"""Accent with a width of its own -> combining accent."""
DOTLESS = {"\u0131": "i", "\u0237": "j"}
WINDOW = 60
"""Number of characters before and after an accent among which its letter is: pdfium puts some at the end of a line."""
MAX_ACCENTS = 2000
"""Number of accents of a page up to which letters are looked for."""
MAX_RISE = 0.45
"""Distance between the base lines of an accent and its letter, in letter sizes, at most."""


def compose_accents(chars: list[Char]) -> list[Char]:
    """Return the characters; those that an accent stands over, or under, take it in."""
    places = [index for index, char in enumerate(chars) if char.text in ACCENTS]
    if not places or len(places) > MAX_ACCENTS:
        return chars
    composed = list(chars)
    dropped: set[int] = set()
    for index in places:
        accent = chars[index]
        middle = (accent.x0 + accent.x1) / 2
        near = range(max(0, index - WINDOW), min(len(chars), index + WINDOW))
        letters = [(number, letter) for number in near if (letter := _compose(accent, composed[number]))]
        if letters:
            place, letter = min(letters, key=lambda pair: abs(composed[pair[0]].x0 + composed[pair[0]].x1 - 2 * middle))
            composed[place] = composed[place]._replace(text=letter)
            dropped.add(index)
    return [char for index, char in enumerate(composed) if index not in dropped] if dropped else composed


def _compose(accent: Char, letter: Char) -> str:
    """Return the letter with the accent if it stands over or under it, else an empty text."""
    base = DOTLESS.get(letter.text, letter.text)
    shared = min(accent.x1, letter.x1) - max(accent.x0, letter.x0)
    is_over = shared >= 0.5 * min(accent.x1 - accent.x0, letter.x1 - letter.x0) > 0
    if not base.isalpha() or not is_over or accent.angle or abs(accent.y1 - letter.y1) > MAX_RISE * letter.size:
        return ""
    composed = unicodedata.normalize("NFC", base + ACCENTS[accent.text])
    return composed if len(composed) == 1 else ""
