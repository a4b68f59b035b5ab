"""Contract of a site parser.

A site parser is one module with a `SITE`. It is found by the address of a page, or by marks that only this site has. A
version reads the form that pages have had since a date; the newest one that fits is taken. It changes the tree in place
so that the `content` holds only what belongs to the document, with headings as `h1` to `h6`. Tests hold a canary page
for each version, of our own writing.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opora.corpus.blocks import one_line
from opora.records import Scalar

if TYPE_CHECKING:
    from lxml.html import HtmlElement


@dataclass(frozen=True)
class SitePage:
    """A page as its site parser read it."""

    content: HtmlElement
    title: str
    facts: Mapping[str, Scalar] = field(default_factory=dict)
    """Facts on the document: `date` (ISO 8601), `number`, `parties`, `court`, ..."""


@dataclass(frozen=True)
class SiteVersion:
    """A form of the pages of a site. `read` raises PageChanged if a page does not have it."""

    since: datetime.date
    read: Callable[[HtmlElement], SitePage]


@dataclass(frozen=True)
class Site:
    """A site: the addresses of its pages, and the forms that they have had, newest first."""

    name: str
    hosts: re.Pattern[str]
    paths: re.Pattern[str]
    versions: Sequence[SiteVersion]
    has_marks: Callable[[HtmlElement], bool] = lambda root: False
    """Tells a page whose address is unknown by marks that only this site has."""

    def has_address(self, url: str) -> bool:
        """Return True for the address of a page of the site."""
        try:
            address = urlsplit(url)
            host = address.hostname or ""
        except ValueError:
            return False
        path = f"{address.path}?{address.query}" if address.query else address.path
        return bool(self.hosts.fullmatch(host)) and bool(self.paths.match(path))


class PageChanged(Exception):
    """The page lacks a part that the version of the site has."""


def required(root: HtmlElement, path: str, part: str) -> HtmlElement:
    """Return the first element at an XPath. Raises PageChanged if there is none; `part` names it."""
    elements = root.xpath(path)
    if not elements:
        raise PageChanged(part)
    element: HtmlElement = elements[0]
    return element


def text_of(element: HtmlElement) -> str:
    """Return the text of an element in one line."""
    return one_line(" ".join(element.itertext()))


def remove_all(root: HtmlElement, path: str) -> None:
    """Remove the elements at an XPath and keep the text after them."""
    for element in root.xpath(path):
        if element.getparent() is not None:
            element.drop_tree()


def iso_date(text: str) -> str:
    """Return the first date such as `05.06.2026` in ISO 8601, or an empty string."""
    match = re.search(r"\b([0-3]?\d)\.([01]?\d)\.((?:19|20)\d\d)\b", text)
    if not match:
        return ""
    day, month, year = map(int, match.groups())
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return ""
