import time

from tests.corpus.parsers.docx.word_files import lines, numbered, paragraph, table


def cell(content, properties=""):
    content = content if content.startswith("<") else paragraph(content)
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>"


def span(content, columns):
    return cell(content, f'<w:gridSpan w:val="{columns}"/>')


def merged(content="", value="continue"):
    return cell(content, f'<w:vMerge w:val="{value}"/>')


def row(cells, properties=""):
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def test_merged_cells_repeat_their_value():
    body = table(["Цех", "Насос", "Год"], [merged("Первый", "restart"), "Н-1", "2017"], [merged(), span("Н-2", 2)])
    assert lines(body)[2:] == ["| Первый | Н-1 | 2017 |", "| Первый | Н-2 | Н-2 |"]


def test_header_rows_become_one():
    body = table(
        [merged("Грейд", "restart"), span("Доля, %", 2)],
        [merged(), cell("команда"), cell("лично")],
        ["5-17", "10", "90"],
    )
    assert lines(body) == ["| Грейд | Доля, % команда | Доля, % лично |", "|---|---|---|", "| 5-17 | 10 | 90 |"]


def test_marked_header_rows_become_one():
    header = "<w:tblHeader/>"
    rows = (
        row([cell("Год"), cell("Сумма")], header)
        + row([cell(""), cell("тыс. руб.")], header)
        + row([cell("2027"), cell("5")])
    )
    assert lines(f"<w:tbl>{rows}</w:tbl>")[0] == "| Год | Сумма тыс. руб. |"


def test_columns_left_out_stay_empty():
    rows = row([cell("А"), cell("Б"), cell("В")]) + row([cell("1"), cell("2")], '<w:gridBefore w:val="1"/>')
    assert lines(f"<w:tbl>{rows}</w:tbl>")[2] == "|  | 1 | 2 |"


def test_a_row_over_the_whole_width_is_written_once():
    body = table(["Код", "Имя"], [span("Раздел 1", 2)], ["7", "Клапан"])
    assert lines(body)[2:] == ["| Раздел 1 |  |", "| 7 | Клапан |"]


def test_the_caption_in_the_first_row_stands_above():
    assert lines(table([span("Таблица 3. Цены", 2)], ["Код", "Цена"], ["7", "90"]))[:2] == [
        "Таблица 3. Цены",
        "| Код | Цена |",
    ]


def test_tables_that_lay_out_text_become_paragraphs():
    box = table([cell(paragraph("Раз.") + paragraph("Два."))])
    sides = table(["Арендодатель", "Арендатор"], [cell(paragraph("ООО «Ромб»") * 5), cell(paragraph("ИП Котов") * 5)])
    assert lines(box) == ["Раз.", "Два."]
    assert lines(sides) == ["Арендодатель", *["ООО «Ромб»"] * 5, "Арендатор", *["ИП Котов"] * 5]


def test_a_table_in_a_cell_stays_in_its_cell():
    inner = table(["а", "1"], ["б", "2"])
    body = table(["Код", "Состав"], *([str(i), cell(inner)] for i in range(4)))
    assert lines(body)[2] == "| 0 | а, 1; б, 2 |"


def test_deleted_rows_are_left_out():
    rows = (
        row([cell("Код"), cell("Имя")])
        + row([cell("1"), cell("Да")])
        + row([cell("2"), cell("Нет")], '<w:del w:id="1"/>')
    )
    assert lines(f"<w:tbl>{rows}</w:tbl>")[2:] == ["| 1 | Да |"]


def test_rows_and_cells_in_content_controls_are_read():
    control = "<w:sdt><w:sdtContent>{}</w:sdtContent></w:sdt>"
    rows = row([cell("Код"), cell("Имя")]) + control.format(row([cell("1"), control.format(cell("Да"))]))
    assert lines(f"<w:tbl>{rows}</w:tbl>")[2:] == ["| 1 | Да |"]


def test_numbers_of_items_in_cells_are_kept():
    body = table(["Код", "Состав"], ["1", cell(numbered("масло") + numbered("вода"))], ["2", "воздух"])
    definitions = (
        '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
        '<w:lvlText w:val="%1)"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    )
    assert lines(body, numbering=definitions)[2] == "| 1 | 1) масло 2) вода |"


def test_huge_spans_are_bounded():
    start = time.process_time()
    body = table([span("А", 10**9), "Б"], *([span("x", 10**12), merged("y" * 1000)] for _ in range(300)))
    assert len("".join(lines(body))) < 10**6
    assert time.process_time() - start < 2
