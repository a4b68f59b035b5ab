"""Tables without rulings, or with few: cells of several lines, narrow gaps, bold headers, parts on several pages."""

import pytest
from fpdf import FPDF

from opora.corpus.parsers.pdf.page import read_pages
from opora.corpus.parsers.pdf.tables.finding import find_tables

from .papers import FONT, make_paper, parse, write_lines

STAGES = [
    ("Этап", "Кто отвечает", "Срок"),
    ("Рассмотрение заявки", "заведующий складом", "6 недель"),
    ("Проверка", "секретарь", "5 дней"),
    ("Ответ в письме", "отдел жалоб", "45 дней"),
]
ASSETS = [
    ("Бумага", "Предел, млн", "Условие", "Источник"),
    ("«Тихая гавань», облигации", "90", "долг к прибыли не выше 2,8", "годовой отчёт"),
    ("«Вольный ветер», акции", "110", "долг ниже 2,5", "обзор рынка овощей"),
    ("«Стеклянный дом», облигации", "45", "энергия не больше 40 % цены", "обзор рынка"),
]


def new_page(pdf=None):
    if pdf is None:
        pdf = FPDF(unit="pt", format=(595, 842))
        pdf.set_auto_page_break(False)
        pdf.add_font("DejaVu", "", FONT)
        pdf.add_font("DejaVu", "B", FONT.with_name("DejaVuSans-Bold.ttf"))
    pdf.add_page()
    return pdf


