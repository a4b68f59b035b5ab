import pytest

from opora.corpus.blocks import write_markdown
from opora.corpus.parsers.base import ParseContext
from opora.corpus.parsers.pdf.layout.hyphens import HyphenJoiner
from opora.corpus.parsers.text.plain import parse
from opora.corpus.parsers.text.spacing import unspace_letters
from opora.corpus.parsers.text.wrapping import join_lines
from opora.corpus.settings import DEFAULT_PARSING


def read(text, name="a.txt"):
    return write_markdown(parse(text.encode(), ParseContext(name, DEFAULT_PARSING, 10**6, None)).blocks).text


LAW = """\
                              З А К О Н

                           ГОРОДА  ЭНСКА

     Статья 3.13. Нарушение тишины и покоя граждан

     Совершение действий, нарушающих  тишину и  покой граждан  с 23  часов до  7
часов  на  защищаемых  территориях  и   в   защищаемых   помещениях,   а   равно
проведение ремонтных работ с 19 часов до 9 часов и с 13 часов до 15 часов, -

     влечет предупреждение или наложение административного  штрафа  на  граждан
в  размере  от  одной  тысячи  до  двух  тысяч  рублей.
     Штраф платят в кассу управы или переводом на счёт города в течение тридцати
дней со дня, когда постановление о нём вступило в силу.
"""


def test_hard_wrapped_lines_become_paragraphs():
    assert read(LAW).split("\n\n") == [
        "ЗАКОН",
        "ГОРОДА ЭНСКА",
        "Статья 3.13. Нарушение тишины и покоя граждан",
        "Совершение действий, нарушающих тишину и покой граждан с 23 часов до 7 часов на защищаемых территориях и в"
        " защищаемых помещениях, а равно проведение ремонтных работ с 19 часов до 9 часов и с 13 часов до 15 часов, -",
        "влечет предупреждение или наложение административного штрафа на граждан в размере от одной тысячи до двух"
        " тысяч рублей.",
        "Штраф платят в кассу управы или переводом на счёт города в течение тридцати дней со дня, когда постановление"
        " о нём вступило в силу.",
    ]


WRAPPED = """\
Ключ от склада хранится у завхоза завода, который выдаёт его под рас-
писку дежурному мастеру смены и принимает обратно до конца той же ра-
бочей смены. Без расписки ключа не получает никто, кроме главного ин-
женера и директора завода, а в их отсутствие никто не получает ключа.
"""
KEPT = [
    "Мой дядя самых честных правил,\nКогда не в шутку занемог,\nОн уважать себя заставил\nИ лучше выдумать не мог.",
    "ООО «Ромашка»\nул. Садовая, д. 5\n123456, г. Энск",
    "Первый длинный абзац, у которого одна строка на весь абзац, как пишут в редакторах с переносом по ширине окна.",
    "- взять ключ;\n- открыть дверь",
    "1. Раз\n  1.1. Раз и один\n2. Два",
    "а) для граждан\nб) для фирм",
]


@pytest.mark.parametrize("text", KEPT)
def test_lines_that_were_ended_on_purpose_stay(text):
    assert read(text) == text
    assert text in read(WRAPPED + "\n" + text)


def test_words_divided_at_the_end_of_a_line_become_whole():
    assert "под расписку дежурному" in read(WRAPPED)
    joiner = HyphenJoiner(["составлен план-факт на год"])
    assert join_lines(["кто-", "либо из них"], joiner) == "кто-либо из них"
    assert join_lines(["план-", "факт готов"], joiner) == "план-факт готов"
    assert join_lines(["срок -", "пять дней"], joiner) == "срок - пять дней"
    assert join_lines(["дого¬", "вор подпи¬", "сан"], joiner) == "договор подписан"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("З А К О Н", "ЗАКОН"),
        ("П О С Т А Н О В Л Е Н И Е", "ПОСТАНОВЛЕНИЕ"),
        ("суд  у с т а н о в и л:", "суд  установил:"),
        ("П Р И К А З   Д И Р Е К Т О Р А", "ПРИКАЗ ДИРЕКТОРА"),
        ("О П О Р Я Д К Е У Ч Е Т А", "О ПОРЯДКЕ УЧЕТА"),
        ("R E P O R T", "REPORT"),
        ("a b c d e", "a b c d e"),
        ("а б в г д", "а б в г д"),
        ("я и ты с ней", "я и ты с ней"),
    ],
)
def test_letters_set_apart(text, expected):
    assert unspace_letters(text) == expected


