"""Packages as programs write them, broken ones, and what stands beside the text."""

import io
import re
import time
import zipfile

import pytest

from opora.corpus.parsers.base import ParseError
from tests.corpus.parsers.docx.word_files import NAMESPACES, OFFICE, lines, numbered, paragraph, read, text, write


def replace(data, name, change):
    """Return the zip file with a member changed; it is left out where `change` returns None."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(stream := io.BytesIO(), "w") as changed:
        for member in archive.namelist():
            content = archive.read(member)
            content = change(content) if member == name else content
            if content is not None:
                changed.writestr(member, content)
    return stream.getvalue()


def strict(content):
    return re.sub(rb"http://schemas\.openxmlformats\.org/(\w+)/2006/", rb"http://purl.oclc.org/ooxml/\1/", content)


DATA = write(paragraph("Отпуск согласуется до первого декабря."), footnotes="")
TEXT = ["Отпуск согласуется до первого декабря."]


@pytest.mark.parametrize(
    "data",
    [
        replace(replace(DATA, "word/document.xml", strict), "_rels/.rels", strict),
        replace(DATA, "_rels/.rels", lambda _: None),
        replace(DATA, "_rels/.rels", lambda _: b"<Relationships><broken"),
        replace(DATA, "word/_rels/document.xml.rels", lambda _: None),
        replace(DATA, "word/document.xml", lambda content: b"\xef\xbb\xbf" + content),
        replace(DATA, "word/document.xml", lambda content: content.decode().encode("utf-16")),
        write(paragraph(TEXT[0]), main="WORD/document2.xml"),
    ],
)
def test_unusual_packages_are_read(data):
    assert text(read(data)) == TEXT


def test_a_part_that_is_cut_off_is_suspect():
    reading = read(replace(DATA, "word/document.xml", lambda content: content[: -len("</w:body></w:document>") - 3]))
    assert text(reading) == TEXT
    assert [(item.reason, item.detail.split(":")[0]) for item in reading.suspicions] == [
        ("text lost", "word/document.xml")
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04 word/", "corrupt"),
        (replace(DATA, "word/document.xml", lambda _: None), "corrupt"),
        (replace(DATA, "word/document.xml", lambda _: b""), "corrupt"),
        (replace(DATA, "word/document.xml", lambda _: b"<w:document/>"), "corrupt"),
    ],
)
def test_broken_packages_have_a_reason(data, reason):
    with pytest.raises(ParseError) as caught:
        read(data)
    assert caught.value.reason == reason


def test_source_text_counts_what_is_shown_once():
    body = (
        paragraph(
            "<w:r><w:t>Срок </w:t></w:r><w:del><w:r><w:delText>год</w:delText></w:r></w:del><w:r><w:t>месяц</w:t></w:r>"
        )
        + paragraph("<w:r><w:rPr><w:vanish/></w:rPr><w:t>скрыто</w:t></w:r>")
        + paragraph("<w:moveFrom><w:r><w:t>прежде</w:t></w:r></w:moveFrom>")
        + paragraph(
            "<mc:AlternateContent><mc:Choice><w:r><w:t>рамка</w:t></w:r></mc:Choice>"
            "<mc:Fallback><w:r><w:t>рамка</w:t></w:r></mc:Fallback></mc:AlternateContent>"
        )
    )
    assert read(write(body)).source_text.split() == ["Срок", "месяц", "рамка"]


def test_metadata_and_title_come_from_the_properties():
    core = (
        '<c:coreProperties xmlns:c="urn:c" xmlns:d="urn:d" xmlns:t="urn:t"><d:title>Устав</d:title>'
        "<d:creator>Котов</d:creator><t:created>2027-01-05T10:00:00Z</t:created></c:coreProperties>"
    )
    link = f'<Relationship Id="c" Type="{OFFICE}/core-properties" Target="word/core.xml"/></Relationships>'
    data = write(paragraph("Текст."), files=[("core.xml", core)])
    reading = read(replace(data, "_rels/.rels", lambda content: content.replace(b"</Relationships>", link.encode())))
    assert reading.titles[0] == "Устав"
    assert reading.metadata == {"author": "Котов", "created": "2027-01-05"}


def section(kind, more=""):
    return f'<w:sectPr><w:headerReference w:type="{kind}" r:id="header"/>{more}</w:sectPr>'


LETTERHEAD = "ООО «Ромб», г. Тверь, тел. 22-33-44"


@pytest.mark.parametrize(
    ("body", "header", "count"),
    [
        (paragraph("Письмо.") + section("first", "<w:titlePg/>"), LETTERHEAD, 1),
        (paragraph("Письмо.") + section("first", "<w:titlePg/>"), "ООО «Ромб»", 1),
        (paragraph("Письмо.") + section("default"), LETTERHEAD, 1),
        (paragraph("Письмо.") + section("default"), "Рабочий архив", 0),
        (paragraph("Слово. " * 1000) + section("default"), LETTERHEAD, 0),
        (paragraph(LETTERHEAD) + paragraph("Письмо.") + section("default"), LETTERHEAD, 1),
    ],
)
def test_the_header_of_a_letter_is_its_letterhead(body, header, count):
    assert lines(body, header=paragraph(header)).count(header) == count


def drawing(content):
    return paragraph(f"<w:r><w:drawing>{content}</w:drawing></w:r>")


def test_diagrams_and_charts_are_read():
    points = "".join(
        f"<dgm:pt><dgm:t><a:p><a:r><a:t>{name}</a:t></a:r></a:p></dgm:t></dgm:pt>" for name in ("Заявка", "Оплата")
    )
    values = "<c:pt idx='0'><c:v>{}</c:v></c:pt><c:pt idx='1'><c:v>{}</c:v></c:pt>".format
    chart = (
        f"<c:chartSpace {NAMESPACES}><c:ser><c:tx><c:pt idx='0'><c:v>Сбыт</c:v></c:pt></c:tx>"
        f"<c:cat>{values('2026', '2027')}</c:cat><c:val>{values('4.4000000000000004', '5')}</c:val></c:ser>"
        "</c:chartSpace>"
    )
    files = [("data.xml", f"<dgm:dataModel {NAMESPACES}>{points}</dgm:dataModel>"), ("chart.xml", chart)]
    body = (
        drawing('<dgm:relIds r:dm="data_xml"/>')
        + drawing('<c:chart r:id="chart_xml"/>')
        + drawing('<wp:docPr descr="Схема подачи воды"/>')
        + drawing('<wp:docPr descr="C:\\pics\\a b c.png"/>')
    )
    assert lines(body, files=files) == [
        *("- Заявка", "- Оплата"),
        *("|  | Сбыт |", "|---|---|", "| 2026 | 4.4 |", "| 2027 | 5 |"),
        "Схема подачи воды",
    ]


def test_a_picture_in_a_text_box_is_described_once():
    inner = drawing('<wp:docPr descr="Схема подачи воды"/>')
    assert lines(drawing(f"<wps:txbx><w:txbxContent>{inner}</w:txbxContent></wps:txbx>")) == ["Схема подачи воды"]


def test_embedded_documents_are_parts():
    body = paragraph('<w:r><w:object><o:OLEObject ProgID="Word.Document.12" r:id="inner_docx"/></w:object></w:r>')
    reading = read(write(body + paragraph("Текст."), files=[("inner.docx", DATA)]))
    assert [part.name for part in reading.parts] == ["inner.docx"]


BOMB = (
    '<!DOCTYPE w [<!ENTITY a "ха">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    "data",
    [
        replace(DATA, "word/document.xml", lambda content: BOMB.encode() + content.replace("Отпуск".encode(), b"&j;")),
        write("<w:tbl><w:tr><w:tc>" * 100_000),
        write("<w:sdt><w:sdtContent>" * 100_000 + paragraph("Внутри.")),
        write(paragraph("<w:ins>" * 50_000)),
        write(paragraph("".join('<w:r><w:fldChar w:fldCharType="begin"/></w:r>' for _ in range(20_000)))),
        write(numbered("Пункт") * 5_000, numbering='<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'),
    ],
    ids=["entities", "tables", "controls", "insertions", "fields", "items"],
)
def test_hostile_files_cost_little(data):
    start = time.process_time()
    try:
        shown = "".join(text(read(data)))
    except ParseError:
        shown = ""
    assert len(shown) < 10**6
    assert time.process_time() - start < 5


def test_definitions_may_refer_to_each_other():
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="s{i}"><w:name w:val="s{i}"/><w:basedOn w:val="s{(i + 1) % 3000}"/>'
        f'<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        for i in range(3000)
    )
    numbering = (
        '<w:abstractNum w:abstractNumId="0"><w:numStyleLink w:val="s1"/></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    )
    assert lines(paragraph("Текст.", '<w:pStyle w:val="s5"/>'), styles=styles, numbering=numbering) == ["Текст."]