def wrap(pdf, text, width):
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and pdf.get_string_width(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def draw_wrapped(pdf, rows, widths, y, x=70, line=13, padding=5, bold_header=True, ruled=()):
    """Draw rows whose cells wrap, with rulings below the rows of the numbers `ruled`; returns the lower end."""
    for number, row in enumerate(rows):
        pdf.set_font("DejaVu", "B" if bold_header and number == 0 else "", 10)
        cells = [wrap(pdf, cell, width - 8) for cell, width in zip(row, widths, strict=True)]
        left = x
        for cell, width in zip(cells, widths, strict=True):
            for at, text in enumerate(cell):
                pdf.text(left, y + 10 + at * line, text)
            left += width
        y += max(map(len, cells)) * line + padding
        if number in ruled:
            pdf.line(x - 3, y, left, y)
    return y


def read_tables(pdf):
    before = []
    for page in read_pages(bytes(pdf.output())):
        before = find_tables(page, before)
        yield from before


@pytest.mark.parametrize("ruled", [(), (0, 3)])
@pytest.mark.parametrize(
    ("rows", "widths"), [(STAGES, (90, 80, 80)), (ASSETS, (110, 60, 110, 90)), (STAGES, (200, 150, 80))]
)
def test_wrapped_cells_of_a_table_without_rulings_are_one_row(rows, widths, ruled):
    pdf = new_page()
    draw_wrapped(pdf, rows, widths, 100, ruled=ruled)
    [table] = read_tables(pdf)
    assert table.rows == [list(row) for row in rows]


def test_columns_with_a_narrow_gap_are_told_by_the_words_below_each_other():
    rows = [("Сорт", "Режим", "Убыль"), *((name, "обычный", "6,8") for name in ("Белый налив", "Антоновка", "Золотое"))]
    pdf = new_page()
    pdf.set_font("DejaVu", "", 10)
    draw_wrapped(pdf, rows, (pdf.get_string_width("Белый налив") + 6, 100, 60), 100, bold_header=False)
    [table] = read_tables(pdf)
    assert table.rows == [list(row) for row in rows]


def test_a_table_of_rows_at_one_distance_keeps_a_row_a_line():
    rows = [("Ток, мА", "Состояние", "Первое действие"), ("менее 4", "обрыв", "искать с конца"),
            ("4-17", "плохая связь", "подтянуть винты"), ("более 45", "замыкание", "делить пополам")]  # fmt: skip
    pdf = new_page()
    draw_wrapped(pdf, rows, (100, 120, 150), 100, padding=0)
    [table] = read_tables(pdf)
    assert table.rows == [list(row) for row in rows]


def test_the_end_of_a_wrapped_first_cell_is_no_row_at_one_distance():
    rows = [("Линия", "Длина", "Опор"), ("Белоречье и посёлок у реки", "250", "6"), ("Пихтово", "210", "31"),
            ("Сосновка", "180", "54")]  # fmt: skip
    pdf = new_page()
    draw_wrapped(pdf, rows, (100, 90, 60), 100, padding=0)
    [table] = read_tables(pdf)
    assert table.rows == [list(row) for row in rows]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_the_rest_of_a_table_on_the_next_page_is_joined(cut):
    pdf = new_page()
    pdf.set_font("DejaVu", "", 10)
    write_lines(pdf)
    draw_wrapped(pdf, ASSETS[:cut], (110, 60, 110, 90), 640, ruled=(0,))
    new_page(pdf)
    y = draw_wrapped(pdf, ASSETS[cut:], (110, 60, 110, 90), 60, bold_header=False, ruled=(len(ASSETS) - cut - 1,))
    write_lines(pdf, y=y + 60)
    text = parse(bytes(pdf.output())).text
    table = [line for line in text.split("\n") if line.startswith("|") and "---" not in line]
    assert table == ["| " + " | ".join(row) + " |" for row in ASSETS]


def test_text_beside_a_ruled_table_stays_out_of_it():
    pdf = new_page()
    draw_wrapped(pdf, STAGES, (80, 80, 60), 100, x=330, ruled=(0, 3))
    pdf.line(327, 100, 550, 100)
    pdf.set_font("DejaVu", "", 10)
    write_lines(pdf, [f"Текст слева от таблицы о строке {number} дела" for number in range(12)], x=40, step=13)
    text = parse(bytes(pdf.output())).text
    for row in STAGES:
        assert "| " + " | ".join(row) + " |" in text
    for number in range(12):
        assert f"о строке {number} дела" in text


def test_justified_lines_above_a_table_are_no_rows_and_no_word_is_doubled():
    words = (("В конце", "шлейфа", "стоит"), ("измеренный", "на клеммах", "резистор"), ("По току", "шлейфа", "панели"))
    pdf = new_page()
    pdf.set_font("DejaVu", "", 12)
    for number, line in enumerate(words):
        width = sum(map(pdf.get_string_width, line))
        x = 70
        for word in line:
            pdf.text(x, 70 + 15 * number, word)
            x += pdf.get_string_width(word) + (330 - width) / 2
    draw_wrapped(pdf, STAGES, (120, 120, 90), 130)
    text = parse(bytes(pdf.output())).text
    for line in words:
        assert text.count(line[0]) == 1
    assert "| Рассмотрение заявки | заведующий складом | 6 недель |" in text
    assert "| В конце" not in text


def test_a_single_ruled_row_goes_on_with_the_table_of_the_page_before():
    def row(pdf, cells, y):
        for number, cell in enumerate(cells):
            pdf.rect(70 + 120 * number, y, 120, 20)
            pdf.text(74 + 120 * number, y + 14, cell)

    pdf = new_page()
    pdf.set_font("DejaVu", "", 10)
    for number, cells in enumerate(STAGES[:3]):
        row(pdf, cells, 740 + 20 * number)
    new_page(pdf)
    row(pdf, STAGES[3], 60)
    text = parse(bytes(pdf.output())).text
    assert "| Проверка | секретарь | 5 дней |\n| Ответ в письме | отдел жалоб | 45 дней |" in text


def test_bold_words_in_two_columns_are_no_header_of_signatures():
    def draw(pdf):
        for number, (post, name) in enumerate([("Директор", "А. И. Орлова"), ("Бухгалтер", "П. П. Котов")]):
            pdf.text(70, 80 + 30 * number, post)
            pdf.text(380, 80 + 30 * number, name)

    assert find_tables(next(read_pages(make_paper(draw)))) == []


def test_a_ruled_header_at_the_end_of_a_page_is_that_of_the_rows_on_the_next():
    pdf = new_page()
    pdf.set_font("DejaVu", "", 10)
    for number, cell in enumerate(STAGES[0]):
        pdf.rect(70 + 120 * number, 780, 120, 20)
        pdf.text(74 + 120 * number, 794, cell)
    new_page(pdf)
    for at, cells in enumerate(STAGES[1:]):
        for number, cell in enumerate(cells):
            pdf.rect(70 + 120 * number, 60 + 20 * at, 120, 20)
            pdf.text(74 + 120 * number, 74 + 20 * at, cell)
    text = parse(bytes(pdf.output())).text
    assert "| Этап | Кто отвечает | Срок |\n|---|---|---|\n| Рассмотрение заявки |" in text
