"""Automatic numbers of paragraphs, counted as Word counts them (ECMA-376, part 1, 17.9)."""

from __future__ import annotations

import re
from typing import NamedTuple

from opora.corpus.parsers.docx.formatting.styles import Properties, StyleTable, WordStyle, read_properties
from opora.corpus.parsers.docx.markup import VAL, attribute, integer, is_on, name, unwrapped
from opora.corpus.parsers.elements.numbers import BULLET, format_number
from opora.corpus.parsers.storage.xml import Element

LEVELS = 9
_ABSTRACT, _ABSTRACT_ID, _NUM, _NUM_ID = map(name, ("w:abstractNum", "w:abstractNumId", "w:num", "w:numId"))
_LEVEL, _INDEX, _STYLE_LINK = map(name, ("w:lvl", "w:ilvl", "w:numStyleLink"))
_OVERRIDE, _START_OVERRIDE = map(name, ("w:lvlOverride", "w:startOverride"))
_START, _FORMAT, _CUSTOM_FORMAT, _TEXT = map(name, ("w:start", "w:numFmt", "w:format", "w:lvlText"))
_RESTART, _LEGAL, _STYLE, _PPR = map(name, ("w:lvlRestart", "w:isLgl", "w:pStyle", "w:pPr"))
_PLACE = re.compile(r"%([1-9])")


class NumberingLevel(NamedTuple):
    """Level of a list. `text` is its pattern, such as `%1.%2.`; `style` the id of the style that is bound to it."""

    start: int = 1
    number_format: str = "decimal"
    digits: int = 0
    """Minimum number of digits of a custom format such as `001, 002, 003, ...`."""
    text: str = ""
    restart: int | None = None
    """Number of the level that this level restarts after; 0 for never, None for any level above."""
    is_legal: bool = False
    style: str | None = None
    indent: int | None = None
    """Indent of its paragraphs, in twentieths of a point."""

    def show(self, number: int, as_decimal: bool) -> str:
        """Return a number of this level."""
        return (
            str(number).zfill(self.digits) if as_decimal or self.digits else format_number(number, self.number_format)
        )


class ListMark(NamedTuple):
    """Mark of a numbered paragraph as it is shown; empty for other paragraphs."""

    text: str = ""
    level: int = 0
    """Level of its list, from 0."""
    indent: int | None = None


class _List(NamedTuple):
    """A list as a numbering instance (`w:num`) shows it; `key` is the id of the definition that it counts in."""

    key: str
    levels: dict[int, NumberingLevel]
    starts: dict[int, int]


class ListNumbering:
    """Counters of all lists of a document; ask for the marks in the order of the paragraphs."""

    def __init__(self, root: Element | None, styles: StyleTable) -> None:
        self._styles = styles
        abstracts = () if root is None else root.findall(_ABSTRACT)
        self._abstracts = {item.get(_ABSTRACT_ID, ""): item for item in abstracts}
        instances = () if root is None else root.findall(_NUM)
        self._instances = {item.get(_NUM_ID, ""): item for item in instances}
        self._lists: dict[str, _List] = {}
        self._counters: dict[str, dict[int, int]] = {}
        self._restarted: set[tuple[str, int]] = set()

    def mark(self, own: Properties, style: WordStyle) -> ListMark:
        """Count a paragraph, given the properties of its own and its style, and return its mark."""
        num_id = style.format.num_id if own.num_id is None else own.num_id
        if num_id is None or num_id == "0" or num_id not in self._instances:
            return ListMark()
        listing = self._list(num_id)
        index = own.level
        if index is None and own.num_id is None:
            bound = (i for i, level in listing.levels.items() if level.style in (style.id, style.numbering_style))
            index = next(bound, style.format.level)
        index = index or 0
        return ListMark(self._count(num_id, listing, index), index, listing.levels.get(index, NumberingLevel()).indent)

    def _count(self, num_id: str, listing: _List, index: int) -> str:
        """Advance the counter of a level, restart those below, and return the mark."""
        counters = self._counters.setdefault(listing.key, {})
        level = listing.levels.get(index, NumberingLevel())
        start = listing.starts.get(index, level.start)
        if index in listing.starts and (num_id, index) not in self._restarted:
            self._restarted.add((num_id, index))
            counters[index] = start
        else:
            counters[index] = counters[index] + 1 if index in counters else start
        for below in [key for key in counters if key > index]:
            restart = listing.levels.get(below, NumberingLevel()).restart
            if restart is None or index < restart:
                del counters[below]
        if level.number_format == "bullet":
            return BULLET

        def place(match: re.Match[str]) -> str:
            key = int(match[1]) - 1
            shown = listing.levels.get(key, NumberingLevel())
            number = counters.get(key, listing.starts.get(key, shown.start))
            return shown.show(number, level.is_legal) if key <= index else ""

        return " ".join(_PLACE.sub(place, level.text).split())

    def _list(self, num_id: str) -> _List:
        """Return the list of a numbering instance, with its overrides."""
        if num_id not in self._lists:
            instance = self._instances[num_id]
            key = attribute(instance, _ABSTRACT_ID) or ""
            levels, starts = self._levels(key), {}
            for override in instance.findall(_OVERRIDE):
                index = integer(override.get(_INDEX))
                if (element := override.find(_LEVEL)) is not None:
                    levels[index] = _read_level(element)
                if (start := attribute(override, _START_OVERRIDE)) is not None:
                    starts[index] = integer(start)
            self._lists[num_id] = _List(key, levels, starts)
        return self._lists[num_id]

    def _levels(self, key: str) -> dict[int, NumberingLevel]:
        """Return the levels of a definition, or of the one that it takes over through a numbering style."""
        seen: set[str] = set()
        while (abstract := self._abstracts.get(key)) is not None and key not in seen:
            seen.add(key)
            link = attribute(abstract, _STYLE_LINK)
            target = self._instances.get(self._styles.numbering(link) or "") if link else None
            if target is None or abstract.find(_LEVEL) is not None:
                levels = abstract.findall(_LEVEL)[:LEVELS]
                return {integer(level.get(_INDEX)): _read_level(level) for level in levels}
            key = attribute(target, _ABSTRACT_ID) or ""
        return {}


def _read_level(element: Element) -> NumberingLevel:
    # a custom format stands in a `mc:Choice`, with a plain format to fall back to
    formats = list(unwrapped(element, _FORMAT))
    custom = next((item.get(_CUSTOM_FORMAT, "") for item in formats if item.get(_CUSTOM_FORMAT)), "")
    sample = custom.split(",")[0].strip()
    restart = attribute(element, _RESTART)
    return NumberingLevel(
        start=integer(attribute(element, _START), 0 if element.find(_START) is None else 1),
        number_format=formats[0].get(VAL, "decimal") if formats else "decimal",
        digits=min(9, len(sample)) if sample.isdecimal() else 0,
        text=attribute(element, _TEXT) or "",
        restart=None if restart is None else integer(restart),
        is_legal=is_on(element, _LEGAL),
        style=attribute(element, _STYLE),
        indent=read_properties(element.find(_PPR), None).indent,
    )
