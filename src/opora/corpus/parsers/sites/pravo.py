"""Laws as the official portal of legal information of Russia (pravo.gov.ru) shows and saves them.

Its paragraphs have classes of one letter: T and C are centred, H is the heading of an article, I stands beside, W9
raises numbers. The title element is `Complex`.
"""

from __future__ import annotations

import datetime
import re
from itertools import takewhile
from typing import TYPE_CHECKING

from opora.corpus.blocks import one_line
from opora.corpus.parsers.sites.base import PageChanged, Site, SitePage, SiteVersion, iso_date, text_of
from opora.records import Scalar

if TYPE_CHECKING:
    from lxml.html import HtmlElement

AMENDMENTS = "Список изменяющих документов"
"""Heading under which the amending laws stand, at the end, so that they do not hide the first article."""
MAX_TITLE_LINES = 5
MIN_AMENDMENTS = 5
"""Number of amending laws from which their list is set apart."""
_AMENDED = re.compile(r"\(?\s*(?:в ред(?:акции|\.)|с изменениями)", re.IGNORECASE)
_NUMBER = re.compile(r"№\s*[\w/-]+")
_DATE_IN_WORDS = re.compile(r"\b(\d{1,2})\s+([а-я]{3,8})\s+((?:19|20)\d\d)", re.IGNORECASE)
_MONTHS = ("янв", "фев", "мар", "апр", "ма", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
_TITLE_CLASSES = ("T", "C")
_LETTERHEAD = re.compile(r"российская федерация$|принят|одобрен", re.IGNORECASE)
_SECTION = re.compile(r"(?:раздел|глава|часть|статья|параграф)\b", re.IGNORECASE)
_TAIL = 12
"""Number of last paragraphs among which the date and number of a law stand."""


def _read(root: HtmlElement) -> SitePage:
    body = root.find("body")
    paragraphs = [] if body is None else [p for p in body.iter("p") if (p.text_content() or "").strip()]
    if body is None or not any(p.get("class") in ("H", "T") for p in paragraphs):
        raise PageChanged("headings")
    title_lines = _title_lines(paragraphs)
    if not title_lines:
        raise PageChanged("title")
    title = " ".join(text_of(p) for p in title_lines)
    _merge_title(title_lines, title)
    for paragraph in paragraphs[paragraphs.index(title_lines[-1]) + 1 :]:
        name = paragraph.get("class")
        if name == "H":
            paragraph.tag = "h3"
        elif name == "T" or (name == "C" and _SECTION.match(text_of(paragraph))):
            paragraph.tag = "h2"
    _move_amendments(body, paragraphs)
    return SitePage(body, title, _facts(paragraphs))


def _title_lines(paragraphs: list[HtmlElement]) -> list[HtmlElement]:
    """Return the centred paragraphs with which the law begins, up to its first section."""

    def is_title(paragraph: HtmlElement) -> bool:
        text = text_of(paragraph)
        is_other = any(pattern.match(text) for pattern in (_SECTION, _AMENDED, _LETTERHEAD))
        return paragraph.get("class") in _TITLE_CLASSES and not is_other

    start = next((at for at, paragraph in enumerate(paragraphs) if is_title(paragraph)), len(paragraphs))
    return list(takewhile(is_title, paragraphs[start : start + MAX_TITLE_LINES]))


def _merge_title(lines: list[HtmlElement], title: str) -> None:
    """Make one heading of the lines of the title."""
    heading = lines[0]
    for line in lines[1:]:
        line.drop_tree()
    tail = heading.tail
    heading.clear()
    heading.tag, heading.text, heading.tail = "h1", title, tail


def _move_amendments(body: HtmlElement, paragraphs: list[HtmlElement]) -> None:
    lists = [p for p in paragraphs if _AMENDED.match(text_of(p)) and len(_NUMBER.findall(text_of(p))) >= MIN_AMENDMENTS]
    if lists:
        heading = body.makeelement("h2")
        heading.text = AMENDMENTS
        body.append(heading)
        for paragraph in lists:
            body.append(_detached(paragraph))


def _detached(paragraph: HtmlElement) -> HtmlElement:
    """Return a copy without the text after it, and remove the paragraph from its place."""
    copy = paragraph.makeelement("p")
    copy.text = one_line(paragraph.text_content())
    paragraph.drop_tree()
    return copy


def _facts(paragraphs: list[HtmlElement]) -> dict[str, Scalar]:
    """Return date and number of a law, which stand below the signature."""
    facts: dict[str, Scalar] = {}
    for paragraph in paragraphs[-_TAIL:]:
        text = text_of(paragraph)
        if number := re.fullmatch(r"№\s*([\w/-]+)", text):
            facts["number"] = number[1]
        elif date := _date(text):
            facts["date"] = date
    return facts


def _date(text: str) -> str:
    match = re.fullmatch(rf"(?:\w+,\s*)?{_DATE_IN_WORDS.pattern}(?:\s*(?:г\.|года))?", text, re.IGNORECASE)
    if not match:
        return iso_date(text) if len(text) <= 12 else ""
    month = next((at for at, name in enumerate(_MONTHS, 1) if match[2].lower().startswith(name)), 0)
    try:
        return datetime.date(int(match[3]), month, int(match[1])).isoformat()
    except ValueError:
        return ""


def _has_marks(root: HtmlElement) -> bool:
    is_complex = (root.findtext(".//title") or "").strip() == "Complex"
    return is_complex and bool(root.xpath("boolean(//p[@class='H' or @class='T' or @class='C'])"))


SITE = Site(
    name="pravo.gov.ru",
    hosts=re.compile(r"(?:[\w-]+\.)*pravo\.gov\.ru"),
    paths=re.compile(r"/(?:proxy/)?ips/", re.IGNORECASE),
    versions=(SiteVersion(datetime.date(2012, 1, 1), _read),),
    has_marks=_has_marks,
)
