import pytest

from tests.corpus.parsers.docx.word_files import lines, paragraph, read, write

BOLD, CENTRED = "<w:rPr><w:b/></w:rPr>", '<w:jc w:val="center"/>'
TEXT = (
    paragraph("Насос включают по сигналу диспетчера, после чего проверяют давление в сети и записывают его в журнал.")
    * 3
)


def bold(text, properties=""):
    return paragraph(f"<w:r>{BOLD}<w:t>{text}</w:t></w:r>", properties)


def large(text, size):
    return paragraph(f'<w:r><w:rPr><w:sz w:val="{size}"/></w:rPr><w:t>{text}</w:t></w:r>')


def style(key, name, properties="", based_on=""):
    return (
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/><w:basedOn w:val="{based_on}"/>'
        f"<w:pPr>{properties}</w:pPr></w:style>"
    )


@pytest.mark.parametrize("name", ["heading 2", "Heading 2", "Заголовок 2"])
def test_headings_by_the_name_of_their_style(name):
    body = paragraph("Оплата", '<w:pStyle w:val="a"/>') + TEXT
    assert lines(body, styles=style("a", name))[0] == "## Оплата"


def test_headings_by_outline_level_of_a_chain_of_styles():
    styles = style("a", "Статья закона", '<w:outlineLvl w:val="2"/>') + style("b", "Моя статья", based_on="a")
    assert lines(paragraph("Оплата", '<w:pStyle w:val="b"/>') + TEXT, styles=styles)[0] == "### Оплата"


def test_headings_by_outline_level_of_the_paragraph():
    assert lines(paragraph("Оплата", '<w:outlineLvl w:val="0"/>') + TEXT)[0] == "# Оплата"
    assert lines(paragraph("Оплата", '<w:outlineLvl w:val="9"/>') + TEXT)[0] == "Оплата"


def test_a_clause_in_a_heading_style_is_no_heading():
    clause = "Арендатор обязан вносить плату до десятого числа каждого месяца, " * 4
    body = paragraph(clause + "если иное не согласовано.", '<w:pStyle w:val="a"/>') + TEXT
    assert not lines(body, styles=style("a", "heading 1"))[0].startswith("#")


def test_bold_lines_above_text_are_headings():
    assert lines(bold("Порядок оплаты") + TEXT)[0] == "# Порядок оплаты"
    assert lines(TEXT + bold("Важно: насос не включать!") + TEXT)[3] == "Важно: насос не включать!"
    assert lines(TEXT + bold("Генеральный директор ________ Котов") + TEXT)[3].startswith("Генеральный")
    assert lines(TEXT + bold("Последняя строка"))[-1] == "Последняя строка"


def test_bold_says_nothing_where_all_is_bold():
    assert (
        lines(bold("Порядок оплаты") + bold("Плата вносится ежемесячно на счёт общества, указанный в договоре.") * 5)[0]
        == "Порядок оплаты"
    )


def test_larger_lines_rank_higher():
    body = (
        large("Устав общества", 40)
        + TEXT
        + large("Общие положения", 32)
        + TEXT
        + large("Органы", 26)
        + TEXT
        + large("Прочее", 32)
        + TEXT
    )
    assert [line for line in lines(body) if line.startswith("#")] == [
        "# Устав общества",
        "## Общие положения",
        "### Органы",
        "## Прочее",
    ]


def test_lines_of_a_centred_heading_are_joined():
    body = (
        bold("Глава 1", CENTRED)
        + bold("ОБЩИЕ ПОЛОЖЕНИЯ", CENTRED)
        + TEXT
        + bold("Глава 2", CENTRED)
        + paragraph("")
        + bold("Отдельно", CENTRED)
        + TEXT
    )
    assert [line for line in lines(body) if line.startswith("#")] == [
        "# Глава 1 ОБЩИЕ ПОЛОЖЕНИЯ",
        "# Глава 2",
        "# Отдельно",
    ]


def test_titles_are_the_property_the_style_and_the_first_lines():
    styles = style("a", "Title")
    body = (
        paragraph("Правила перевозки", '<w:pStyle w:val="a"/>')
        + bold("УСТАВ", CENTRED)
        + bold("общества «Ромб»", CENTRED)
        + TEXT
    )
    assert list(read(write(body, styles=styles)).titles) == ["", "Правила перевозки", "УСТАВ общества «Ромб»"]


def test_styles_may_be_based_on_each_other():
    styles = style("a", "Один", based_on="b") + style("b", "Два", '<w:outlineLvl w:val="1"/>', based_on="a")
    assert lines(paragraph("Оплата", '<w:pStyle w:val="a"/>') + TEXT, styles=styles)[0] == "## Оплата"
