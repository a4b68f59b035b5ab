"""The article, clause, appendix or table in which a span of a document stands."""

import pytest

from opora.corpus.chunking.registry import chunk_document
from opora.corpus.sections.passage_places import clause_at, lies_in
from opora.corpus.sections.places import find_places, heading_places, short_heading
from opora.corpus.settings import ChunkSettings
from opora.records import Document

CONTRACT = """# Договор аренды

## 1. Предмет договора

1.1. Арендодатель передаёт компрессор.

## 2. Оплата

2.1. Плату вносят до десятого числа.

2.2. Залог возвращают в течение пяти дней:

1) деньгами;

2) зачётом.

2.20. Пени не взимают.

## Приложение № 3 к договору аренды

Таблица 2 — Нормы

| Насос | Расход |
|---|---|
| Н-1 | 12 |
| Н-2 | 14 |
"""
LAW = """# Кодекс

## Глава II. Пробы

### Статья 12. Хранение

1. Пробы хранят по части 1 статьи 12.

2. Срок — тридцать суток.

### Статья 121. Утрата

Взимается штраф.

### Статья 13. Выдача

Пробы выдают.
"""


@pytest.mark.parametrize(
    ("text", "words", "places"),
    [
        (CONTRACT, "передаёт компрессор", ["section 1", "clause 1", "clause 1.1"]),
        (CONTRACT, "Залог", ["section 2", "clause 2", "clause 2.2"]),
        (CONTRACT, "зачётом", ["section 2", "clause 2", "clause 2.2", "subclause 2"]),
        (CONTRACT, "Пени не", ["section 2", "clause 2", "clause 2.20"]),
        (CONTRACT, "| Н-2 | 14 |", ["appendix 3", "table 2"]),
        (LAW, "Срок — тридцать", ["chapter 2", "article 12", "part 2"]),
        (LAW, "Взимается штраф", ["chapter 2", "article 12.1"]),
        (LAW, "Пробы выдают", ["chapter 2", "article 13"]),
    ],
)
def test_places_of_a_span(text, words, places):
    start = text.index(words)
    assert find_places(text).between(start, start + len(words)) == places


@pytest.mark.parametrize(
    ("heading", "places"),
    [
        ("Статья 186.2. Сроки", ("article 186.2",)),
        ("Глава II", ("chapter 2",)),
        ("ЧАСТЬ ПЕРВАЯ", ("part 1",)),
        ("Приложение А (обязательное)", ("appendix a",)),
        ("5.3 Требования к воде", ("section 5.3", "clause 5.3")),
        ("III. Порядок", ("section 3",)),
        ("Annex B", ("appendix b",)),
        ("Rules of the station", ()),
    ],
)
def test_places_of_a_heading(heading, places):
    assert heading_places(heading) == places


@pytest.mark.parametrize(
    ("heading", "short"),
    [
        ("Приложение № 2 к приказу от 5 мая 2021 г. № 7", "Приложение № 2"),
        ("Статья 3. Хранение", "Статья 3. Хранение"),
        ("ПРИКАЗ от 24 декабря 2013 г. N 1112 " + "О пробах " * 9, "ПРИКАЗ от 24 декабря 2013 г. N 1112"),
        ("О " + "пробах " * 40, "О " + ("пробах " * 28).strip() + " …"),
    ],
)
def test_headings_of_paths_are_short(heading, short):
    assert short_heading(heading) == short


def passages(text, size=800):
    document = Document(id="0f", source="a.docx", title="Договор аренды", text=text, language="ru")
    return list(chunk_document(document, ChunkSettings(size=size)))


def test_passages_know_their_places():
    first, second, third = passages(CONTRACT)
    assert first.clause == "п. 1.1"
    assert first.location == "a.docx, 1. Предмет договора, п. 1.1"
    assert second.places == (
        "section 2",
        "clause 2",
        "clause 2.1",
        "clause 2.2",
        "subclause 1",
        "subclause 2",
        "clause 2.20",
    )
    assert second.clause == ""
    assert third.location == "a.docx, Приложение № 3"


