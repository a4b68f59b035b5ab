"""OpenDocument texts and presentations keep structure, numbers, tables and notes."""

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.registry import parse_document
from opora.corpus.settings import ParseSettings
from tests.corpus.parsers.packages import write_flat_open_document, write_open_document

LIMIT = 2**25


def read(body, comments=False, **parts):
    settings = ParseSettings(comments=comments)
    return parse_document(write_open_document(body, **parts), "a.odt", LIMIT, settings).text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<text:p>two<text:s text:c='3'/>words<text:line-break/>line</text:p>", "two words\nline"),
        ("<text:p>a <text:span>b<text:span>c</text:span></text:span> d</text:p>", "a bc d"),
        ("<text:p>seen <text:span text:style-name='H'>secret</text:span>here</text:p>", "seen here"),
        ("<text:h text:outline-level='2'>Fees</text:h><text:p>Text</text:p>", "## Fees\n\nText"),
        ("<text:p text:style-name='P1'>The rules</text:p><text:p>Text</text:p>", "# The rules\n\nText"),
        ("<text:section><text:p>inside</text:p></text:section>", "inside"),
        (
            "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion>"
            "</text:changed-region></text:tracked-changes>"
            "<text:p>sixty <text:change-start/>five<text:change-end/></text:p>",
            "sixty five",
        ),
        (
            "<text:p>Weight<text:note><text:note-citation>1</text:note-citation>"
            "<text:note-body><text:p>Eight kg.</text:p></text:note-body></text:note> is limited.</text:p>",
            "Weight[1] is limited.\n\n[1] Eight kg.",
        ),
        (
            "<text:p>A<draw:frame><draw:text-box><text:p>in a box</text:p></draw:text-box></draw:frame></text:p>",
            "A\n\nin a box",
        ),
        ("<text:table-of-content><text:index-body><text:p>Fees 3</text:p></text:index-body></text:table-of-content>"
         "<text:p>Text</text:p>", "Text"),
    ],
)  # fmt: skip
def test_text(body, text):
    automatic = (
        "<style:style style:name='H'><style:text-properties text:display='none'/></style:style>"
        "<style:style style:name='P1' style:parent-style-name='Title'/>"
    )
    assert read(body, automatic=automatic) == text


LIST = (
    "<text:list-style style:name='L'>"
    "<text:list-level-style-number text:level='1' style:num-format='1' style:num-suffix='.' text:start-value='4'/>"
    "<text:list-level-style-number text:level='2' style:num-format='1' style:num-suffix='.' text:display-levels='2'/>"
    "<text:list-level-style-number text:level='3' style:num-format='а, б, .., аа, аб, ...' style:num-suffix=')'/>"
    "</text:list-style><text:list-style style:name='B'><text:list-level-style-bullet text:level='1'/></text:list-style>"
)


def item(content, **attributes):
    marks = "".join(f" text:{name.replace('_', '-')}='{value}'" for name, value in attributes.items())
    return f"<text:list-item{marks}>{content}</text:list-item>"


def numbered(content, **attributes):
    marks = "".join(f" text:{name.replace('_', '-')}='{value}'" for name, value in attributes.items())
    return f"<text:list{marks}>{content}</text:list>"


def test_numbers_of_lists_are_those_shown():
    inner = numbered(item("<text:p>the filter;</text:p>") + item("<text:p>the pump.</text:p>"))
    deepest = numbered(item("<text:p>deeper;</text:p>"))
    body = (
        numbered(item("<text:p>Check the oil:</text:p>" + inner) + item("<text:p>Close.</text:p>"), style_name="L")
        + numbered(
            item("<text:p>Go on.</text:p>") + item("<text:p>Jump.</text:p>", start_value=9),
            style_name="L",
            continue_numbering="true",
        )
        + numbered(item("<text:p>again.</text:p>" + numbered(item(deepest))), style_name="L")
    )
    assert read(body, styles=LIST).splitlines() == [
        "4. Check the oil:", "  4.1. the filter;", "  4.2. the pump.", "5. Close.", "6. Go on.", "9. Jump.",
        "4. again.", "    а) deeper;",
    ]  # fmt: skip


def test_bullets():
    assert read(numbered(item("<text:p>Keep the log.</text:p>"), style_name="B"), styles=LIST) == "- Keep the log."


