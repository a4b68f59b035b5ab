"""A canary page for each version of each site, of our own writing; a page that changed is read as any other."""

import datetime
import re
from importlib import metadata
from pathlib import Path

import pytest

from opora.corpus.blocks import write_markdown
from opora.corpus.parsers.html.parser import read_page
from opora.corpus.parsers.sites import registry
from opora.corpus.parsers.sites.base import PageChanged, Site, SitePage, SiteVersion

CANARIES = {path.name.rsplit("-", 1)[0]: path for path in sorted((Path(__file__).parent / "canaries").glob("*.html"))}
"""Site and version -> page."""


def read(name):
    reading = read_page(CANARIES[name].read_bytes())
    return reading, write_markdown(reading.blocks).text


def test_every_version_has_a_canary():
    expected = {f"{site.name}-{at}" for site in registry.SITES for at in range(1, len(site.versions) + 1)}
    assert set(CANARIES) == expected


@pytest.mark.parametrize("site", registry.SITES, ids=lambda site: site.name)
def test_versions_are_dated_newest_first(site):
    dates = [version.since for version in site.versions]
    assert dates == sorted(dates, reverse=True)


def test_article_of_mediawiki():
    reading, text = read("MediaWiki-1")
    assert reading.titles[0] == "Норвик (насос)"
    assert text == (
        "# Норвик (насос)\n\n| Основан | 4 апреля 1975 |\n|---|---|\n| Город | Энск |\n\n"
        "Норвик — насос для чистой воды.\n\n## Устройство\n\nРабочее колесо отлито из бронзы."
    )


def test_article_of_mediawiki_before_2018():
    reading, text = read("MediaWiki-2")
    assert reading.titles[0] == "Чайка (насос)"
    assert text == "# Чайка (насос)\n\nЧайка — насос для морской воды.\n\n## История\n\nВыпускается с 1968 года."


def test_law_of_pravo():
    reading, text = read("pravo.gov.ru-1")
    assert reading.titles[0] == "ФЕДЕРАЛЬНЫЙ ЗАКОН О хранении проб"
    assert reading.metadata == {"number": "901-ФЗ", "date": "2002-07-24"}
    order = ["# ФЕДЕРАЛЬНЫЙ ЗАКОН", "## Глава 1.", "### Статья 1¹.", "тридцать суток", "## Список изменяющих", "97-ФЗ"]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)


def test_card_of_a_court():
    reading, text = read("sudrf.ru-1")
    assert reading.titles[0] == "ДЕЛО № 2-17/2026"
    assert reading.metadata == {
        "case_id": "00RS0000-01-2026-000001-01",
        "date": "2026-06-05",
        "judge": "Петрова А. Б.",
        "parties": "истец: Соколов И. П.; ответчик: ООО «Лодка»",
        "number": "2-17/2026",
    }
    assert "## Судебный акт #1 (Решение)" in text
    assert "установил:" in text
    assert "Вакансии" not in text
    assert text.index("Взыскать 40 000 рублей.") < text.index("## ДВИЖЕНИЕ ДЕЛА")


def test_act_of_a_court():
    reading, text = read("sudrf.ru-2")
    assert reading.metadata["number"] == "5-174/2026"
    assert text.startswith("Дело № 5-174/2026")
    assert "Карта сайта" not in text


def test_page_that_changed_is_suspect():
    page = re.sub(r"<h1.*?</h1>", "", CANARIES["MediaWiki-1"].read_text())
    reading = read_page(page.encode())
    assert [suspicion.reason for suspicion in reading.suspicions] == ["changed site"]
    assert "title" in reading.suspicions[0].detail
    assert any("насос для чистой воды" in block.text for block in reading.blocks)


def test_address_outside_the_page_tells_the_site():
    page = b"<h1 id=firstHeading>A</h1><div id=mw-content-text><div class=mw-parser-output><p>Text.</p></div></div>"
    assert registry.SITES[0].has_address("https://ru.wikipedia.org/wiki/A")
    assert not registry.SITES[0].has_address("https://wikipedia.org.example.net/wiki/A")
    assert not registry.SITES[0].has_address("http://[broken")
    assert read_page(page, url="https://ru.wikipedia.org/wiki/A").titles[0] == "A"


def test_sites_of_packages_come_first(monkeypatch):
    def read_note(root):
        if root.find(".//article") is None:
            raise PageChanged("article")
        return SitePage(root.find(".//article"), "Заметка", {"number": "7"})

    site = Site(
        "notes", re.compile(r"notes\.example"), re.compile("/"), [SiteVersion(datetime.date(2026, 1, 1), read_note)]
    )
    point = type("Point", (), {"load": lambda self: site})()
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point] if group == "opora.sites" else [])
    registry._plugins.cache_clear()
    try:
        reading = read_page("<p>Меню</p><article>Вода.</article>".encode(), url="https://notes.example/1")
    finally:
        monkeypatch.undo()
        registry._plugins.cache_clear()
    assert reading.titles == ["Заметка"]
    assert [block.text for block in reading.blocks] == ["Вода."]
