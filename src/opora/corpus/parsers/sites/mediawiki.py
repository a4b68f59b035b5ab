"""Articles of MediaWiki, such as those of Wikipedia: without edit links, references, navigation and languages."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

from opora.corpus.parsers.sites.base import Site, SitePage, SiteVersion, remove_all, required, text_of

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_UNREAD = (
    "mw-editsection", "editsection", "mw-jump-link", "mw-indicators", "mw-cite-backlink", "mw-empty-elt",
    "mw-authority-control",
    "reference", "references", "reflist", "refbegin", "navbox", "navbar", "vertical-navbox", "sistersitebox",
    "noprint", "metadata", "ambox", "toc", "hatnote", "catlinks", "printfooter", "thumbcaption-hidden", "gallery",
    "mw-references-wrap", "sidebar", "shortdescription", "noexcerpt", "portal-bar",
)  # fmt: skip
_UNREAD_PATH = ".//*[" + " or ".join(
    f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')" for name in _UNREAD
) + "]"  # fmt: skip
_UNREAD_IDS = ("toc", "siteSub", "jump-to-nav", "contentSub")
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")


def _read(root: HtmlElement) -> SitePage:
    return _read_article(root, "//*[@id='mw-content-text']//*[contains(@class, 'mw-parser-output')]")


def _read_before_2018(root: HtmlElement) -> SitePage:
    return _read_article(root, "//*[@id='mw-content-text'] | //*[@id='bodyContent']")


def _read_article(root: HtmlElement, content_path: str) -> SitePage:
    title = text_of(required(root, "//*[@id='firstHeading']", "title"))
    content = required(root, content_path, "content")
    remove_all(content, _UNREAD_PATH)
    remove_all(content, ".//style | .//script | .//*[@role='navigation']")
    remove_all(content, " | ".join(f".//*[@id='{name}']" for name in _UNREAD_IDS))
    for heading in reversed(content.xpath(".//h2|.//h3|.//h4|.//h5|.//h6")):
        if _is_empty_section(heading):
            heading.drop_tree()
    _add_title(content, title)
    return SitePage(content, title)


def _is_empty_section(heading: HtmlElement) -> bool:
    """Return True if no text stands between a heading and the next one that is not below it."""
    current = heading.getparent() if "mw-heading" in (heading.getparent().get("class") or "") else heading
    level = _HEADINGS.index(heading.tag)
    while (current := current.getnext()) is not None:
        inner = current.xpath("(self::h2|self::h3|self::h4|self::h5|self::h6|.//h2|.//h3|.//h4|.//h5|.//h6)[1]")
        if inner:
            return _HEADINGS.index(inner[0].tag) <= level
        if "".join(current.itertext()).strip():
            return False
    return True


def _add_title(content: HtmlElement, title: str) -> None:
    heading = content.makeelement("h1")
    heading.text, heading.tail = title, content.text
    content.text = None
    content.insert(0, heading)


def _has_marks(root: HtmlElement) -> bool:
    return bool(root.xpath("boolean(//meta[@name='generator' and starts-with(@content, 'MediaWiki')])")) or bool(
        root.xpath("boolean(//*[@id='mw-content-text'] and //*[@id='firstHeading'])")
    )


SITE = Site(
    name="MediaWiki",
    hosts=re.compile(r"(?:[\w-]+\.)*(?:wikipedia|wikisource|wikibooks|wikinews|wiktionary|wikivoyage)\.org"),
    paths=re.compile(r"/wiki/"),
    versions=(
        SiteVersion(datetime.date(2018, 4, 1), _read),
        SiteVersion(datetime.date(2010, 1, 1), _read_before_2018),
    ),
    has_marks=_has_marks,
)
