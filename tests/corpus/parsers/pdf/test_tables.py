"""Tables of PDFs become pipe tables, each value in its column; prose, lists and contents never do."""

import pytest
from fpdf import FPDF

from opora.corpus.parsers.pdf.page import read_pages
from opora.corpus.parsers.pdf.tables.finding import find_tables
from opora.corpus.parsers.pdf.tables.table import table_block

from .papers import FONT, draw_table, make_paper, parse, write_lines

PUMPS = [
    ("Насос", "Расход, м³/ч", "Год"),
    ("Н-1", "12,5", "2017"),
    ("Н-2", "6,3", "2021"),
    ("Н-3", "18 870", "1999"),
    ("Н-4", "-4,1", "2003"),
    ("Н-5", "7", "2010"),
    ("Н-6", "120", "2011"),
]


def read_tables(data):
    return [table for page in read_pages(data) for table in find_tables(page)]


@pytest.mark.parametrize("lines", ["all", "few", "inner", "none"])
def test_tables_with_all_few_inner_and_no_rulings(lines):
    def draw(pdf):
        pdf.text(70, 60, "Паспорта насосов станции за прошлый год хранит главный механик.")
        draw_table(pdf, PUMPS, lines=lines)
        pdf.text(70, 300, "Насосы проверяют раз в год, о чём делают запись в журнале станции.")

    [table] = read_tables(make_paper(draw))
    assert table.rows == [list(row) for row in PUMPS]


def test_lines_of_a_table_lie_on_their_page():
    def draw(pdf):
        draw_table(pdf, PUMPS)

    [table] = read_tables(make_paper(draw))
    block = table_block(table)
    spans = {block.text[line.start : line.end]: line for line in block.lines}
    line = spans["| Н-2 | 6,3 | 2021 |"]
    assert (line.page, round(line.y0), round(line.y1)) == (1, 140, 160)


def test_headings_over_several_columns_and_those_below_them_are_one_header():
    def draw(pdf):
        for y in (100, 140, 160):
            pdf.line(70, y, 370, y)
        pdf.line(170, 120, 370, 120)
        for x, top in ((70, 100), (170, 100), (270, 120), (370, 100)):
            pdf.line(x, top, x, 160)
        pdf.text(74, 124, "Регион")
        pdf.text(174, 114, "Выдано разрешений")
        for x, text in ((174, "план"), (274, "факт")):
            pdf.text(x, 134, text)
        for x, text in ((74, "Тверь"), (174, "204"), (274, "2 152")):
            pdf.text(x, 154, text)

    [table] = read_tables(make_paper(draw))
    assert table.rows == [
        ["Регион", "Выдано разрешений план", "Выдано разрешений факт"],
        ["Тверь", "204", "2 152"],
    ]


@pytest.mark.parametrize("angle", [90, 270])
def test_turned_cells_are_read_along_their_text(angle):
    def draw(pdf):
        draw_table(pdf, [("", "", ""), ("Н-1", "12,5", "2017")], height=90)
        for x, text in ((80, "Насос"), (250, "Подача воды"), (350, "Год")):
            y = 180 if angle == 90 else 110
            with pdf.rotation(angle, x, y):
                pdf.text(x, y, text)

    [table] = read_tables(make_paper(draw))
    assert table.rows[0] == ["Насос", "Подача воды", "Год"]


def test_words_that_cross_a_border_are_kept_whole():
    rows = [("Участник торгов", "Цена"), ("Водоканал", "15")]

    def draw(pdf):
        draw_table(pdf, rows, widths=(89, 100))
        pdf.line(76, 100, 76, 140)  # a second border through the first letters

    text = parse(make_paper(draw)).text
    assert "Участник торгов" in text
    assert "Водоканал" in text


def test_wrapped_cells_stay_one_row():
    rows = [("Насос", "Назначение"), ("Н-1", ""), ("Н-2", "")]

    def draw(pdf):
        draw_table(pdf, rows, widths=(60, 160), height=50)
        for number, (first, second) in enumerate(
            [("подаёт воду в цеха", "завода и посёлка"), ("откачивает стоки", "в отстойник")]
        ):
            pdf.text(134, 170 + 50 * number, first)
            pdf.text(134, 184 + 50 * number, second)

    [table] = read_tables(make_paper(draw))
    assert table.rows[1:] == [["Н-1", "подаёт воду в цеха завода и посёлка"], ["Н-2", "откачивает стоки в отстойник"]]


