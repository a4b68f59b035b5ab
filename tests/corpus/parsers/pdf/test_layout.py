"""Layout of PDF pages that this module writes: columns, running lines, hyphens, notes, headings, places of lines."""

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.pdf.layout.hyphens import HyphenJoiner
from opora.corpus.parsers.pdf.layout.marks import is_caption, item_mark
from opora.corpus.parsers.pdf.page import read_pages
from opora.corpus.parsers.pdf.parser import parse

from .layouts import CONTEXT, LEFT, RIGHT, Paper, texts


def test_columns_are_read_one_after_the_other_with_their_headings():
    paper = Paper().page().text(30, 30, "Rules of the harbour", size=16)
    paper.text(30, 70, "Hours", style="B").text(210, 70, "Fees", style="B")
    paper.text(30, 90, *LEFT).text(210, 90, *RIGHT)
    assert paper.blocks() == [
        ("heading", "Rules of the harbour"),
        ("heading", "Hours"), ("paragraph", " ".join(LEFT)),
        ("heading", "Fees"), ("paragraph", " ".join(RIGHT)),
    ]  # fmt: skip


def test_three_columns_whose_lines_stand_at_the_same_heights():
    middle = ["Anchors are kept in a shed", "beside the crane; who needs", "one asks the watchman, who",
              "writes it into his book, and", "brings it back by evening."]  # fmt: skip
    columns = [LEFT, RIGHT, middle]
    paper = Paper().page()
    for side, column in enumerate(columns):
        paper.text(20 + 125 * side, 90, *column, size=6)
    assert " ".join(texts(paper)) == " ".join(line for column in columns for line in column)


def test_a_paragraph_goes_on_in_the_next_column():
    paper = Paper().page().text(30, 90, *LEFT[:4]).text(210, 90, LEFT[4], *RIGHT)
    assert texts(paper) == [" ".join([*LEFT, *RIGHT])]


def test_labels_and_values_are_read_line_by_line():
    labels = ["Owner", "Length", "Draught", "Engine", "Crew"]
    values = ["Marta Lind", "11 metres", "2 metres", "diesel", "four"]
    paper = Paper().page().text(30, 90, *labels, leading=2).text(130, 90, *values, leading=2)
    words = " ".join(texts(paper)).replace("|", " ").replace("-", " ").split()
    assert words == " ".join(f"{label} {value}" for label, value in zip(labels, values, strict=True)).split()


@pytest.mark.parametrize(("gap", "size"), [(2.6, 11), (2.2, 10), (1.9, 8)])
def test_words_are_told_by_gaps_that_are_large_beside_the_letters(gap, size):
    paper, x = Paper().page(), 30.0
    paper.pdf.set_font("sans", size=size)
    for word in "any graph takes memory at once".split():
        paper.pdf.text(x, 50, word)
        x += paper.pdf.get_string_width(word) + gap
    assert texts(paper) == ["any graph takes memory at once"]


@pytest.mark.parametrize("word", ["03/25/2016", "РЕШИЛ", "12345"])
def test_spaced_out_letters_are_one_word(word):
    paper, x = Paper().page(), 30.0
    for letter in word:
        paper.text(x, 50, letter)
        x += paper.pdf.get_string_width(letter) + 3.4
    assert texts(paper) == [word]


@pytest.mark.parametrize(
    ("text", "line", "joined"),
    [
        ("научно-", "технический", "научно-технический"),
        ("обход-", "ной", "обходной"),
        ("какой-", "либо", "какой-либо"),
        ("кто-", "нибудь", "кто-нибудь"),
        ("юго-", "западный", "юго-западный"),
        ("юго-", "славский", "югославский"),
        ("из-", "за", "из-за"),
        ("пере\u00ad", "регистрация", "перерегистрация"),
        ("аудио\u2010", "гиды", "аудиогиды"),
        ("Санкт-", "Петербург", "Санкт-Петербург"),
        ("ПОСТАНОВ-", "ЛЕНИЕ", "ПОСТАНОВЛЕНИЕ"),
        ("state-of-", "the-art", "state-of-the-art"),
        ("infor-", "mation", "information"),
        ("the years 2019–", "2021", "the years 2019–2021"),
        ("see https://harbour.example/", "fees", "see https://harbour.example/fees"),
        ("a pier -", "a long one", "a pier - a long one"),
    ],
)
def test_divided_words_are_joined(text, line, joined):
    assert HyphenJoiner([]).join(text, line) == joined


def test_a_word_elsewhere_in_the_document_tells_its_hyphen():
    assert HyphenJoiner(["the pilot-boat left"]).join("a pilot-", "boat") == "a pilot-boat"
    assert HyphenJoiner(["the pilotboat left"]).join("a pilot-", "boat") == "a pilotboat"


def test_running_lines_are_dropped_and_paragraphs_joined_over_pages():
    paper = Paper()
    for number in range(1, 5):
        paper.page().text(30, 20, "Harbour office" if number % 2 else "Rules", size=8)
        paper.text(30, 90, f"The keeper of light {number} writes", "down the hour and the wind, and")
        paper.text(30, 560, f"- {number} -", size=8)
    assert texts(paper) == [
        "The keeper of light 1 writes down the hour and the wind, and The keeper of light 2 writes down the hour and "
        "the wind, and The keeper of light 3 writes down the hour and the wind, and The keeper of light 4 writes down "
        "the hour and the wind, and"
    ]


