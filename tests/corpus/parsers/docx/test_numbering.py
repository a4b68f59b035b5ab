import pytest

from opora.corpus.parsers.elements.numbers import format_number
from tests.corpus.parsers.docx.word_files import level, lines, numbered, numbering, paragraph, table


def test_numbers_are_those_that_word_shows():
    levels = level(0, "decimal", "%1.") + level(1, "decimal", "%1.%2.") + level(2, "russianLower", "%3)")
    texts = [
        ("Термины", 0),
        ("Цена", 0),
        ("Аванс", 1),
        ("Остаток", 1),
        ("нал", 2),
        ("счёт", 2),
        ("Пеня", 1),
        ("Срок", 0),
        ("Год", 1),
    ]
    body = "".join(numbered(text, depth) for text, depth in texts)
    assert lines(body, numbering=numbering(levels)) == [
        "1. Термины",
        "2. Цена",
        "  2.1. Аванс",
        "  2.2. Остаток",
        "    а) нал",
        "    б) счёт",
        "  2.3. Пеня",
        "3. Срок",
        "  3.1. Год",
    ]


def test_a_list_goes_on_after_text_and_in_another_instance_of_it():
    body = numbered("Раз") + paragraph("Текст.") + numbered("Два", num=2)
    assert lines(body, numbering=numbering(level(0, "decimal", "%1)"))) == ["1) Раз", "Текст.", "2) Два"]


def test_an_override_restarts_the_list():
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    body = numbered("Раз") + numbered("Пять", num=2) + numbered("Шесть", num=2)
    definitions = numbering(level(0, "decimal", "%1."), override)
    assert lines(body, numbering=definitions) == ["1. Раз", "5. Пять", "6. Шесть"]


def test_an_override_replaces_the_level():
    override = f'<w:lvlOverride w:ilvl="0">{level(0, "upperRoman", "Раздел %1")}</w:lvlOverride>'
    body = numbered("Общие положения", num=2)
    assert lines(body, numbering=numbering("", override)) == ["Раздел I Общие положения"]


@pytest.mark.parametrize(
    ("levels", "indents"),
    [
        (level(0, "decimal", "%1.") + level(1, "bullet", "-"), ["1. Раз", "  - Масло"]),
        (level(0, "decimal", "%1.") + level(1, "none", "Статья %1"), ["1. Раз", "Статья 1 Масло"]),
    ],
)
def test_bullets_and_articles_below_a_number(levels, indents):
    assert lines(numbered("Раз") + numbered("Масло", 1), numbering=numbering(levels)) == indents


@pytest.mark.parametrize(
    ("more", "numbers"),
    [
        ("", ["1.", "1.1.", "2.", "2.1."]),
        ('<w:lvlRestart w:val="0"/>', ["1.", "1.1.", "2.", "2.2."]),
        ('<w:lvlRestart w:val="1"/>', ["1.", "1.1.", "2.", "2.1."]),
    ],
)
def test_levels_restart_as_they_say(more, numbers):
    levels = level(0, "decimal", "%1.") + level(1, "decimal", "%1.%2.", more=more)
    body = "".join(numbered("Пункт", depth) for depth in (0, 1, 0, 1))
    assert [line.split()[0] for line in lines(body, numbering=numbering(levels))] == numbers


def test_legal_levels_show_all_numbers_in_digits():
    levels = level(0, "upperRoman", "%1.") + level(1, "decimal", "%1.%2.", more="<w:isLgl/>")
    body = numbered("Глава") + numbered("Статья", 1)
    assert lines(body, numbering=numbering(levels)) == ["I. Глава", "  1.1. Статья"]


def test_a_level_without_a_number_above_shows_its_start():
    levels = level(0, "decimal", "%1.", start=5) + level(1, "decimal", "%1.%2.", start=2)
    assert lines(numbered("Пункт", 1), numbering=numbering(levels)) == ["5.2. Пункт"]


def test_bullets_and_levels_without_a_mark():
    levels = level(0, "bullet", "\uf0b7") + level(1, "none", "")
    body = numbered("Масло") + numbered("Просто текст.", 1)
    assert lines(body, numbering=numbering(levels)) == ["- Масло", "Просто текст."]


def test_hidden_paragraphs_are_not_counted():
    hidden = numbered("<w:r><w:rPr><w:vanish/></w:rPr><w:t>Нет</w:t></w:r>", properties="<w:rPr><w:vanish/></w:rPr>")
    body = numbered("Раз") + hidden + numbered("") + numbered("Три")
    assert lines(body, numbering=numbering(level(0, "decimal", "%1."))) == ["1. Раз", "3. Три"]


