"""Levels of headings: parts above chapters above articles, appendices on top, and those that the parser marked kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from opora.corpus.blocks import MAX_LEVEL
from opora.corpus.sections.lines import Heading, TextLine
from opora.text.entities.place_names import place_names

MAX_ABOVE_TITLE = 3
"""Lines above the title of a document."""
APPROVAL_LINES = 6
"""Most lines between the heading of an appendix and its title: who approved it, and when."""
Order = tuple[int, int]
"""Rank of the kind of a heading, and its depth; smaller is further outside."""


def assign_levels(lines: Sequence[TextLine], headings: Sequence[Heading]) -> list[int]:
    """Return the level of each heading, from 1; the headings are in text order."""
    marked = _marked_levels(lines, headings)
    base = 1 if any(heading.kind == "title" for heading in headings) else 0
    if not base and _begins_with_title(lines, headings):
        base = lines[headings[0].start].block.level
    levels = _levels_of_orders(headings, marked, base)
    outermost = min(levels.values(), default=base + 1)
    shift = next((levels[order] - level for order, level in sorted(marked.items())), 0)
    assigned: list[int] = []
    offset, appendix_end, in_sections = 0, -APPROVAL_LINES - 1, False
    for heading in headings:
        order = _order(heading)
        if heading.kind == "title":
            level = 1
        elif heading.kind == "appendix" and (levels or not lines[heading.start].is_marked):
            level, offset, appendix_end = outermost, 1, heading.end
        elif heading.kind == "annex":
            level = outermost + (0 <= heading.start - appendix_end <= APPROVAL_LINES)
            offset = level - outermost + 1
        elif order:
            level, in_sections = levels[order] + offset, True
        elif lines[heading.start].is_marked:
            level = lines[heading.start].block.level + (shift if in_sections else 0)
        else:
            level = outermost + offset
        assigned.append(max(1, min(MAX_LEVEL, level)))
    return assigned


def _begins_with_title(lines: Sequence[TextLine], headings: Sequence[Heading]) -> bool:
    """Return True if the first heading, an unnumbered one at the beginning, is the title of the document."""
    first = headings[0]
    is_unnumbered = first.kind == "unnumbered" and first.start <= MAX_ABOVE_TITLE
    return is_unnumbered and len(headings) > 1 and _order(headings[1]) is not None


def _order(heading: Heading) -> Order | None:
    """Return the place of a heading in the hierarchy; None for titles, appendices, phrases and unnumbered ones."""
    ranks = place_names().ranks
    if heading.kind in ranks and heading.kind != "appendix":
        return ranks[heading.kind], 1
    if heading.kind in ("roman", "decimal"):
        return len(ranks) + (heading.kind == "decimal"), heading.depth
    return None


def _marked_levels(lines: Sequence[TextLine], headings: Sequence[Heading]) -> dict[Order, int]:
    """Return the level that the parser gave most headings of a kind."""
    counts: dict[Order, Counter[int]] = {}
    for heading in headings:
        order = _order(heading)
        if order and lines[heading.start].is_marked:
            counts.setdefault(order, Counter())[lines[heading.start].block.level] += 1
    return {order: counter.most_common(1)[0][0] for order, counter in counts.items()}


def _levels_of_orders(headings: Sequence[Heading], marked: Mapping[Order, int], base: int) -> dict[Order, int]:
    """Return the level of each kind that occurs: each one below the kinds further outside."""
    orders = _sorted_orders(headings)
    if base + len(orders) > MAX_LEVEL:
        base = 0
    levels: dict[Order, int] = {}
    last = base
    for order in orders:
        last = max(last + 1, marked.get(order, 0))
        levels[order] = last
    return levels


def _sorted_orders(headings: Sequence[Heading]) -> list[Order]:
    """Return the kinds that occur, outermost first. Sections are above articles in Russian laws and in those of the
    European Union, and below them in English contracts, where there are more of them."""
    counts = Counter(order for heading in headings if (order := _order(heading)))
    ranks = place_names().ranks
    orders = sorted(counts)
    section, article = (ranks["section"], 1), (ranks["article"], 1)
    first = next((_order(h) for h in headings if _order(h) in (section, article)), None)
    if section in counts and article in counts and first == article and counts[section] > counts[article]:
        orders.remove(section)
        orders.insert(orders.index(article) + 1, section)
    return orders
