"""Headings are told by their form; cross-references, clauses and tables of contents stay text; no text is lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opora.corpus.blocks import Block, LineBox, write_markdown
from opora.corpus.sections.headings import mark_headings


def paragraphs(*texts):
    return [Block("paragraph", text) for text in texts]


def headings(*texts):
    return [(block.level, block.text) for block in mark_headings(paragraphs(*texts)) if block.kind == "heading"]


BODY = "Пробы хранят тридцать суток со дня отбора."
TEXT = "The samples are stored for thirty days."


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            ("Глава 1. Общие положения", "Статья 1. Предмет", BODY, "Статья 2. Сроки", BODY, "Глава 2. Штрафы", BODY),
            [
                (1, "Глава 1. Общие положения"),
                (2, "Статья 1. Предмет"),
                (2, "Статья 2. Сроки"),
                (1, "Глава 2. Штрафы"),
            ],
        ),
        (
            ("РАЗДЕЛ ПЕРВЫЙ", "ГЛАВА 1", "ОСНОВЫ", "Статья 1", BODY, "Статья 1¹", BODY),
            [(1, "РАЗДЕЛ ПЕРВЫЙ"), (2, "ГЛАВА 1 ОСНОВЫ"), (3, "Статья 1"), (3, "Статья 1¹")],
        ),
        (
            ("ЧАСТЬ ПЕРВАЯ", "Раздел I. Общее", "Подраздел 2. Лица", "§ 3. Суды", "Статья 12.1. Иск", BODY),
            [
                (1, "ЧАСТЬ ПЕРВАЯ"),
                (2, "Раздел I. Общее"),
                (3, "Подраздел 2. Лица"),
                (4, "§ 3. Суды"),
                (5, "Статья 12.1. Иск"),
            ],
        ),
        (
            ("Статья 3. Хранение проб. Пробы хранят тридцать суток. Их не вскрывают.",),
            [(1, "Статья 3. Хранение проб.")],
        ),
        (("Статья 5. Пробы хранят тридцать суток. Их не вскрывают.",), [(1, "Статья 5.")]),
        (
            ("4. РАСЧЁТЫ СТОРОН", "4.1. Арендатор платит до пятого числа.", "5. СРОК", "5.1. Договор действует год."),
            [(1, "4. РАСЧЁТЫ СТОРОН"), (1, "5. СРОК")],
        ),
        (
            ("1. Общие положения", BODY, "2. Порядок отбора", BODY),
            [(1, "1. Общие положения"), (1, "2. Порядок отбора")],
        ),
        (
            ("5 Требования", "5.1 Требования к воде", BODY, "5.2 Требования к таре", BODY, "6 Методы", BODY),
            [(1, "5 Требования"), (2, "5.1 Требования к воде"), (2, "5.2 Требования к таре"), (1, "6 Методы")],
        ),
        (
            ("4 Термины", BODY, "5 Требования", "5.1 Требования к воде", BODY, "5.2 Требования к таре", BODY),
            [(1, "4 Термины"), (1, "5 Требования"), (2, "5.1 Требования к воде"), (2, "5.2 Требования к таре")],
        ),
        (
            (
                "1 Область",
                BODY,
                "2 Требования",
                "2.1 К воде",
                BODY,
                "2.2 К таре",
                BODY,
                "Приложение А (обязательное)",
                BODY,
            ),
            [
                (1, "1 Область"),
                (1, "2 Требования"),
                (2, "2.1 К воде"),
                (2, "2.2 К таре"),
                (1, "Приложение А (обязательное)"),
            ],
        ),
        (
            ("ПРИКАЗ", "Энск", "31 октября 2019 г. № 626", "Об отборе проб", BODY),
            [(1, "ПРИКАЗ Энск 31 октября 2019 г. № 626 Об отборе проб")],
        ),
        (
            ("Суд рассмотрел дело.", "УСТАНОВИЛ:", BODY, "Р Е Ш И Л :", BODY),
            [(1, "УСТАНОВИЛ:"), (1, "Р Е Ш И Л :")],
        ),
        (
            ("Суд рассмотрел дело и у с т а н о в и л:", BODY, "РЕШИЛ: взыскать плату.", BODY),
            [(1, "у с т а н о в и л:"), (1, "РЕШИЛ:")],
        ),
        (
            (
                "ПРИКАЗ",
                "от 5 мая 2021 г. № 7",
                "О хранении проб",
                BODY,
                "1. Утвердить порядок.",
                "2. Отменить приказ № 3.",
            ),
            [(1, "ПРИКАЗ от 5 мая 2021 г. № 7 О хранении проб")],
        ),
        (
            (
                "Приложение № 2",
                "к приказу лаборатории",
                "от 5 мая 2021 г. № 7",
                "ПОРЯДОК",
                "ОТБОРА ПРОБ",
                "I. Общее",
                BODY,
                "II. Отбор",
                BODY,
            ),
            [
                (1, "Приложение № 2 к приказу лаборатории от 5 мая 2021 г. № 7"),
                (2, "ПОРЯДОК ОТБОРА ПРОБ"),
                (3, "I. Общее"),
                (3, "II. Отбор"),
            ],
        ),
        (
            ("Chapter IV", "Article 5. Storage", TEXT, "Article 6. Fees", TEXT, "Annex A", TEXT),
            [(1, "Chapter IV"), (2, "Article 5. Storage"), (2, "Article 6. Fees"), (1, "Annex A")],
        ),
        (
            (
                "Abstract",
                TEXT,
                "1 Introduction",
                TEXT,
                "2 Methods",
                "2.1 Water",
                TEXT,
                "2.2 Oil",
                TEXT,
                "References",
                TEXT,
            ),
            [
                (1, "Abstract"),
                (1, "1 Introduction"),
                (1, "2 Methods"),
                (2, "2.1 Water"),
                (2, "2.2 Oil"),
                (1, "References"),
            ],
        ),
        (("§ 1910.12 Construction work.", TEXT), [(1, "§ 1910.12 Construction work.")]),
        (
            ("Section 2.3 Storage", TEXT, "Section 2.4 Fees", TEXT),
            [(1, "Section 2.3 Storage"), (1, "Section 2.4 Fees")],
        ),
    ],
)
def test_headings_by_form(texts, expected):
    assert headings(*texts) == expected


@pytest.mark.parametrize(
    "texts",
    [
        ("Статья 5 настоящего закона устанавливает, что пробы хранят.",),
        ("Статья 5 Закона о пробах гарантирует хранение.",),
        ("Часть 1 статьи 5 признать утратившей силу.",),
        ("Приложение 1 к договору является его неотъемлемой частью.",),
        ("Section 5 of this Agreement applies.", "Part of the fee is due."),
        ("1. Яблоки", "2. Груши", "3. Сливы"),
        ("1. Утвердить:", "2. Отменить приказ.", "3. Контроль оставляю за собой."),
        ("2.3. Арендатор обязан вносить плату до десятого числа.", "2.4. Залог возвращают."),
        ("12 мая 2021 г. стороны подписали акт", BODY),
        ("5. Май", BODY),
        ("Статья 1. Предмет ........ 3", "Статья 2. Сроки ........ 5"),
        ("В силу этого суд установил(а) и решил иначе: дело закрыть.", BODY),
        ("М.И. Пробкин", BODY),
    ],
)
def test_text_is_no_heading(texts):
    assert headings(*texts) == []


def test_a_table_of_contents_is_text():
    entries = ("Глава 1. Вода", "Глава 2. Масло", "Глава 3. Воздух")
    text = [piece for entry in entries for piece in (entry, BODY)]
    assert headings("Содержание", *entries, *text) == [(1, entry) for entry in entries]


def test_automatic_numbers_make_headings():
    blocks = [
        Block("item", "Предмет договора", mark="1."),
        Block("item", "Арендодатель передаёт компрессор.", mark="1.1.", level=1),
        Block("item", "Оплата", mark="2."),
        Block("item", "Плату вносят до десятого числа.", mark="2.1.", level=1),
    ]
    marked = mark_headings(blocks)
    assert [(block.kind, block.mark, block.text) for block in marked] == [
        ("heading", "", "1. Предмет договора"),
        ("item", "1.1.", "Арендодатель передаёт компрессор."),
        ("heading", "", "2. Оплата"),
        ("item", "2.1.", "Плату вносят до десятого числа."),
    ]


def test_marked_headings_get_consistent_levels():
    blocks = [
        Block("heading", "Глава 1. Вода", level=2),
        Block("heading", "Статья 1. Проба", level=2),
        *paragraphs(BODY, "Статья 2. Срок", BODY),
    ]
    assert [block.level for block in mark_headings(blocks) if block.kind == "heading"] == [2, 3, 3]


def test_documents_without_forms_remain():
    blocks = [Block("heading", "Rules", level=1), *paragraphs("Text.", "More."), Block("heading", "Fees", level=3)]
    assert mark_headings(blocks) == blocks


texts = st.one_of(
    st.builds(
        "{} {}{} {}".format,
        st.sampled_from(["Статья", "Глава", "РАЗДЕЛ", "Article", "§", "Приложение №", ""]),
        st.sampled_from(["1", "2", "12.1", "IV", "5¹", "1.2.3", "А"]),
        st.sampled_from([".", "", ":", ")"]),
        st.sampled_from(
            ["", "Хранение проб", "Пробы хранят. Их моют.", "ПРОБЫ", "к приказу", "and\nmore lines", " x "]
        ),
    ),
    st.text("аБ 1.IX\n:", max_size=30),
    st.sampled_from(["УКАЗ", "Утверждены", "от 5 мая 2021 г. № 7", "О пробах", "Содержание", "Abstract"]),
)
boxed = st.builds(
    lambda kind, text, mark, boxes: Block(
        kind,
        text,
        level=1 if kind == "heading" else 0,
        mark=mark if kind == "item" else "",
        lines=(LineBox(0, len(text), 1, 0, 0, 1, 1),) if boxes else (),
    ),
    st.sampled_from(["paragraph", "paragraph", "heading", "item", "table", "code", "note"]),
    texts,
    st.sampled_from(["-", "1.", "2.1.", "а)"]),
    st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(boxed, max_size=12))
def test_text_and_its_order_are_kept(blocks):
    marked = mark_headings(blocks)
    before, after = (_letters(write_markdown(row).text) for row in (blocks, marked))
    assert after == before
    for block in marked:
        for box in block.lines:
            assert 0 <= box.start <= box.end <= len(block.text)


def _letters(markdown):
    return "".join(char for char in markdown if not char.isspace() and char not in "#-")


def test_a_list_of_lists_has_no_headings():
    texts = ("1. Склад", "1.1. Ключи", "1.2. Замки", "2. Цех", "2.1. Печи", "3. Двор", BODY)
    assert headings(*texts) == []
    blocks = [
        *paragraphs("1. Склад"), Block("item", "ключи", level=1, mark="a)"), *paragraphs("2. Цех"),
        Block("item", "печи", level=1, mark="-"), *paragraphs("3. Двор", BODY),
    ]  # fmt: skip
    assert not any(block.kind == "heading" for block in mark_headings(blocks))


def test_the_code_of_a_document_is_no_heading():
    blocks = [Block("heading", text, level=1) for text in ("УДК 66.013", "ИКЗ: 182024700115902470", "Ключи")]
    marked = mark_headings([*blocks, *paragraphs(BODY)])
    assert [block.text for block in marked if block.kind == "heading"] == ["Ключи"]


@pytest.mark.parametrize(
    "remark", ["(Статья утратила силу - Закон от 24.04.2008 № 49-ФЗ)", "(в ред. Закона (с изм.) 2008 года)."]
)
def test_remark_in_parentheses_is_neither_heading_nor_title(remark):
    blocks = [
        Block("heading", "ГЛАВА 20. ОПЕКА", level=3),
        Block("heading", "Статья 146", level=4),
        Block("heading", remark, level=3),
        Block("heading", "Статья 147. Опекуны", level=4),
        Block("paragraph", BODY),
    ]
    marked = mark_headings(blocks)
    assert [block.text for block in marked if block.kind == "heading"] == [
        "ГЛАВА 20. ОПЕКА",
        "Статья 146",
        "Статья 147. Опекуны",
    ]
    assert [block.text for block in marked if block.kind == "paragraph"] == [remark, BODY]


def test_title_of_an_attached_form_begins_with_words_in_capitals():
    title = "ТИПОВОЕ ОБЯЗАТЕЛЬСТВО служащего комитета, хранящего пробы"
    assert headings("1. Пробы хранят.", "Приложение № 2", title, BODY) == [(1, "Приложение № 2"), (2, title)]
    assert headings("1. Пробы хранят.", "Приложение № 2", "ВНИМАНИЕ: пробы хранят.", BODY) == [(1, "Приложение № 2")]
