"""Content of pages: what surrounds it is off, documents that are content as a whole lose nothing."""

import pytest

from opora.corpus.blocks import write_markdown
from opora.corpus.parsers.base import ParseContext, ParseError
from opora.corpus.parsers.html import mhtml
from opora.corpus.parsers.html.parser import read_page
from opora.corpus.settings import DEFAULT_PARSING

CONTEXT = ParseContext("a", DEFAULT_PARSING, 2**25, lambda data, name: None)
MENU = "".join(
    f"<div class=item><a href='/{name}'>{name}</a></div>" for name in "О_суде Документы Вакансии Пресса".split()
)
STORY = "Насосная станция посёлка подаёт воду в две зоны, и летом расход растёт вдвое, так как жители поливают сады."
PARAGRAPHS = "".join(f"<p>{number}. {STORY}</p>" for number in range(1, 9))


def text(page, **options):
    return write_markdown(read_page(page if isinstance(page, bytes) else page.encode(), **options).blocks).text


@pytest.mark.parametrize(
    "clutter",
    [
        f"<div class=menu>{MENU} Ненужное</div>",
        "<nav>Ненужное</nav>",
        "<div style='display: none'>Ненужное</div>",
        "<div hidden>Ненужное</div>",
        "<div aria-hidden=true>Ненужное</div>",
        "<p class=zu>Ненужное</p>",
        "<form><label>Ненужное</label><input name=q><button>Найти</button></form>",
        "<noscript>Ненужное</noscript>",
        "<template>Ненужное</template>",
        "<div id=cookie-banner><p>Ненужное: мы храним cookie, чтобы сайт работал быстрее и удобнее.</p></div>",
    ],
)
def test_clutter_is_off(clutter):
    page = f"<style>.zu {{display:none}}</style><body>{MENU}{clutter}<div><h1>Вода</h1>{PARAGRAPHS}</div>{MENU}</body>"
    result = text(page)
    assert "Ненужное" not in result
    assert "Вакансии" not in result
    assert result.count(STORY) == 8


def test_lead_and_short_lines_between_paragraphs_are_kept():
    intro = "<div class=intro>Станция переходит на ночной график, сообщил главный механик.</div>"
    lead = f"<header><h1>Вода</h1>{intro}</header>"
    body = f"<div class=text>{PARAGRAPHS}<p>у с т а н о в и л:</p>{PARAGRAPHS}</div>"
    result = text(f"<body><div class=menu>{MENU}</div>{lead}{body}<div class=menu>{MENU}</div></body>")
    assert "ночной график" in result
    assert "у с т а н о в и л:" in result


def test_page_without_surroundings_is_read_as_a_whole():
    law = "".join(f"<p>Статья {n}</p><p>Срок {n} дней.</p><table><tr><td>{n}</td></tr></table>" for n in range(1, 60))
    reading = read_page(f"<body>{law}<p>Президент Б. Иванов</p></body>".encode())
    assert len(write_markdown(reading.blocks).text.split()) == len(reading.source_text.split())
    assert reading.suspicions == []


def test_page_inside_one_form_is_read():
    page = f"<body><form id=aspnetForm><div class=menu>{MENU}</div><h1>Тарифы</h1>{PARAGRAPHS}</form></body>"
    assert STORY in text(page)


def test_page_hidden_as_a_whole_until_its_script_runs_is_read():
    assert STORY in text(f"<body><div style='visibility:hidden'>{PARAGRAPHS}</div></body>")


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("cp1251", ""),
        ("cp1251", "<meta charset=utf-8>"),
        ("koi8-r", "<meta charset=windows-1251>"),
        ("utf-8", "<meta charset=windows-1251>"),
        ("utf-16", ""),
        ("utf-8-sig", ""),
        ("cp1251", "<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>"),
    ],
)
def test_encodings(encoding, declared):
    assert text(f"<html><head>{declared}</head><body><p>{STORY}</p></body></html>".encode(encoding)) == STORY


def test_titles_and_facts():
    page = """<head><title>Вода — Вестник</title><meta property='og:title' content='Вода в Лесном'>
    <meta property='article:published_time' content='2026-05-03T10:00:00+03:00'><meta name=author content='О. Лис'>
    <link rel=canonical href='https://example.org/a'></head><body><h1>Вода приходит</h1><p>Текст.</p></body>"""
    reading = read_page(page.encode())
    assert reading.titles == ["Вода в Лесном", "Вода приходит", "Вода — Вестник"]
    assert reading.metadata == {"date": "2026-05-03", "author": "О. Лис", "url": "https://example.org/a"}


def test_first_centred_lines_are_a_title():
    page = "<title>Complete</title><p align=center>ПРИКАЗ</p><p align=center>О хранении проб</p><p>Текст приказа.</p>"
    assert read_page(page.encode()).titles == ["Complete", "ПРИКАЗ О хранении проб"]


def test_deep_nesting_is_an_error():
    with pytest.raises(ParseError, match="nested too deeply"):
        read_page(b"<div>a" * 100_000)
    assert "конец" in text("<font>" * 1000 + "<p>конец</p>")


MHTML = """From: <Saved by Blink>
Snapshot-Content-Location: https://example.org/rules
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="B"

--B
Content-Type: text/html; charset=windows-1251
Content-Transfer-Encoding: quoted-printable

<h1>=CF=F0=E0=E2=E8=EB=E0</h1><p>=C2=EE=E4=E0.</p>
--B
Content-Type: text/css

p { color: red }
--B--
"""


def test_mhtml():
    reading = mhtml.parse(MHTML.replace("\n", "\r\n").encode(), CONTEXT)
    assert write_markdown(reading.blocks).text == "# Правила\n\nВода."
    assert reading.metadata == {"url": "https://example.org/rules"}


def test_mhtml_without_a_page_is_an_error():
    with pytest.raises(ParseError, match="no page"):
        mhtml.parse(b"MIME-Version: 1.0\r\nContent-Type: text/css\r\n\r\np {}", CONTEXT)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"<p><b>Как платить</b></p><p>{STORY}</p>", "## Как платить"),
        (f"<p style='font-weight: bold'>Как платить</p><p>{STORY}</p>", "## Как платить"),
        (f"<p><b>Важно:</b> платить</p><p>{STORY}</p>", "Важно: платить"),
        (f"<p><b>Платите в срок.</b></p><p>{STORY}</p>", "Платите в срок."),
        (f"<p><b>ООО «Лодка»</b></p><p><b>г. Энск</b></p><p>{STORY}</p>", "ООО «Лодка»"),
        ("<p><b>Директор</b></p><p>П. Соснин</p>", "Директор"),
    ],
)
def test_bold_paragraphs_above_text_are_headings(body, expected):
    lines = text(f"<body><h1>Тарифы</h1>{body}</body>").splitlines()
    assert lines[2] == expected
    assert sum(line.startswith("#") for line in lines) == 1 + expected.startswith("#")


def test_the_menu_of_a_short_page_is_off():
    assert text("<nav>Меню</nav><h1>Правила</h1><p>Сбор 12.</p>") == "# Правила\n\nСбор 12."
    assert text("<nav>Меню</nav>") == "Меню"
