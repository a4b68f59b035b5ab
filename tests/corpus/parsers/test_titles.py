import pytest

from opora.corpus.blocks import Block
from opora.corpus.parsers.titles import rank_titles

BODY = [
    Block("paragraph", "ООО «Ромашка»"),
    Block("heading", "Порядок учёта запасов", level=1),
    Block("heading", "1. Общие положения", level=2),
    Block("paragraph", "Ключ от склада хранится у завхоза."),
]
UNFIT = [
    "Microsoft Word - 19_2019.doc", "untitled", "Document1", "Документ Microsoft Word", "10811.exe", "wmk_Folio_10K",
    "Table of Contents", "СОДЕРЖАНИЕ", "Оглавление", "10.11.2025 18:24", "5 марта 2020 г.", "12", "Complex", "slide 1",
    "Слайд 12", "PowerPoint Presentation", "https://example.org/a", "Р201500817", "договор_5", "Договор 5", "",
    "\ufffd\ufffdabc", "Template", "Лист1",
]  # fmt: skip


@pytest.mark.parametrize("title", UNFIT)
def test_titles_that_name_nothing_give_way_to_the_first_heading(title):
    assert rank_titles([title], BODY, "договор_5.pdf")[0] == "Порядок учёта запасов"


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("Порядок учёта складских запасов", "Порядок учёта складских запасов"),
        ("Microsoft Word - Порядок учёта запасов.doc", "Порядок учёта запасов"),
        ("Шаблон приказа", "Порядок учёта запасов"),  # its words stand nowhere in the text
    ],
)
def test_a_stated_title_counts_if_the_text_bears_it_out(stated, expected):
    assert rank_titles([stated], BODY, "a.docx")[0] == expected


@pytest.mark.parametrize("title", ["Приказ № 5 от 12.03.2020", "ГОСТ 12.1.004-91", "COVID-19", "Отчёт", "О складе"])
def test_short_titles(title):
    assert rank_titles([title], [], "a.pdf") == [title]


def test_numbered_sections_are_no_titles():
    assert rank_titles([], [Block("heading", "12. РЕКВИЗИТЫ ЛИЦЕНЗИАРА", level=1)], "a.pdf") == []


def test_the_first_line_where_there_is_no_heading():
    assert rank_titles(["Complex"], [Block("paragraph", "О хранении проб"), *BODY[3:]], "a.html") == ["О хранении проб"]


def test_long_titles_are_cut_between_words():
    title = rank_titles(["слово " * 60], [], "a.pdf")[0]
    assert len(title) <= 201
    assert title.endswith("слово…")


def test_a_section_is_no_title_of_its_document():
    assert rank_titles(
        ["1. Определения", "5.1 Сроки"], [Block("paragraph", "УСЛОВИЯ ХРАНЕНИЯ"), *BODY[3:]], "a.pdf"
    ) == ["УСЛОВИЯ ХРАНЕНИЯ"]
    assert rank_titles(["Глава 1. Общие положения"], BODY, "a.docx")[0] == "Порядок учёта запасов"


def test_a_page_with_one_article_is_called_after_it():
    assert rank_titles(["Статья 186. Доверенность"], BODY[3:], "a.html") == ["Статья 186. Доверенность"]


def test_a_title_has_no_dash_of_a_list():
    assert rank_titles(["- Отчёт о складе"], BODY[3:], "a.mhtml") == ["Отчёт о складе"]


def test_a_heading_below_the_first_section_is_no_title():
    headings = [Block("heading", text, level=1) for text in ("1. Definitions", "Further reasons")]
    blocks = [Block("paragraph", "TERMS OF STORAGE"), headings[0], *BODY[3:], headings[1], *BODY[3:]]
    assert rank_titles([], blocks, "a.pdf") == ["TERMS OF STORAGE"]