@pytest.mark.parametrize("bullet", ["• ", "•\t", "- ", "– "])
def test_typed_bullets_are_items(bullet):
    assert lines(paragraph(f"{bullet}масло") + paragraph(f"{bullet}вода")) == ["- масло", "- вода"]
    assert lines(paragraph("-5 °С зимой")) == ["-5 °С зимой"]


def test_numbering_zero_takes_the_number_of_the_style_away():
    styles = (
        '<w:style w:type="paragraph" w:styleId="Clause"><w:name w:val="Clause"/>'
        '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="Sub"><w:name w:val="Sub"/><w:basedOn w:val="Clause"/></w:style>'
    )
    style = '<w:pStyle w:val="{}"/>'
    body = (
        paragraph("Раз", style.format("Clause"))
        + paragraph("Без номера.", style.format("Clause") + '<w:numPr><w:numId w:val="0"/></w:numPr>')
        + paragraph("Два", style.format("Sub"))
    )
    definitions = numbering(level(0, "decimal", "%1."))
    assert lines(body, styles=styles, numbering=definitions) == ["1. Раз", "Без номера.", "2. Два"]


def test_a_level_is_bound_to_its_style():
    styles = (
        '<w:style w:type="paragraph" w:styleId="H2"><w:name w:val="heading 2"/>'
        '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr><w:outlineLvl w:val="1"/></w:pPr></w:style>'
    )
    levels = level(0, "decimal", "%1.") + level(1, "decimal", "%1.%2.", more='<w:pStyle w:val="H2"/>')
    body = paragraph("Порядок оплаты", '<w:pStyle w:val="H2"/>') + paragraph("Оплата вносится ежемесячно.")
    assert lines(body, styles=styles, numbering=numbering(levels))[0] == "## 1.1. Порядок оплаты"


def test_numbering_is_taken_over_from_a_numbering_style():
    styles = (
        '<w:style w:type="numbering" w:styleId="Legal"><w:name w:val="Legal"/>'
        '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    )
    definitions = (
        f'<w:abstractNum w:abstractNumId="0">{level(0, "decimal", "§ %1.")}<w:styleLink w:val="Legal"/></w:abstractNum>'
        '<w:abstractNum w:abstractNumId="1"><w:numStyleLink w:val="Legal"/></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
    )
    assert lines(numbered("Предмет", num=2), styles=styles, numbering=definitions) == ["§ 1. Предмет"]


def test_numbers_with_leading_zeros():
    first = (
        '<w:lvl w:ilvl="0"><w:start w:val="7"/><mc:AlternateContent><mc:Choice Requires="w14">'
        '<w:numFmt w:val="custom" w:format="001, 002, 003, ..."/></mc:Choice><mc:Fallback><w:numFmt w:val="decimal"/>'
        '</mc:Fallback></mc:AlternateContent><w:lvlText w:val="%1"/></w:lvl>'
    )
    assert lines(numbered("Акт"), numbering=numbering(first)) == ["007 Акт"]


def test_a_number_alone_in_a_cell_is_its_text():
    number = f"<w:tc>{numbered('')}</w:tc>"
    body = table(["№", "Услуга"], [number, "Уборка"], [number, "Охрана"])
    assert lines(body, numbering=numbering(level(0, "decimal", "%1.")))[2:] == ["| 1. | Уборка |", "| 2. | Охрана |"]


@pytest.mark.parametrize(
    ("number", "number_format", "text"),
    [
        (3, "decimalZero", "03"),
        (14, "lowerRoman", "xiv"),
        (1999, "upperRoman", "MCMXCIX"),
        (28, "lowerLetter", "bb"),
        (10, "russianLower", "к"),
        (27, "russianUpper", "Э"),
        (30, "russianLower", "аа"),
        (22, "ordinal", "22nd"),
        (12, "ordinal", "12th"),
        (2, "chicago", "†"),
        (255, "hex", "FF"),
        (5, "none", ""),
        (5, "ideographDigital", "5"),
        (10**9, "lowerLetter", "1000000000"),
        (10**9, "upperRoman", "1000000000"),
        (-4, "russianLower", "-4"),
    ],
)
def test_number_formats(number, number_format, text):
    assert format_number(number, number_format) == text
