"""EPUB in the order of its spine; FictionBook with sections, verses, tables and notes."""

import io
import zipfile

import pytest

from opora.corpus.blocks import write_markdown
from opora.corpus.parsers.base import ParseContext, ParseError
from opora.corpus.parsers.books import epub, fb2
from opora.corpus.settings import DEFAULT_PARSING

CONTEXT = ParseContext("a", DEFAULT_PARSING, 2**25, lambda data, name: None)
CONTAINER = "<container><rootfiles><rootfile full-path='OEBPS/content.opf'/></rootfiles></container>"
PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>Насосы</dc:title>
<dc:creator>И. Петров</dc:creator><dc:creator>А. Ли</dc:creator></metadata><manifest>
<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="b" href="b%202.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="text/a.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>"""
CHAPTERS = {
    "OEBPS/nav.xhtml": "<html><body>Содержание</body></html>",
    "OEBPS/text/a.xhtml": "<html xmlns='http://www.w3.org/1999/xhtml'><body><h1>Глава 1</h1><p>Вода.</p></body></html>",
    "OEBPS/b 2.xhtml": "<html><body><h1>Глава 2</h1><p>Клапан закрыт.</p></body></html>",
}
BOOK = """<?xml version="1.0" encoding="windows-1251"?><FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"
xmlns:l="http://www.w3.org/1999/xlink"><description><title-info><author><first-name>Пётр</first-name>
<last-name>Сомов</last-name></author><book-title>Записки</book-title><date value="2020-01-02">2020</date></title-info>
</description><body><section><title><p>Глава 1</p></title><p>Шло 10<sup>3</sup> литров<a l:href="#n1">[1]</a>.</p>
<poem><stanza><v>Первая строка,</v><v>вторая.</v></stanza></poem><section><title><p>Насос</p></title>
<table><tr><th>А</th><th>Б</th></tr><tr><td>1</td><td>2</td></tr></table></section></section></body>
<body name="notes"><section id="n1"><title><p>1</p></title><p>По журналу.</p></section></body>
<binary id="i.jpg">AAAA</binary></FictionBook>"""


def make_epub(**replaced):
    files = {"META-INF/container.xml": CONTAINER, "OEBPS/content.opf": PACKAGE, **CHAPTERS, **replaced}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            if text is not None:
                archive.writestr(name, text)
    return buffer.getvalue()


def test_epub():
    reading = epub.parse(make_epub(), CONTEXT)
    assert write_markdown(reading.blocks).text == "# Глава 1\n\nВода.\n\n# Глава 2\n\nКлапан закрыт."
    assert (reading.titles, reading.metadata) == (["Насосы"], {"author": "И. Петров, А. Ли"})


def test_missing_chapter_is_told():
    reading = epub.parse(make_epub(**{"OEBPS/b 2.xhtml": None}), CONTEXT)
    assert [(suspicion.reason, "b 2.xhtml" in suspicion.detail) for suspicion in reading.suspicions] == [
        ("text lost", True)
    ]


def test_protected_book_is_an_error():
    encryption = "<encryption><CipherReference URI='OEBPS/text/a.xhtml'/></encryption>"
    with pytest.raises(ParseError, match="protected"):
        epub.parse(make_epub(**{"META-INF/encryption.xml": encryption}), CONTEXT)


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"PK", make_epub()[:300], make_epub(**{"OEBPS/content.opf": None})])
def test_broken_epub_is_an_error(data):
    with pytest.raises(ParseError):
        epub.parse(data, CONTEXT)


@pytest.mark.parametrize("is_zipped", [False, True])
def test_fb2(is_zipped):
    data = BOOK.encode("cp1251")
    if is_zipped:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("book.fb2", data)
        data = buffer.getvalue()
    reading = fb2.parse(data, CONTEXT)
    assert write_markdown(reading.blocks).text == (
        "# Глава 1\n\nШло 10³ литров[1].\n\nПервая строка,\nвторая.\n\n## Насос\n\n| А | Б |\n|---|---|\n| 1 | 2 |\n\n"
        "[1] По журналу."
    )
    assert (reading.titles, reading.metadata) == (["Записки"], {"author": "Пётр Сомов", "date": "2020-01-02"})


def test_entities_are_not_expanded():
    bomb = "<!DOCTYPE a [<!ENTITY a 'ха'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;'>]>"
    body = "<body><section><p>Текст&nbsp;&mdash; &c;</p></section></body>"
    book = f"<?xml version='1.0'?>{bomb}<FictionBook>{body}</FictionBook>"
    assert [block.text for block in fb2.parse(book.encode(), CONTEXT).blocks] == ["Текст —"]