def test_text_and_headings_with_the_number_of_the_page_are_kept():
    paper = Paper()
    for number in range(1, 5):
        paper.page().text(30, 20, f"{number}. Section", size=16, style="B").text(30, 60, *LEFT)
        paper.text(30, 560, f"On page {number} the code is {number * 37 % 11}.")
    found = texts(paper)
    assert all(f"{number}. Section" in found for number in range(1, 5))
    assert [text for text in found if "the code is" in text] == [
        f"On page {number} the code is {number * 37 % 11}." for number in range(1, 5)
    ]


def test_a_footer_of_one_page_is_no_part_of_a_sentence():
    paper = Paper()
    for number in range(4):
        paper.page().text(30, 90, *LEFT[:-1], f"and so on until the {number}th hour of")
        if number == 0:
            paper.text(30, 550, "Printed at the harbour press", size=8)
    blocks = paper.blocks()
    assert ("note", "Printed at the harbour press") in blocks
    assert not any("Printed" in text for kind, text in blocks if kind != "note")


def test_footnotes_are_notes_and_the_paragraph_goes_on_behind_them():
    paper = Paper().page().text(30, 400, *LEFT, "The office sells the charts and")
    paper.text(30, 500, "1 Measured at low water.", size=7)
    paper.page().text(30, 60, "the tables of tides.").text(30, 100, *RIGHT)
    assert paper.blocks("note") == [("note", "Measured at low water.")]
    assert any("charts and the tables of tides." in text for text in texts(paper))


def test_a_table_of_contents_is_no_text_but_names_headings():
    paper = Paper().page().text(30, 40, "Contents", "Mooring ........ 2", "Leaving the harbour ........ 2")
    paper.page().text(30, 40, "Mooring").text(30, 70, *LEFT).text(30, 160, "Leaving the harbour").text(30, 190, *RIGHT)
    assert paper.blocks() == [
        ("heading", "Mooring"), ("paragraph", " ".join(LEFT)),
        ("heading", "Leaving the harbour"), ("paragraph", " ".join(RIGHT)),
    ]  # fmt: skip


def test_the_outline_names_headings_and_their_levels():
    paper = Paper().page()
    for level, (title, lines) in enumerate([("Boats", LEFT), ("Sails", RIGHT), ("Ropes", LEFT)]):
        paper.pdf.start_section(title, level=level)
        paper.text(30, 40 + 150 * level, title).text(30, 70 + 150 * level, *lines)
    headings = [(block.level, block.text) for block in paper.read().blocks if block.kind == "heading"]
    assert headings == [(1, "Boats"), (2, "Sails"), (3, "Ropes")]


def test_titles_come_from_the_page_not_from_the_printer():
    paper = Paper().page().text(30, 40, "Handbook of pilots", size=18).text(30, 90, *LEFT)
    paper.pdf.set_title("Microsoft Word - 19_2027.doc")
    assert list(paper.read().titles) == ["Handbook of pilots"]
    paper.pdf.set_title("Handbook of pilots")
    assert list(paper.read().titles) == ["Handbook of pilots"]


def test_each_line_has_its_place():
    reading = Paper().page().text(30, 90, *LEFT).read()
    (block,) = reading.blocks
    assert [block.text[line.start : line.end] for line in block.lines] == LEFT
    assert all(line.page == 1 and line.x0 == 30 and line.x1 > 100 for line in block.lines)
    assert [round(line.y0 - 90) for line in block.lines] == [2, 16, 28, 42, 54]


def test_pages_are_shown_as_they_are_turned():
    paper = Paper().page()
    with paper.pdf.rotation(90, 50, 300):
        paper.text(50, 290, "Tide table")
    (page,) = read_pages(paper.bytes())
    assert {char.angle for char in page.chars} == {90}
    assert texts(paper) == ["Tide table"]


def test_white_fills_are_no_rulings():
    paper = Paper().page()
    paper.pdf.set_fill_color(255)
    paper.pdf.rect(20, 40, 300, 1, style="F")
    paper.pdf.set_fill_color(0)
    paper.pdf.rect(20, 80, 300, 1, style="F")
    paper.pdf.line(20, 120, 20, 220)
    (page,) = read_pages(paper.bytes())
    assert [(ruling.x0, ruling.y0, ruling.x1, ruling.y1) for ruling in page.rulings] == [
        (20, 80.5, 320, 80.5), (20, 120, 20, 220),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("2.1. Oil", "2.1."),
        ("• oil", "-"),
        ("а) масло", "а)"),
        ("(3) oil", "(3)"),
        ("-5 degrees", None),
        ("2027 oil", None),
    ],
)
def test_marks_of_items(text, mark):
    found = item_mark(text)
    assert (found.mark if found else None) == mark


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Рис. 2. Причал", True),
        ("Table 3: Fees", True),
        ("Таблица 5 показывает сборы", False),
        ("Table 2-1 shows", False),
    ],
)
def test_captions(text, expected):
    assert is_caption(text) is expected


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 nothing", b"no pdf at all"])
def test_what_is_no_pdf_is_corrupt(data):
    with pytest.raises(ParseError, match="corrupt"):
        parse(data, CONTEXT)


def test_a_pdf_with_a_password_is_encrypted():
    paper = Paper().page().text(30, 40, "secret")
    paper.pdf.set_encryption(owner_password="owner", user_password="user")
    with pytest.raises(ParseError, match="encrypted"):
        parse(paper.bytes(), CONTEXT)
