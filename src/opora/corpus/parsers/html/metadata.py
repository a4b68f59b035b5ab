"""Titles and facts that a page states about itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from opora.corpus.blocks import one_line
from opora.corpus.parsers.html.blocks import PlacedBlock
from opora.corpus.parsers.html.styles import is_centred
from opora.records import Scalar

if TYPE_CHECKING:
    from lxml.html import HtmlElement

FACTS = {
    "author": ("author", "article:author", "dc.creator", "dcterms.creator"),
    "date": (
        "article:published_time", "datepublished", "date", "dc.date", "dcterms.date", "dc.date.issued", "pubdate",
        "publication_date", "article:modified_time",
    ),
    "site": ("og:site_name", "application-name"),
    "url": ("og:url",),
}  # fmt: skip
"""Fact -> names of `meta` elements that state it, best first."""
MAX_FACT = 500
"""Maximum length of a fact, in characters."""
MAX_CENTRED, MAX_CENTRED_LINES = 300, 4
MIN_NAMED = 8
"""Minimum length of a heading that is taken for the title because the head of the page names it, in characters."""
MAX_BEFORE_TITLE = 12
"""Number of first blocks among which a centred title is looked for."""
_DATE = re.compile(r"(?:19|20)\d\d-[01]\d-[0-3]\d")
_SAVED_FROM = re.compile(rb"<!--\s*saved from url=(?:\(\d+\))?(\S+)\s*-->", re.IGNORECASE)


def read_metadata(root: HtmlElement, data: bytes) -> dict[str, Scalar]:
    """Return author, date (ISO 8601), site and url, as far as the page states them."""
    stated = _stated(root)
    facts: dict[str, Scalar] = {}
    for fact, names in FACTS.items():
        text = next((stated[name] for name in names if stated.get(name)), "")
        if text:
            facts[fact] = text[:MAX_FACT]
    canonical = root.xpath("string((//link[contains(@rel, 'canonical')]/@href)[1])").strip()
    saved_from = _SAVED_FROM.search(data[:4096])
    if canonical.startswith("http"):
        facts["url"] = canonical[:MAX_FACT]
    elif "url" not in facts and saved_from:
        facts["url"] = saved_from[1].decode("ascii", "replace")[:MAX_FACT]
    if "date" not in facts:
        facts["date"] = _date_of_script(root) or root.xpath("string((//time/@datetime)[1])")
    date = _DATE.search(str(facts["date"]))
    facts["date"] = date[0] if date else ""
    return {name: fact for name, fact in facts.items() if fact}


def _stated(root: HtmlElement) -> dict[str, str]:
    """Return the contents of `meta` elements by name, in lower case; the first of a name counts."""
    stated: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").strip().lower()
        text = one_line(meta.get("content") or "")
        if name and text:
            stated.setdefault(name, text)
    return stated


def _date_of_script(root: HtmlElement) -> str:
    """Return the date of publication in linked data (schema.org)."""
    for script in root.iter("script"):
        if script.get("type") == "application/ld+json" and "datePublished" in (script.text or ""):
            match = re.search(r'"datePublished"\s*:\s*("[^"]{4,40}")', script.text)
            if match:
                return str(json.loads(match[1], strict=False)) if "\\" not in match[1] else ""
    return ""


def read_titles(root: HtmlElement) -> list[str]:
    """Return the titles in the head of a page: that for sharing, then the title element."""
    shared = root.xpath("string((//meta[@property='og:title' or @name='og:title']/@content)[1])")
    return [title for title in map(one_line, (shared, root.findtext(".//title") or "")) if title]


def rank_page_titles(head: Sequence[str], content: Sequence[PlacedBlock], centred: frozenset[str]) -> list[str]:
    """Return the possible titles of a page, best first.

    A heading that a title of the head names is better than it: the head adds the name of the site. Then come the title
    for sharing, headings of level 1, the title element, and the first centred lines. `centred` are classes whose text
    is centred.
    """
    headings = [item.block for item in content if item.block.kind == "heading"]
    named = [block.text for block in headings if len(block.text) >= MIN_NAMED and any(block.text in t for t in head)]
    first_level = [block.text for block in headings if block.level == 1]
    lines = one_line(" ".join(_first_centred(content[:MAX_BEFORE_TITLE], centred)))
    titles = [*named[:1], *head[:-1], *first_level[:3], *head[-1:], lines]
    return [title for title in dict.fromkeys(titles) if title]


def _first_centred(content: Sequence[PlacedBlock], centred: frozenset[str]) -> Iterator[str]:
    count = length = 0
    for item in content:
        if is_centred(item.element, centred) and item.block.kind in ("heading", "paragraph"):
            count, length = count + 1, length + len(item.block.text)
            if count > MAX_CENTRED_LINES or length > MAX_CENTRED:
                return
            yield item.block.text
        elif count:
            return
