"""The numbers that Word prints before paragraphs.

In: `numbering.xml` and `styles.xml` of a DOCX. Out: the label of each paragraph in turn, or '' for one without.

    numbering.label(paragraph.find("w:pPr/w:numPr"), style="ListNumber")        # '2.1. '
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
CYRILLIC = "абвгдежзиклмнопрстуфхцчшщэюя"
LATIN = "abcdefghijklmnopqrstuvwxyz"


class Level(NamedTuple):
    form: str = "decimal"
    pattern: str = ""
    start: int = 1


class Numbering:
    """Counts as Word does: a level starts anew after an item of a level above it."""

    def __init__(self, numbering: etree._Element | None, styles: etree._Element | None) -> None:
        self.levels: dict[str, dict[int, Level]] = {}
        self.counts: dict[str, dict[int, int]] = {}
        self.abstract: dict[str, str] = {}
        self.by_style: dict[str, tuple[str, int]] = {}
        if numbering is not None:
            for each in numbering.iter(f"{W}abstractNum"):
                self.levels[each.get(f"{W}abstractNumId") or ""] = dict(map(_level, each.iter(f"{W}lvl")))
            for each in numbering.iter(f"{W}num"):
                self.abstract[each.get(f"{W}numId") or ""] = _value(each.find(f"{W}abstractNumId"))
        if styles is not None:
            for style in styles.iter(f"{W}style"):
                if (properties := style.find(f"{W}pPr/{W}numPr")) is not None:
                    self.by_style[style.get(f"{W}styleId") or ""] = _place(properties)

    def label(self, properties: etree._Element | None, style: str) -> str:
        """What stands before the text of the next paragraph: `- `, `1. `, `  2.1. ` and the like."""
        number, depth = self.by_style.get(style, ("", 0))
        if properties is not None:
            own, depth = _place(properties)
            number = own or number
        levels = self.levels.get(self.abstract.get(number, ""))
        if number in ("", "0") or not levels:
            return ""
        level = levels.get(depth, Level())
        if level.form in ("bullet", "none"):
            return "  " * depth + "- " if level.form == "bullet" else ""
        counts = self.counts.setdefault(number, {})
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for deeper in [each for each in counts if each > depth]:
            del counts[deeper]
        return "  " * depth + re.sub(r"%(\d)", lambda match: self._number(levels, counts, int(match[1]) - 1), level.pattern) + " "

    def _number(self, levels: dict[int, Level], counts: dict[int, int], depth: int) -> str:
        level = levels.get(depth, Level())
        return format_number(counts.get(depth, level.start), level.form)


def format_number(number: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter", "russianLower", "russianUpper"):
        letters = CYRILLIC if form.startswith("russian") else LATIN
        # after the last letter Word doubles them: aa, bb
        text = letters[(number - 1) % len(letters)] * (1 + (number - 1) // len(letters))
        return text.upper() if form.endswith(("upperLetter", "Upper")) else text
    if form in ("lowerRoman", "upperRoman"):
        return _roman(number) if form == "upperRoman" else _roman(number).lower()
    return f"{number:02d}" if form == "decimalZero" else str(number)


def _roman(number: int) -> str:
    text = ""
    for value, sign in zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        "M CM D CD C XC L XL X IX V IV I".split(),
        strict=True,
    ):
        text += sign * (number // value)
        number %= value
    return text


def _level(node: etree._Element) -> tuple[int, Level]:
    start = _value(node.find(f"{W}start"))
    level = Level(
        _value(node.find(f"{W}numFmt")) or "decimal",
        _value(node.find(f"{W}lvlText")),
        int(start) if start.isdecimal() else 1,
    )
    return int(node.get(f"{W}ilvl") or 0), level


def _place(properties: etree._Element) -> tuple[str, int]:
    depth = _value(properties.find(f"{W}ilvl"))
    return _value(properties.find(f"{W}numId")), int(depth) if depth.isdecimal() else 0


def _value(node: etree._Element | None) -> str:
    return "" if node is None else node.get(f"{W}val") or ""