PROSE = (
    "Арендатор вносит плату за каждый", "месяц не позднее пятого числа и", "возмещает расходы на отопление",
    "и воду по показаниям счётчиков.", "Арендодатель принимает плату и", "выдаёт квитанцию в тот же день,",
    "а задержку отмечает в журнале.", "Стороны сверяют расчёты осенью.",
)  # fmt: skip


def two_columns(pdf):
    write_lines(pdf, PROSE, x=60)
    write_lines(pdf, PROSE[::-1], x=310)


def numbered_list(pdf):
    for number, line in enumerate(PROSE, 1):
        pdf.text(70, 80 + 16 * number, f"{number}.")
        pdf.text(95, 80 + 16 * number, line)


def contents(pdf):
    for number, line in enumerate(PROSE):
        pdf.text(70, 80 + 16 * number, f"{number + 1}. {line[:20]} " + "." * 30)
        pdf.text(480, 80 + 16 * number, str(3 + 4 * number))


def signatures(pdf):
    for number, (post, name) in enumerate(
        [("Директор", "Орлова А. И."), ("Бухгалтер", "Котов П. П."), ("Юрист", "Ким Е.")]
    ):
        pdf.text(70, 80 + 30 * number, post)
        pdf.text(380, 80 + 30 * number, name)


def white_boxes(pdf):
    pdf.set_fill_color(255)
    for number, line in enumerate(PROSE):
        for x, width in ((66, 200), (266, 250)):
            pdf.rect(x, 70 + 16 * number, width, 16, style="F")
        pdf.text(70, 80 + 16 * number, f"{line} {PROSE[number - 1]}")


def boxed_lines(pdf):
    for number, line in enumerate(PROSE):
        pdf.rect(66, 69 + 16 * number, 230, 16)
        pdf.rect(296, 69 + 16 * number, 60, 16)
        pdf.text(70, 80 + 16 * number, line)


def framed_page(pdf):
    pdf.rect(40, 40, 515, 700)
    pdf.rect(40, 740, 515, 40)
    write_lines(pdf, PROSE)


def chart(pdf):
    for step in range(12):
        pdf.line(100, 200 + 20 * step, 400, 200 + 20 * step)
        pdf.line(100 + 27 * step, 200, 100 + 27 * step, 420)
    pdf.text(150, 290, "рост")
    write_lines(pdf, PROSE, y=60)


@pytest.mark.parametrize(
    "draw", [two_columns, numbered_list, contents, signatures, white_boxes, boxed_lines, framed_page, chart]
)
def test_no_table_is_seen_where_there_is_none(draw):
    assert read_tables(make_paper(draw)) == []


def make_parts(*parts, caption=""):
    """A PDF with one table a page, at its bottom on the first and at its top, below a caption, on the others."""
    pdf = FPDF(unit="pt", format=(595, 842))
    pdf.set_auto_page_break(False)
    pdf.add_font("DejaVu", "", FONT)
    pdf.set_font("DejaVu", "", 11)
    for number, rows in enumerate(parts, 1):
        pdf.add_page()
        pdf.text(70, 40, "Реестр оборудования")
        pdf.text(290, 820, str(number))
        if number == 1:
            write_lines(pdf, PROSE)
        elif caption:
            pdf.text(300, 64, caption)
        draw_table(pdf, rows, y=(800 - 20 * len(rows)) if number == 1 else 70)
    return bytes(pdf.output())


HEADER = [("Насос", "Подача", "Подача"), ("Насос", "м³/ч", "л/с")]
BODY = [(f"Н-{number}", str(3 * number + 101), str(number)) for number in range(1, 13)]


