"""Cases on the sites of courts of general jurisdiction of Russia (sudrf.ru): the judicial acts, and facts of the card.

Tabs of a card are elements `cont1`, `cont2`, ... with tables of labels and values; acts are `cont_doc1`, ... All but
one are hidden until a click. A page of an act alone holds it in `content`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from opora.corpus.parsers.sites.base import (
    PageChanged,
    Site,
    SitePage,
    SiteVersion,
    iso_date,
    remove_all,
    required,
    text_of,
)
from opora.records import Scalar

if TYPE_CHECKING:
    from lxml.html import HtmlElement

LABELS = {
    "уникальный идентификатор дела": "case_id",
    "дата поступления": "received",
    "категория дела": "category",
    "судья": "judge",
    "судья (мировой судья)": "judge",
    "председательствующий судья": "judge",
    "дата рассмотрения": "date",
    "результат рассмотрения": "outcome",
}
"""Labels of the card -> facts."""
ROLES = "истец ответчик заявитель должник взыскатель третье лицо представитель прокурор обвиняемый подсудимый"
MAX_PARTIES = 1000
"""Maximum length of the parties, in characters."""
_CASE = re.compile(r"(?:дело|производство|материал)\s*№\s*(\S+)", re.IGNORECASE)
_PARTIES = re.compile(r"стороны|участники|лица", re.IGNORECASE)
_TABLE_PATH = "//*[@id='tablcont'] | //*[starts-with(@id, 'cont') and not(starts-with(@id, 'cont_doc'))]//table"
_ACT_PATH = "//*[starts-with(@id, 'cont_doc')]"


def _read_card(root: HtmlElement) -> SitePage:
    number = text_of(required(root, "//*[contains(concat(' ', @class, ' '), ' casenumber ')]", "number of the case"))
    tables = root.xpath(_TABLE_PATH)
    if not tables:
        raise PageChanged("card")
    facts = _facts(tables)
    if match := _CASE.search(number):
        facts["number"] = match[1]
    content = root.makeelement("div")
    _append(content, "h1", number)
    acts = root.xpath(_ACT_PATH)
    for act in acts:
        _append_act(content, root, act)
    for table in tables:
        _append_table(content, table)
    return SitePage(content, number, facts)


def _append_act(content: HtmlElement, root: HtmlElement, act: HtmlElement) -> None:
    """Add an act under the name of its tab."""
    tab = root.xpath("string(//*[@id=$id])", id=(act.get("id") or "").replace("cont_", "tab_"))
    if tab.strip():
        _append(content, "h2", " ".join(tab.split()))
    act.attrib.pop("style", None)
    act.attrib.pop("class", None)
    remove_all(act, ".//*[self::script or self::style or self::button]")
    content.append(act)


def _append_table(content: HtmlElement, table: HtmlElement) -> None:
    """Add a table of the card under the title in its first row."""
    row = next(table.iter("tr"), None)
    cells = [] if row is None else [cell for cell in row if cell.tag in ("td", "th")]
    if row is not None and len(cells) == 1:
        _append(content, "h2", text_of(row))
        row.drop_tree()
    content.append(table)


def _read_act(root: HtmlElement) -> SitePage:
    content = required(root, "//*[@id='content']", "act")
    if len(text_of(content)) < 200:
        raise PageChanged("act")
    remove_all(content, ".//*[@id='doccont']")
    match = _CASE.search(text_of(content)[:2000])
    return SitePage(content, match[0] if match else "", {"number": match[1]} if match else {})


def _facts(tables: list[HtmlElement]) -> dict[str, Scalar]:
    facts: dict[str, Scalar] = {}
    parties: list[str] = []
    for table in tables:
        for row in table.iter("tr"):
            cells = [text_of(cell) for cell in row if cell.tag in ("td", "th")]
            label = cells[0].rstrip(":").lower() if cells else ""
            if len(cells) == 2 and label in LABELS and cells[1]:
                fact = LABELS[label]
                facts.setdefault(fact, (iso_date(cells[1]) or cells[1]) if fact in ("date", "received") else cells[1])
        if _PARTIES.match(text_of(table)):
            parties += _parties(table)
    if parties:
        facts["parties"] = "; ".join(dict.fromkeys(parties))[:MAX_PARTIES]
    return facts


def _parties(table: HtmlElement) -> Iterator[str]:
    for row in table.iter("tr"):
        cells = [text_of(cell) for cell in row if cell.tag == "td"]
        if len(cells) >= 2 and cells[1] and cells[0].lower() in ROLES:
            yield f"{cells[0].lower()}: {cells[1]}"


def _append(content: HtmlElement, tag: str, text: str) -> None:
    element = content.makeelement(tag)
    element.text = text
    content.append(element)


def _has_marks(root: HtmlElement) -> bool:
    return bool(root.xpath("boolean(//*[contains(@class, 'casenumber')] and //*[@id='cont1' or @id='tablcont'])"))


SITE = Site(
    name="sudrf.ru",
    hosts=re.compile(r"(?:[\w-]+\.)*sudrf\.ru"),
    paths=re.compile(r"/modules\.php\?.*name=sud_delo", re.IGNORECASE),
    versions=(
        SiteVersion(datetime.date(2015, 1, 1), _read_card),
        SiteVersion(datetime.date(2010, 1, 1), _read_act),
    ),
    has_marks=_has_marks,
)
