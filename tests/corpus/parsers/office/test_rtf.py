"""RTF is read with its code pages, headings, numbers, tables and notes, and nothing that it hides."""

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.registry import parse_document
from opora.corpus.settings import ParseSettings

LIMIT = 2**25
HEAD = r"{\rtf1\ansi\ansicpg1251\deff0{\fonttbl{\f0\fcharset204 Times;}{\f1\fcharset0 Arial;}{\f2\fcharset2 Symbol;}}"


def escape(text: str) -> str:
    """Return text as the escapes that Word writes."""
    return "".join(char if char.isascii() else rf"\u{ord(char)}?" for char in text)


def read(body: str, head: str = HEAD, **settings) -> str:
    return parse_document((head + body + "}").encode("latin-1"), "a.rtf", LIMIT, ParseSettings(**settings)).text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"\f0 \'d1\'ea\'eb\'e0\'e4\par", "Склад"),
        (r"\f1 caf\'e9 \f0 \'d1\'ea\'eb\'e0\'e4\par", "cafй Склад"),
        (r"\uc1 \u1057?\u1082\u1083\'e0\u1072\'e0 x\par", "Скла x"),
        (r"\uc2 \u1057\'83\'84\u1082??\par", "Ск"),
        (r"\uc0 \u1057\u1082\par", "Ск"),
        (r"\u-10179?\u-8704? boat\par", "😀 boat"),
        (r"one\~two\emdash three\_four\ldblquote five\rdblquote\par", "one two—three-four“five”"),
        (r"a\{b\}c\\d\par", r"a{b}c\d"),
        (r"seen{\v secret} here{\deleted gone}\v too\plain\par", "seen here"),
        (r"{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}\par", "link"),
        (r"{\pict\pngblip 89504e47}{\*\unknown junk}{\header Page 1}text\par", "text"),
        ("\\bin5 {{{}} text\\par", "text"),
        (r"{\upr{ascii}{\*\ud{\u1057?}}}\par", "С"),
        (r"{\shp{\*\shpinst{\sp{\sn x}{\sv 1}}{\shptxt In a box\par}}}", "In a box"),
    ],
)
def test_characters(body, text):
    assert read(body) == text


def test_bytes_are_decoded_by_the_language_if_no_code_page_is_declared():
    assert read(r"\'d1\'ea\'eb\'e0\'e4\par", r"{\rtf1\ansi\deflang1049 ") == "Склад"


def test_headings_come_from_outline_levels_and_styles():
    styles = r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 Part;}{\s2 heading 2;}}"
    body = r"\pard\s1 First\par\pard\s2 Second\par\pard\outlinelevel2 Third\par\pard Text\par"
    assert read(styles + body) == "# First\n\n## Second\n\n### Third\n\nText"


def test_items_keep_their_numbers():
    body = (
        r"{\listtext\pard\plain 2.\tab}\ilvl0 Check the oil.\par{\listtext b)\tab}\ilvl1 Clean the filter.\par"
        r"\pard{\listtext\f2\'b7\tab}Log\par"
    )
    assert read(body) == "2. Check the oil.\n  b) Clean the filter.\n- Log"


ROW = r"\trowd\cellx2000\cellx4000\cellx6000 "


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (
            ROW + r"\intbl A\cell B\cell C\cell\row" + ROW + r"\intbl 1\cell\cell 3\par more\cell\row\pard",
            ["| A | B | C |", "| 1 |  | 3 more |"],
        ),
        (
            r"\trowd\cellx2000\cellx6000\intbl A\cell Wide\cell\row" + ROW + r"\intbl 1\cell 2\cell 3\cell\row",
            ["| A | Wide | Wide |", "| 1 | 2 | 3 |"],
        ),
        (
            r"\trowd\clvmgf\cellx2000\cellx4000 Hall\cell 1\cell\row\trowd\clvmrg\cellx2000\cellx4000\cell 2\cell\row",
            ["| Hall | 1 |", "| Hall | 2 |"],
        ),
    ],
)
def test_values_of_tables_stay_in_their_columns(body, rows):
    lines = read(body).splitlines()
    assert [lines[0], *lines[2:]] == rows


def test_notes_follow_their_paragraph():
    text = read(r"Weight of a piece\chftn{\footnote\pard\chftn  Eight kilograms.} is limited.\par Next.\par")
    assert text == "Weight of a piece[1] is limited.\n\n[1] Eight kilograms.\n\nNext."


def test_comments_are_read_on_demand():
    body = r"Text{\*\annotation\pard Check this.}\par"
    assert read(body) == "Text"
    assert "Check this." in read(body, comments=True)


def test_title_author_and_date():
    info = r"{\info{\title \'d3\'f1\'f2\'e0\'e2}{\author N. Orlova}{\creatim\yr2021\mo3\dy4\hr9}}text\par"
    parsed = parse_document((HEAD + info + "}").encode(), "a.rtf", LIMIT)
    assert parsed.title == "Устав"
    assert parsed.metadata == {"author": "N. Orlova", "created": "2021-03-04"}


@pytest.mark.parametrize("depth", [10_000, 1_000_000])
def test_deep_groups_are_refused(depth):
    with pytest.raises(ParseError, match="nested too deeply"):
        read("{" * depth)