def test_headings_are_numbered_by_the_outline():
    styles = (
        "<text:outline-style style:name='Outline'>"
        "<text:outline-level-style text:level='1' style:num-format='I' style:num-suffix='.'/>"
        "<text:outline-level-style text:level='2' style:num-format='1' text:display-levels='1' style:num-suffix='.'/>"
        "</text:outline-style>"
    )
    body = "".join(
        f"<text:h text:outline-level='{level}'>{text}</text:h>" for level, text in [(1, "A"), (2, "B"), (1, "C")]
    )
    assert read(body, styles=styles).split("\n\n") == ["# I. A", "## 1. B", "# II. C"]


def cell(text, kind="table-cell", **attributes):
    marks = "".join(f" table:{name.replace('_', '-')}='{value}'" for name, value in attributes.items())
    return f"<table:{kind}{marks}><text:p>{text}</text:p></table:{kind}>"


def table(*rows):
    return f"<table:table>{''.join(f'<table:table-row>{row}</table:table-row>' for row in rows)}</table:table>"


COVERED = "<table:covered-table-cell/>"


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ((cell("Hall") + cell("Pump"), cell("North") + cell("N-2")), ["| Hall | Pump |", "| North | N-2 |"]),
        (
            (cell("Hall", number_rows_spanned=2) + cell("1"), COVERED + cell("2")),
            ["| Hall | 1 |", "| Hall | 2 |"],
        ),
        (
            (cell("Both", number_columns_spanned=2) + COVERED + cell("x"), cell("1") + cell("2") + cell("3")),
            ["| Both | Both | x |", "| 1 | 2 | 3 |"],
        ),
        ((cell("A") + cell("B", number_columns_repeated=3),), ["| A | B | B | B |"]),
    ],
)
def test_values_of_tables_stay_in_their_columns(rows, lines):
    shown = read(table(*rows)).splitlines()
    assert [shown[0], *shown[2:]] == lines


def test_comments_are_read_on_demand():
    body = (
        "<text:p>Text<office:annotation><dc:creator>N</dc:creator><text:p>Check.</text:p></office:annotation></text:p>"
    )
    assert read(body) == "Text"
    assert read(body, comments=True) == "Text\n\nCheck."


def test_metadata():
    meta = "<dc:title>The rules</dc:title><dc:creator>N. Orlova</dc:creator><dc:date>2021-03-04T10:00:00</dc:date>"
    parsed = parse_document(write_open_document("<text:p>Text</text:p>", meta=meta), "a.odt", LIMIT)
    assert (parsed.title, parsed.metadata) == ("The rules", {"author": "N. Orlova", "modified": "2021-03-04"})


def test_flat_files():
    assert parse_document(write_flat_open_document("<text:p>Текст</text:p>"), "a.fodt", LIMIT).text == "Текст"


def test_slides():
    def frame(kind, text):
        return f"<draw:frame presentation:class='{kind}'><draw:text-box>{text}</draw:text-box></draw:frame>"

    slide = frame("outline", numbered(item("<text:p>Open the valve.</text:p>"))) + frame(
        "title", "<text:p>Start</text:p>"
    )
    slide += f"<presentation:notes>{frame('notes', '<text:p>Slowly.</text:p>')}</presentation:notes>"
    body = f"<draw:page>{slide}</draw:page><draw:page>{frame('title', '<text:p>Stop</text:p>')}</draw:page>"
    parsed = parse_document(write_open_document(body, kind="presentation"), "a.odp", LIMIT)
    assert parsed.text == "# Start\n\n- Open the valve.\n\nSlowly.\n\n# Stop"
    assert parsed.text[parsed.pages[1] :] == "# Stop"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"manifest": "<encryption-data/>"}, "encrypted"),
        ({"body": "<text:p>"}, "corrupt"),
        ({"body": "<text:span>" * 400 + "</text:span>" * 400}, "nested too deeply"),
    ],
)
def test_a_document_that_cannot_be_read_has_a_reason(options, reason):
    with pytest.raises(ParseError) as caught:
        read(**{"body": "<text:p>Text</text:p>", **options})
    assert caught.value.reason == reason


@pytest.mark.parametrize("attribute", ["number_columns_repeated", "number_columns_spanned", "number_rows_spanned"])
def test_huge_counts_are_bounded(attribute):
    assert len(read(table(cell("A", **{attribute: 10**9}) + cell("B"), cell("C") + cell("D")))) < 20_000


def test_entities_are_not_expanded():
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    data = write_flat_open_document("<text:p>x&b;y</text:p>").replace(b'<?xml version="1.0"?>', bomb)
    assert "aaaa" not in parse_document(data, "a.fodt", LIMIT).text
