"""Automatic numbers of lists: counters, and the number formats of Word (ECMA-376, part 1, 17.18.59)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

BULLET = "-"
MAX_REPEATS = 30
"""Maximum length of a number in letters: after `z` come `aa`, `bb` ...; Word stops at 780 = 30 times `z`."""
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"
_ROMAN = [
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
]  # fmt: skip
_SYMBOLS = "*†‡§"


def format_number(number: int, number_format: str) -> str:
    """Return a number in a format such as `upperRoman`; in digits if the format is unknown or does not reach so far."""
    if number_format in ("none", "bullet"):
        return ""
    return _FORMATS.get(number_format, str)(number) or str(number)


def count_item(counters: list[int], depth: int, starts: Sequence[int], number: int | None = None) -> None:
    """Count an item of a list at a depth from 0, with a `number` of its own if it has one; deeper levels begin again.

    `counters` are the last numbers of the levels so far, `starts` the first ones of all levels.
    """
    while len(counters) <= depth:
        counters.append(starts[len(counters)] - (len(counters) == depth))
    counters[depth] = counters[depth] + 1 if number is None else number
    del counters[depth + 1 :]


def _letters(number: int, alphabet: str) -> str:
    repeats, index = divmod(number - 1, len(alphabet))
    return alphabet[index] * (repeats + 1) if 0 <= repeats < MAX_REPEATS else ""


def _roman(number: int) -> str:
    digits = ""
    for value, letters in _ROMAN if 0 < number < 4000 else ():
        count, number = divmod(number, value)
        digits += letters * count
    return digits


def _ordinal(number: int) -> str:
    teens = 10 < abs(number) % 100 < 14
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(abs(number) % 10, 'th')}"


_FORMATS: dict[str, Callable[[int], str]] = {
    "decimalZero": lambda number: f"{number:02d}",
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "lowerLetter": lambda number: _letters(number, _LATIN),
    "upperLetter": lambda number: _letters(number, _LATIN).upper(),
    "russianLower": lambda number: _letters(number, _RUSSIAN),
    "russianUpper": lambda number: _letters(number, _RUSSIAN).upper(),
    "chicago": lambda number: _letters(number, _SYMBOLS),
    "ordinal": _ordinal,
    "hex": lambda number: f"{number:X}",
    "numberInDash": lambda number: f"- {number} -",
    "decimalEnclosedParen": lambda number: f"({number})",
    "decimalEnclosedFullstop": lambda number: f"{number}.",
}