@pytest.mark.parametrize("repeated", [0, 2])
def test_a_table_over_three_pages_is_one(repeated):
    data = make_parts(HEADER + BODY[:3], HEADER[:repeated] + BODY[3:9], HEADER[:repeated] + BODY[9:])
    text = parse(data).text
    assert text.count("м³/ч") == 1
    assert "| Н-3 | 110 | 3 |\n| Н-4 | 113 | 4 |" in text
    assert "| Н-9 | 128 | 9 |\n| Н-10 | 131 | 10 |" in text


def test_a_repeated_row_of_column_numbers_is_left_out():
    numbers = [("1", "2", "3")]
    text = parse(make_parts(HEADER + numbers + BODY[:3], numbers + BODY[3:])).text
    assert text.count("| 1 | 2 | 3 |") == 1
    assert "| Н-3 | 110 | 3 |\n| Н-4 | 113 | 4 |" in text


@pytest.mark.parametrize("caption", ["Продолжение таблицы 2", "Таблица 2 (окончание)", "Table 2 (continued)"])
def test_a_line_that_says_that_a_table_goes_on_is_left_out(caption):
    text = parse(make_parts(HEADER + BODY[:3], HEADER + BODY[3:], caption=caption)).text
    assert "| Н-3 | 110 | 3 |\n| Н-4 | 113 | 4 |" in text
    assert caption not in text


def test_a_new_caption_begins_a_new_table():
    text = parse(make_parts(HEADER + BODY[:3], HEADER + BODY[3:], caption="Таблица 3. Запасные насосы")).text
    assert text.count("м³/ч") == 2


@pytest.mark.parametrize("angle", [90, 270])
def test_a_turned_table_on_an_upright_page(angle):
    def draw(pdf):
        with pdf.rotation(angle, 297, 421):
            draw_table(pdf, PUMPS, x=60, y=380)

    assert read_tables(make_paper(draw))[0].rows == [list(row) for row in PUMPS]


def test_words_that_a_narrow_cell_cuts_are_joined():
    def draw(pdf):
        draw_table(pdf, [("Показатель", "Сумма"), ("", "5,8"), ("", "7,1")], widths=(88, 60), height=40)
        for number, (first, second) in enumerate([("нефтепродуктов", "ые доходы"), ("прочие расходы", "за год")]):
            pdf.text(75, 156 + 40 * number, first)
            pdf.text(75, 170 + 40 * number, second)

    [table] = read_tables(make_paper(draw))
    assert [row[0] for row in table.rows[1:]] == ["нефтепродуктовые доходы", "прочие расходы за год"]


def test_tables_with_other_columns_stay_apart():
    wide = [("Кран", "Шкаф", "Склад", "Цех"), ("К-1", "7", "8", "9")]
    pdf = FPDF(unit="pt", format=(595, 842))
    pdf.add_font("DejaVu", "", FONT)
    pdf.set_font("DejaVu", "", 11)
    for rows, widths in ((PUMPS, (160, 100, 100)), (wide, (90, 90, 90, 90))):
        pdf.add_page()
        draw_table(pdf, rows, widths=widths)
    assert parse(bytes(pdf.output())).text.count("\n|---") == 2


def test_a_page_of_rulings_costs_little():
    def draw(pdf):
        for number in range(700):
            pdf.line(50 + number % 90 * 5.5, 60, 50 + number % 90 * 5.5, 61 + number)
            pdf.line(50, 60 + number, 51 + number % 500, 60 + number)

    assert read_tables(make_paper(draw)) == []


def test_products_are_figures_of_rows_that_only_lines_of_text_tell_apart():
    names, products, sums = ("Первый", "Второй", "Третий"), ("129 · 10", "1064 · 10", "271 · 10"), ("7", "40", "22")

    def draw(pdf):
        draw_table(pdf, [("Способ", "Шагов", "Цена"), ("", "", "")], height=60)
        for number, cells in enumerate(zip(names, products, sums, strict=True)):
            for x, cell in zip((74, 234, 334), cells, strict=True):
                pdf.text(x, 176 + 14 * number, cell)

    [table] = read_tables(make_paper(draw))
    assert table.rows[1:] == [list(row) for row in zip(names, products, sums, strict=True)]
