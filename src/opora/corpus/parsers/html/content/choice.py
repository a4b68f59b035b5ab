"""Choice of the blocks that are the content of a page.

A page without menus or other surroundings is content as a whole: a law, a manual, an exported text. Of other pages
trafilatura chooses the main text; leads, headings and gaps that it leaves out are added. A page of which it keeps too
little is read by our own rules. Measured on half of trafilatura's evaluation pages: precision .89, recall .97, F .93.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from opora.corpus.parsers.html.blocks import PlacedBlock
from opora.corpus.parsers.html.content.extraction import extract_main
from opora.corpus.parsers.html.content.page_blocks import PageBlocks

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_CHROME = 0.02
"""Maximum share of a page's text that surrounds the content of a page that is read as a whole."""
MIN_KEPT = 0.3
"""Minimum share of the prose that trafilatura must keep."""
MAX_LEAD, MAX_GAP = 20, 8
"""Maximum number of blocks between the title and the main text, and between two blocks of it."""
MAX_TITLE = 150
"""Maximum length of a title that no heading marks, in characters."""
MIN_GAP_PROSE, LONG_PROSE = 40, 120
"""Minimum length of prose in a gap, and of prose that is related to the main text by its grandparent, in characters."""


class PageContent(NamedTuple):
    """Blocks that are content. `kept` is the share of the prose that trafilatura kept; None if it was not asked."""

    blocks: Sequence[PlacedBlock]
    kept: float | None = None

    @property
    def is_lost(self) -> bool:
        """Return True if trafilatura kept too little, so that the page was read by our own rules."""
        return self.kept is not None and self.kept < MIN_KEPT


def choose_content(root: HtmlElement, placed: Sequence[PlacedBlock]) -> PageContent:
    """Return the blocks of a page that are its content. Leaves marks in the texts of the tree."""
    page = PageBlocks(placed)
    menus, chrome = page.menus(), page.chrome()
    entries = {index for index in range(len(page)) if page.is_menu_entry(index)}
    around = sum(page.lengths[index] for index in chrome | entries)
    if not menus and around <= MAX_CHROME * sum(page.lengths):
        return PageContent(placed)
    everything = set(range(len(page)))
    extracted = extract_main(root, placed)
    if extracted == everything:
        # of a short page, trafilatura takes all text
        extracted = everything - chrome or everything
    chosen = add_missing(page, (extracted or set()) - menus)
    placed = _with_title(page, chosen)
    own = everything - page.chrome(page.ancestors(chosen)) - menus or everything
    if extracted is None:
        return PageContent(_take(placed, own))
    kept = _kept_share(page, chosen)
    return PageContent(_take(placed, chosen if kept >= MIN_KEPT else chosen | own), kept)


def add_missing(page: PageBlocks, chosen: set[int]) -> set[int]:
    """Return the chosen blocks with the title, lead, headings and prose that belong to them."""
    if not chosen:
        return chosen
    chrome = page.chrome(page.ancestors(chosen))
    # a page may show a lead twice, for wide and narrow screens
    texts = {page.placed[index].block.text for index in chosen}
    lead = {index for index in _find_lead(page, min(chosen)) - chrome if page.placed[index].block.text not in texts}
    added = chosen | _find_title(page, min(chosen)) | lead
    added |= _find_gaps(page, sorted(chosen)) - chrome
    added |= _find_siblings(page, added) - chrome
    for index in range(len(page) - 2, -1, -1):
        if index + 1 in added and page.is_heading(index) and index not in chrome:
            added.add(index)
    return added


def _find_title(page: PageBlocks, first: int) -> set[int]:
    """Return the last heading of level 1 before the main text, wherever it stands; else the short line right above the
    main text that no heading marks, as in `<div class="title">`."""
    headings = [index for index in range(first + 1) if page.is_heading(index, 1)]
    return set(headings[-1:]) or ({first - 1} if _is_plain_title(page, first - 1) else set())


