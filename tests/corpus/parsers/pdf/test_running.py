"""Lines outside the text of PDF pages: running lines of short documents, titles that repeat, short words and rivers."""

import pytest

from opora.corpus.parsers.pdf.layout.columns.strips import Strip, is_gutter
from opora.corpus.parsers.pdf.layout.words import PdfWord

from .layouts import LEFT, RIGHT, Paper, texts

SENTENCE = ["The keeper of the light writes down", "the hour and the wind, and"]
REST = ["he rings the bell in fog.", *LEFT]
WHOLE = "writes down the hour and the wind, and he rings the bell in fog."
STORY = [
    "The keeper of the northern light",
    "answers for the lamp and for",
    "the bell, which he rings in any",
    "fog by day, by night, and in",
    "the storms of late autumn. He",
    "keeps a log of ships.",
]


def two_pages(head="", number="", foot="", size=8):
    paper = Paper().page().text(30, 60, *RIGHT, *SENTENCE)
    if foot:
        paper.text(30, 560, foot, size=size)
    paper.page().text(30, 60, *REST)
    if head:
        paper.text(30, 20, head, size=size)
    if number:
        paper.text(360, 20, number, size=size)
    return paper


def test_a_line_with_the_number_of_its_page_runs_though_nothing_repeats_it():
    found = texts(two_pages("Harbour archive", "2"))
    assert any(WHOLE in text for text in found)
    assert not any("archive" in text for text in found)


def test_a_small_line_between_two_pages_does_not_end_the_paragraph():
    for paper in (two_pages(head="Harbour archive"), two_pages(foot="Harbour archive, 7-114/26")):
        found = paper.blocks()
        assert any(WHOLE in text for _, text in found)
        assert [kind for kind, text in found if "archive" in text] == ["note"]


def test_a_line_as_large_as_the_text_is_text():
    found = texts(two_pages(head="All of it is written by hand.", size=10))
    assert any("All of it is written by hand." in text for text in found)


def test_titles_of_certificates_bound_together_are_kept():
    paper = Paper()
    for name in ("Marta Lind", "Olaf Berg", "Ines Maar"):
        paper.page().text(120, 60, "Certificate", size=20)
        paper.text(30, 120, f"This is to say that {name}", "has learned to keep a light.", f"Given to {name} in May.")
    assert [text for kind, text in paper.blocks() if "Certificate" in text] == ["Certificate"] * 3


@pytest.mark.parametrize("width", [190, 215, 240])
def test_rivers_of_justified_lines_are_no_gutters(width):
    assert texts(Paper().page().justified(30, 60, width, *STORY)) == [" ".join(STORY)]


def test_narrow_justified_columns_are_columns():
    paper = Paper().page().justified(30, 60, 165, *STORY).justified(208, 66, 165, *STORY)
    assert texts(paper) == [" ".join(STORY), " ".join(STORY)]


def test_single_letters_between_words_stand_alone():
    assert texts(Paper().page().justified(30, 60, 330, "раз в год записи и в течение трёх дней", "акт")) == [
        "раз в год записи и в течение трёх дней акт"
    ]


def test_a_text_left_of_the_items_of_a_list_is_one_paragraph():
    paper = Paper().page()
    for number in range(4):
        paper.text(30, 60 + 40 * number, "•").text(
            47, 60 + 40 * number, "a lamp of the lighthouse", "and its spare parts"
        )
    paper.text(44, 230, "The keeper of the light counts").text(30, 243, "all of them each spring, and orders",
                                                               "what is broken or missing in May.")  # fmt: skip
    assert texts(paper)[-1] == (
        "The keeper of the light counts all of them each spring, and orders what is broken or missing in May."
    )


def test_a_heading_as_wide_as_its_column_is_no_part_of_the_text_below():
    paper = Paper().page().text(30, 60, "About the keeper of the light", size=11, style="B").text(30, 75, *LEFT)
    assert paper.blocks()[:2] == [("heading", "About the keeper of the light"), ("paragraph", " ".join(LEFT))]


def test_accents_that_are_set_apart_join_their_letters():
    paper, x = Paper().page(), 30.0
    for letter in "Fran¸cois Bela¨ıd":
        accent = letter in "¸¨"
        paper.text(x + accent, 60, letter)
        x += 0 if accent else paper.pdf.get_string_width(letter)
    assert texts(paper) == ["François Belaïd"]


def test_places_of_authors_above_an_abstract_are_no_footnotes():
    paper = Paper().page().text(100, 40, "Lights of the harbour", size=16)
    for number, name in enumerate(("Office of the harbour", "School of pilots"), 1):
        y = 80 + 12 * number
        paper.text(100, y + 1, str(number), size=5).text(106, y, name, size=8)
    paper.text(60, 150, *LEFT, size=8).page().text(30, 60, *RIGHT, *STORY, *STORY)
    found = paper.blocks()
    assert ("paragraph", " ".join(LEFT)) in found
    assert not any(kind == "note" for kind, _ in found)
    assert any("² School of pilots" in text for _, text in found)


@pytest.mark.parametrize(("wide_rows", "doubts"), [(0, []), (4, [0.5]), (8, [])])
def test_a_gap_that_is_wide_in_half_of_its_rows_is_in_doubt(wide_rows, doubts):
    words, found = [], []
    for row in range(8):
        x = 0.0
        for number in range(6):
            x += 0 if not number else 30 if number == 3 and row < wide_rows else 12
            words.append(PdfWord("lamp", x, 14.0 * row, x + 20, 14.0 * row + 10, 14.0 * row + 8, 10.0, False, False))
            x += 20
    strip = Strip(84, 96, -1, 120)
    assert is_gutter(words, strip, 10.0, found) is (wide_rows > 0)
    assert found == doubts


def test_side_notes_are_notes_beside_a_whole_paragraph():
    paper = (
        Paper().page().text(100, 60, *LEFT[:4], LEFT[4][:-1] + " and", *RIGHT).text(30, 86, "Pilots", "wait", size=7)
    )
    assert paper.blocks() == [
        ("paragraph", " ".join([*LEFT[:4], LEFT[4][:-1] + " and", *RIGHT])),
        ("note", "Pilots wait"),
    ]


def test_numbers_of_lines_are_no_text_but_those_of_paragraphs_are():
    paper = Paper().page().text(60, 60, *LEFT, *RIGHT).text(30, 60, *map(str, range(1, 11)))
    assert texts(paper) == [" ".join([*LEFT, *RIGHT])]
    paper = Paper().page()
    for number in range(1, 6):
        paper.text(60, 90 * number, *LEFT).text(30, 90 * number, str(number))
    assert all(str(number) in " ".join(texts(paper)) for number in range(1, 6))
