"""Styles and lists of DOC: levels of headings, and the numbers of paragraphs as they are shown."""

from __future__ import annotations

import struct
from typing import NamedTuple

from opora.corpus.parsers.elements.numbers import BULLET, count_item, format_number
from opora.corpus.parsers.office.legacy.word_file import (
    LIST_OVERRIDES,
    LISTS,
    STYLES,
    Properties,
    WordFile,
    read_properties,
)

OUTLINE_LEVEL, LIST_LEVEL, LIST_NUMBER = 0x2640, 0x260A, 0x460B
LEVELS = 9
_TITLE = 62
"""Built-in number of the style Title; 1 to 9 are the headings."""
_NO_STYLE = 0xFFF
_NONE, _BULLET = 255, 23
_FORMATS = {
    1: "upperRoman", 2: "lowerRoman", 3: "upperLetter", 4: "lowerLetter", 22: "decimalZero", 58: "russianLower",
    59: "russianUpper",
}  # fmt: skip
_MAX_LISTS = 5000


class Style(NamedTuple):
    """Style of paragraphs: level of its headings from 1 (0: none), and the properties that it sets."""

    heading: int
    properties: Properties


class ListLevel(NamedTuple):
    """Numbering of a level: `text` holds the number of a level as the character of its index."""

    start: int
    number_format: int
    text: str
    is_legal: bool
    """All numbers are shown in digits."""


def read_styles(file: WordFile) -> list[Style]:
    """Return the styles by index, with the properties of those that they are based on."""
    data = file.structure(STYLES)
    if len(data) < 6:
        return []
    header, count, base_size = struct.unpack_from("<HHH", data)
    position = 2 + header
    raw: list[tuple[int, int, Properties]] = []
    for _ in range(min(count, 4096)):
        if position + 2 > len(data):
            break
        (size,) = struct.unpack_from("<H", data, position)
        raw.append(_read_style(data[position + 2 : position + 2 + size], base_size))
        position += 2 + size + size % 2
    return [_resolve(raw, index) for index in range(len(raw))]


def _read_style(data: bytes, base_size: int) -> tuple[int, int, Properties]:
    """Return the built-in number of a style, the index of the one it is based on, and its own properties."""
    if len(data) < base_size + 2 or base_size < 6:
        return 0xFFF, _NO_STYLE, {}
    identifier, kind = struct.unpack_from("<HH", data)
    properties: Properties = {}
    (length,) = struct.unpack_from("<H", data, base_size)
    position = base_size + 2 + 2 * length + 2
    if kind & 0xF == 1 and position + 4 <= len(data):
        (size,) = struct.unpack_from("<H", data, position)
        properties = dict(read_properties(data[position + 4 : position + 2 + size]))
    return identifier & 0xFFF, kind >> 4, properties


def _resolve(raw: list[tuple[int, int, Properties]], index: int) -> Style:
    heading, properties = 0, dict[int, bytes]()
    for _ in range(12):
        identifier, base, own = raw[index]
        properties = {**own, **properties}
        if not heading and (1 <= identifier <= LEVELS or identifier == _TITLE):
            heading = 1 if identifier == _TITLE else identifier
        if base >= len(raw) or base == index:
            break
        index = base
    return Style(heading, properties)


class WordNumbering:
    """Lists of a document with their counters."""

    def __init__(self, file: WordFile) -> None:
        self._levels: dict[int, list[ListLevel]] = {}
        self._lists: list[int] = []
        """List of each override, by its number."""
        self._starts: dict[tuple[int, int], int] = {}
        """Override and level -> number that its first item has."""
        self._counters: dict[int, list[int]] = {}
        try:
            self._read_lists(file)
            self._read_overrides(file.structure(LIST_OVERRIDES))
        except (struct.error, IndexError):
            pass  # numbers are lost, the text is not

    def next_mark(self, number: int, level: int) -> str:
        """Count a paragraph of a list (number of its override, from 1), and return its number or bullet as shown."""
        if not 1 <= number <= len(self._lists) or level >= LEVELS:
            return ""
        key = self._lists[number - 1]
        levels = self._levels.get(key, [])
        if level >= len(levels):
            return BULLET
        counters = self._counters.setdefault(key, [])
        count_item(counters, level, [row.start for row in levels], self._starts.pop((number, level), None))
        return _write_number(levels, counters)

    def _read_lists(self, file: WordFile) -> None:
        offset, length = file.pair(LISTS)
        data = file.table
        if length < 2:
            return
        (count,) = struct.unpack_from("<h", data, offset)
        position = offset + 2 + 28 * count
        for number in range(min(count, _MAX_LISTS)):
            (key,) = struct.unpack_from("<i", data, offset + 2 + 28 * number)
            is_simple = data[offset + 2 + 28 * number + 26] & 1
            levels = []
            for _ in range(1 if is_simple else LEVELS):
                level, position = _read_level(data, position)
                levels.append(level)
            self._levels[key] = levels

    def _read_overrides(self, data: bytes) -> None:
        if len(data) < 4:
            return
        (count,) = struct.unpack_from("<I", data)
        count = min(count, _MAX_LISTS, (len(data) - 4) // 16)
        entries = [struct.unpack_from("<i8xB", data, 4 + 16 * number) for number in range(count)]
        self._lists = [key for key, _ in entries]
        position = 4 + 16 * count
        for number, (key, changes) in enumerate(entries, 1):
            position += 4
            for _ in range(changes):
                start, flags = struct.unpack_from("<iI", data, position)
                position += 8
                level = flags & 0xF
                if flags & 0x20:
                    changed, position = _read_level(data, position)
                    start = changed.start
                    if level < len(self._levels.get(key, [])):
                        self._levels[key][level] = changed
                if flags & 0x10:
                    self._starts[number, level] = start


def _read_level(data: bytes, position: int) -> tuple[ListLevel, int]:
    """Return a level of a list and the position behind it."""
    start, number_format, flags = struct.unpack_from("<iBB", data, position)
    character_size, paragraph_size = data[position + 24], data[position + 25]
    position += 28 + character_size + paragraph_size
    (length,) = struct.unpack_from("<H", data, position)
    text = data[position + 2 : position + 2 + 2 * length].decode("utf-16-le", "replace")
    return ListLevel(start, number_format, text, bool(flags & 4)), position + 2 + 2 * length


def _write_number(levels: list[ListLevel], counters: list[int]) -> str:
    own = levels[len(counters) - 1]
    if own.number_format == _BULLET:
        return BULLET
    pieces = []
    for char in own.text:
        index = ord(char)
        if index >= LEVELS:
            pieces.append(char)
        elif index < len(counters) and levels[index].number_format != _NONE:
            number_format = "" if own.is_legal else _FORMATS.get(levels[index].number_format, "")
            pieces.append(format_number(counters[index], number_format))
    return "".join(pieces).strip()
