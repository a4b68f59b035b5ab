"""Styles of OpenDocument files: numbers of lists and headings as they are shown, hidden text, titles."""

from __future__ import annotations

import re
from typing import NamedTuple

from opora.corpus.parsers.elements.numbers import BULLET, count_item, format_number
from opora.corpus.parsers.storage.xml import Element, local_name

STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
LOEXT_FORMAT = "{urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0}num-list-format"
MAX_LEVELS = 10
_FORMATS = {
    "i": "lowerRoman", "I": "upperRoman", "a": "lowerLetter", "A": "upperLetter", "а": "russianLower",
    "А": "russianUpper",
}  # fmt: skip
"""First letter of a format of numbers -> its name in Word."""
_PLACEHOLDER = re.compile(r"%(\d{1,2})%")


class Level(NamedTuple):
    """Numbering of a level of a list. `number_format` is empty for a level without numbers."""

    number_format: str = ""
    prefix: str = ""
    suffix: str = ""
    start: int = 1
    shown_levels: int = 1
    pattern: str = ""
    """Such as `%1%.%2%.`; replaces prefix, suffix and `shown_levels`."""
    is_bullet: bool = False


class Numbering:
    """Styles of lists, and the counters of each list."""

    def __init__(self) -> None:
        self._styles: dict[str, list[Level]] = {}
        self._counters: dict[str, list[int]] = {}

    def add_style(self, name: str, element: Element) -> None:
        """Read the levels of `text:list-style` or `text:outline-style`."""
        levels = [Level() for _ in range(MAX_LEVELS)]
        for child in element:
            number = to_int(child.get(f"{TEXT}level"), 1)
            if 1 <= number <= MAX_LEVELS:
                levels[number - 1] = _read_level(child)
        self._styles[name] = levels

    def restart(self, key: str) -> None:
        """Let the list begin from its first numbers."""
        self._counters.pop(key, None)

    def next_mark(self, key: str, style: str, depth: int, start: int | None = None) -> str:
        """Count an item of the list `key` at a depth from 0, and return its number or bullet as shown."""
        levels = self._styles.get(style)
        depth = min(depth, MAX_LEVELS - 1)
        if levels is None:
            return BULLET
        counters = self._counters.setdefault(key, [])
        count_item(counters, depth, [level.start for level in levels], start)
        return _write_number(levels, counters)


def to_int(text: str | None, default: int) -> int:
    """Return an attribute as a number, between 0 and 10^9."""
    return min(int(text), 10**9) if text and text.isdecimal() and len(text) < 20 else default


def hidden_styles(root: Element) -> set[str]:
    """Return the names of styles whose text is hidden."""
    return {
        style.get(f"{STYLE}name", "")
        for style in root.iter(f"{STYLE}style")
        for properties in style.iter(f"{STYLE}text-properties")
        if properties.get(f"{TEXT}display") == "none"
    }


def _read_level(element: Element) -> Level:
    if local_name(element).endswith(("-bullet", "-image")):
        return Level(is_bullet=True)
    return Level(
        element.get(f"{STYLE}num-format", ""),
        element.get(f"{STYLE}num-prefix", ""),
        element.get(f"{STYLE}num-suffix", ""),
        to_int(element.get(f"{TEXT}start-value"), 1),
        min(MAX_LEVELS, to_int(element.get(f"{TEXT}display-levels"), 1)),
        element.get(LOEXT_FORMAT, ""),
    )


def _write_number(levels: list[Level], counters: list[int]) -> str:
    """Return the number of the item that was counted last."""
    depth = len(counters) - 1
    own = levels[depth]
    if own.is_bullet:
        return BULLET
    if not own.number_format:
        return own.prefix.strip() if any(char.isalnum() for char in own.prefix) else ""
    texts = [
        format_number(count, _FORMATS.get(levels[index].number_format[:1], "")) for index, count in enumerate(counters)
    ]
    if own.pattern:
        return _PLACEHOLDER.sub(
            lambda match: texts[int(match[1]) - 1] if 0 < int(match[1]) <= len(texts) else "", own.pattern
        ).strip()
    shown = [
        texts[index] for index in range(max(0, depth + 1 - own.shown_levels), depth + 1) if levels[index].number_format
    ]
    return (own.prefix + ".".join(shown) + own.suffix).strip()
