"""Blocks of a page with their shares of links, and what stands around them: menus, banners, footers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from opora.corpus.parsers.html.blocks import PlacedBlock

if TYPE_CHECKING:
    from lxml.html import HtmlElement

CHROME_TAGS = frozenset("nav footer aside figcaption search".split())
CHROME_ROLES = frozenset("navigation complementary contentinfo search dialog banner".split())
CHROME_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|sidebar|footer|breadcrumbs?|cookies?|consent|related|recommend\w*|shar(?:e|ing)"
    r"|social|newsletter|promo|advert\w*|banner|widget|comments?|commentlist|respond|tags?|byline|author|meta|popular"
    r"|most-read|modal|popup|subscribe|login|search|pagination|pager|copyright|disclaimer|caption|credit)(?:$|[\s_-])",
    re.IGNORECASE,
)
"""Names in `class` and `id` by which pages mark what stands around their content."""
MIN_PROSE = 60
"""Minimum length of a block that reads as prose, in characters."""
MAX_LINKED_PROSE = 0.4
"""Maximum share of prose that is links."""
MAX_MENU_ENTRY, MIN_LINKED_ENTRY, MIN_MENU_ENTRIES = 80, 0.8, 4
"""Length and share of links by which a block is an entry of a menu, and the number of entries in a row."""


class PageBlocks:
    """Blocks of a page with their lengths and shares of links."""

    def __init__(self, placed: Sequence[PlacedBlock]) -> None:
        self.placed = placed
        self.lengths = [len(item.block.text) for item in placed]
        self.links = [
            item.linked / length if length else 0.0 for item, length in zip(placed, self.lengths, strict=True)
        ]
        self._is_named: dict[HtmlElement, bool] = {}

    def __len__(self) -> int:
        return len(self.placed)

    def is_heading(self, index: int, level: int = 0) -> bool:
        """Return True if a block is a heading that is no link, of the level if it is not 0."""
        block = self.placed[index].block
        return block.kind == "heading" and self.links[index] < 0.9 and level in (0, block.level)

    def is_prose(self, index: int, min_length: int = MIN_PROSE) -> bool:
        return self.lengths[index] >= min_length and self.links[index] < MAX_LINKED_PROSE

    def is_menu_entry(self, index: int) -> bool:
        return self.links[index] >= MIN_LINKED_ENTRY and self.lengths[index] < MAX_MENU_ENTRY

    def menus(self) -> set[int]:
        """Return the blocks of menus: several entries in a row."""
        entries: set[int] = set()
        run: list[int] = []
        for index in range(len(self) + 1):
            if index < len(self) and self.is_menu_entry(index):
                run.append(index)
                continue
            if len(run) >= MIN_MENU_ENTRIES:
                entries.update(run)
            run = []
        return entries

    def chrome(self, content: frozenset[HtmlElement] = frozenset()) -> set[int]:
        """Return the blocks inside elements that are marked as surroundings, up to elements that hold content."""
        inside: dict[HtmlElement, bool] = {}
        return {index for index, item in enumerate(self.placed) if self._is_inside(item.element, content, inside)}

    def _is_inside(
        self, element: HtmlElement, content: frozenset[HtmlElement], inside: dict[HtmlElement, bool]
    ) -> bool:
        path: list[HtmlElement] = []
        current: HtmlElement | None = element
        result = False
        while current is not None and current not in content and current.tag not in ("body", "html"):
            if current in inside:
                result = inside[current]
                break
            path.append(current)
            if self._is_marked(current):
                result = True
                break
            current = current.getparent()
        inside.update(dict.fromkeys(path, result))
        return result

    def _is_marked(self, element: HtmlElement) -> bool:
        if element not in self._is_named:
            names = f"{element.get('class') or ''} {element.get('id') or ''}"
            self._is_named[element] = (
                element.tag in CHROME_TAGS or element.get("role") in CHROME_ROLES or bool(CHROME_NAMES.search(names))
            )
        return self._is_named[element]

    def ancestors(self, indices: Iterable[int]) -> frozenset[HtmlElement]:
        """Return all elements that hold one of the blocks."""
        elements: set[HtmlElement] = set()
        for index in indices:
            current: HtmlElement | None = self.placed[index].element
            while current is not None and current not in elements:
                elements.add(current)
                current = current.getparent()
        return frozenset(elements)

    def parent(self, index: int) -> HtmlElement | None:
        return self.placed[index].element.getparent()