TABLES = [
    "+------+----+\n| Кран | 12 |\n+------+----+\n| Трал | 14 |\n+------+----+",
    "┌──────┬────┐\n│ Кран │ 12 │\n├──────┼────┤\n│ Трал │ 14 │\n└──────┴────┘",
    "Кран\t12\nТрал\t14",
    "Кран       12\nТрал       14\n-------------",
]


@pytest.mark.parametrize("text", TABLES[:3])
def test_tables(text):
    assert read(text) == "| Кран | 12 |\n|---|---|\n| Трал | 14 |"


def test_cells_of_several_lines():
    text = "|Товар |Цена за|\n|      |штуку  |\n|------|-------|\n|Гвоздь|12     |\n|Болт  |14     |"
    assert read(text) == "| Товар | Цена за штуку |\n|---|---|\n| Гвоздь | 12 |\n| Болт | 14 |"


def test_columns_aligned_by_blanks():
    text = "Товар            Цена   Срок\nГвоздь стальной    12   май\nБолт                4   июнь"
    assert read(text).splitlines()[2:] == ["| Гвоздь стальной | 12 | май |", "| Болт | 4 | июнь |"]


def test_underlined_lines_are_headings():
    assert read("Склад\n=====\n\nКлючи\n-----\n\nКлюч у завхоза.") == "# Склад\n\n## Ключи\n\nКлюч у завхоза."


def test_indented_code_keeps_its_indents():
    assert read("Пример:\n\n    for (i = 0; i < 3; i++) {\n        run(i);\n    }") == (
        "Пример:\n\n```\nfor (i = 0; i < 3; i++) {\n    run(i);\n}\n```"
    )


def test_an_indented_item_is_no_code():
    assert read("За это полагается:\n\n    1) выговор;\n\n2) штраф.") == "За это полагается:\n\n1) выговор;\n2) штраф."


def test_configurations_are_code():
    assert read("# a comment\nport: 8080\nlimits:\n  body: 20\n", "a.yaml") == (
        "```\n# a comment\nport: 8080\nlimits:\n  body: 20\n```"
    )


def test_a_comment_is_no_heading():
    assert read("Команды ниже\n# не заголовок") == "Команды ниже\n\n\\# не заголовок"


def test_pages_and_their_numbers():
    words = ["первой", "второй", "третьей", "четвёртой"]
    pages = [f"Устав завода\n\nАбзац {word} страницы.\n\n- {number} -\n" for number, word in enumerate(words, 1)]
    reading = parse("\f".join(pages).encode(), ParseContext("a.txt", DEFAULT_PARSING, 10**6, None))
    assert reading.page_count == 4
    assert [(block.text, block.page) for block in reading.blocks][1] == ("Абзац второй страницы.", 2)


def test_page_numbers_without_form_feeds():
    lines = "Строка текста этого документа.\n" * 30
    assert not any(
        line.strip().isdigit() for line in read("".join(f"{lines}\n{n}\n\n" for n in (2, 3, 4))).splitlines()
    )


def test_centred_lines_of_a_title_are_one_paragraph():
    title = [
        "ПЕРЕЧЕНЬ",
        "должностей служащих комитета по хранению",
        "проб Нагорной области,",
        "замещение которых предусматривает",
        "осуществление обработки данных либо доступ к данным",
        "о пробах",
    ]
    body = [
        "     Служащие комитета хранят пробы тридцать суток со дня их отбора,",
        "если иное не сказано в приказе руководителя комитета по хранению.",
    ]
    lines = [line.center(66).rstrip() for line in title]
    captions = [
        line.center(66).rstrip()
        for line in ("(фамилия, имя, отчество заявителя полностью)", "(адрес заявителя и телефон)")
    ]
    text = "\n".join([*lines, "", *body * 6, "", *captions])
    blocks = parse(text.encode(), ParseContext("a.txt", DEFAULT_PARSING, 10**6, None)).blocks
    assert blocks[0].text == " ".join(title)
    assert [block.text for block in blocks[-2:]] == [
        "(фамилия, имя, отчество заявителя полностью)",
        "(адрес заявителя и телефон)",
    ]