def test_the_clause_of_a_quote():
    second = passages(CONTRACT)[1]
    assert [clause_at(second, second.text.index(words)) for words in ("Плату", "деньгами", "Пени")] == [
        "п. 2.1",
        "п. 2.2",
        "п. 2.20",
    ]


def test_a_passage_within_a_clause_keeps_its_number():
    text = "## Статья 5. Плата\n\n1. " + "Плату вносят вовремя. " * 20 + "\n\n2. Пени не взимают."
    for passage in passages(text, size=200):
        assert passage.places[0] == "article 5"
        if "Пени" not in passage.text:
            assert passage.clause == clause_at(passage, len(passage.text) - 1) == "п. 1"


@pytest.mark.parametrize(
    ("words", "place", "expected"),
    [
        ("Залог", ("clause 2.2", "part 2.2"), True),
        ("Плату", ("clause 2.2", "part 2.2"), False),
        ("Пени", ("clause 2.2", "part 2.2"), False),
        ("деньгами", ("clause 2.2",), True),
        ("зачётом", ("subclause 2",), True),
        ("деньгами", ("subclause 2",), False),
        ("Залог", ("section 2",), True),
        ("Залог", ("section 3",), False),
    ],
)
def test_an_offset_lies_in_a_place(words, place, expected):
    second = passages(CONTRACT)[1]
    assert lies_in(second, second.text.index(words), place) == expected


CLAUSE_AFTER_HEADINGS = """# Задание

## 7. Требования

### 7.2. Состав

#### 7.2.4. Аттестация

7.2.4.1. Стенд проверяют.

7.3. Качество стенда описано ниже.

  7.3.1. Стенд выдерживает нагрузку.
"""


def passages_of(text):
    return list(
        chunk_document(Document(id="a", source="a.md", title="A", text=text, language="ru"), ChunkSettings(size=400))
    )


def test_clause_with_a_higher_number_closes_the_headings_above_it():
    first, second = passages_of(CLAUSE_AFTER_HEADINGS)
    assert first.heading == ("Задание", "7. Требования", "7.2. Состав", "7.2.4. Аттестация")
    assert second.heading == ("Задание", "7. Требования")
    assert second.text.startswith("7.3. Качество")
    assert "section 7.2.4" not in second.places
    assert "section 7" in second.places
    assert second.clause == "п. 7.3"


def test_number_of_a_chapter_is_no_clause():
    law = "# Кодекс\n\n## I. Общее\n\n### Статья 5. Сроки\n\n1. Срок — год.\n\n2. Срок продлевают.\n"
    assert [passage.clause for passage in passages_of(law)] == [""]


def test_name_of_an_appendix_ends_the_clause_above_it():
    text = "# Договор\n\n## 11. Иное\n\n11.7. Стороны следуют закону.\n\nПриложение № 1 к договору «Состав»\n"
    (passage,) = passages_of(text)
    assert clause_at(passage, passage.text.index("Стороны")) == "п. 11.7"
    assert clause_at(passage, passage.text.index("Состав")) == ""


def test_sentence_on_an_appendix_belongs_to_its_clause():
    text = "# Договор\n\n## 11. Иное\n\n11.7. Цены:\n\nПриложение № 1 к договору является его частью.\n"
    (passage,) = passages_of(text)
    assert clause_at(passage, passage.text.index("частью")) == "п. 11.7"


def test_clauses_inside_a_clause_belong_to_it():
    contract = "# Договор\n\n## 3. Оплата\n\n3.2. Плату вносят:\n\n3.2.1. Деньгами.\n\n3.2.2. Зачётом.\n"
    law = "# Закон\n\n## Статья 4. Пени\n\n2. Пени взимают.\n\n2.1. Пени прощают.\n"
    assert [passage.clause for text in (contract, law) for passage in passages_of(text)] == ["п. 3.2", ""]


def test_passage_that_begins_with_a_subclause_lies_in_its_clause():
    text = "# Закон\n\n3. Сроки:\n\n1) год;\n\n2) месяц.\n\n4. Пени взимают.\n"
    places = find_places(text)
    start = text.index("2) месяц")
    assert places.clauses_between(start, len(text)) == ["clause 3", "clause 4"]
    assert places.between(start, start + 9) == ["clause 3", "subclause 2"]