def _is_plain_title(page: PageBlocks, index: int) -> bool:
    """Return True for a line by itself, without links and marks, in an element that holds the block below as well."""
    if not 0 <= index < len(page) - 1 or page.links[index] or index in page.chrome():
        return False
    block = page.placed[index].block
    below: HtmlElement | None = page.placed[index + 1].element
    while below is not None and below is not page.parent(index):
        below = below.getparent()
    is_line = block.kind == "paragraph" and 0 < len(block.text) <= MAX_TITLE and block.text[-1] not in ".!?:;,"
    return is_line and below is not None and page.placed[index].element is not page.placed[index + 1].element


def _with_title(page: PageBlocks, chosen: set[int]) -> list[PlacedBlock]:
    """Return the blocks of a page, with the line at the beginning of the chosen ones as a heading if it is a title."""
    placed, first = list(page.placed), min(chosen, default=0)
    if not any(page.is_heading(index, 1) for index in range(min(first + 2, len(page)))) and _is_plain_title(
        page, first
    ):
        placed[first] = placed[first]._replace(block=placed[first].block._replace(kind="heading", level=1))
    return placed


def _find_lead(page: PageBlocks, first: int) -> set[int]:
    """Return the prose between the title, or the headings before the main text, and the main text."""
    headings = [index for index in range(max(0, first - MAX_LEAD), first + 1) if page.is_heading(index)]
    start = min(_find_title(page, first) or headings[:1] or [max(0, first - 3)])
    return {index for index in range(start, first) if page.is_prose(index)} if first - start <= MAX_LEAD else set()


def _find_gaps(page: PageBlocks, chosen: Sequence[int]) -> set[int]:
    """Return prose between chosen blocks, and short lines between siblings, such as a single word in spaced letters."""
    gaps: set[int] = set()
    for before, after in pairwise(chosen):
        if after - before - 1 > MAX_GAP:
            continue
        for index in range(before + 1, after):
            is_sibling = _holder(page, before) is _holder(page, index) is _holder(page, after)
            if page.is_prose(index, 0 if is_sibling else MIN_GAP_PROSE):
                gaps.add(index)
    return gaps


def _holder(page: PageBlocks, index: int) -> HtmlElement | None:
    """Return the element that holds a block, or the list that a block is an item of."""
    parent = page.parent(index)
    return parent.getparent() if parent is not None and parent.tag in ("ul", "ol") else parent


def _find_siblings(page: PageBlocks, chosen: set[int]) -> set[int]:
    """Return prose right beside chosen blocks, under the same parent."""
    holders = {element for element in page.ancestors(chosen) if element.tag not in ("body", "html")}
    return {
        index
        for index in range(len(page))
        if index not in chosen
        and page.placed[index].block.kind != "heading"
        and page.is_prose(index)
        and page.links[index] < 0.2
        and _is_beside(page, index, holders)
    }


def _is_beside(page: PageBlocks, index: int, holders: set[HtmlElement]) -> bool:
    """Return True if a block shares its parent with chosen text, or its grandparent if it is long."""
    parent = page.parent(index)
    if page.placed[index].element in holders or parent in holders:
        return True
    return page.lengths[index] >= LONG_PROSE and parent is not None and parent.getparent() in holders


def _kept_share(page: PageBlocks, chosen: set[int]) -> float:
    """Return the share of the prose, outside of what is marked as surroundings, that is chosen."""
    chrome = page.chrome(page.ancestors(chosen))
    prose = {index for index in range(len(page)) if index not in chrome and page.is_prose(index)}
    total = sum(page.lengths[index] for index in prose)
    return sum(page.lengths[index] for index in prose & chosen) / total if total else 1.0


def _take(placed: Sequence[PlacedBlock], indices: set[int]) -> list[PlacedBlock]:
    return [placed[index] for index in sorted(indices)]
