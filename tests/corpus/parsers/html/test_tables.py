"""Tables: spans stay in their columns, headers are one row, layout is read once, sizes that lie cost nothing."""

import pytest

from opora.corpus.parsers.html.parser import read_whole


def lines(body):
    return [line for block in read_whole(f"<body>{body}".encode())[0] for line in block.text.splitlines()]


def test_spans_are_filled():
    table = """<table><tr><th>Зал</th><th>Насос</th><th>Подача</th><th>Давление</th></tr>
    <tr><td rowspan=2>Южный</td><td>Н-1</td><td>40</td><td>6</td></tr>
    <tr><td>Н-2</td><td colspan=2>в ремонте</td></tr></table>"""
    assert lines(table)[2:] == ["| Южный | Н-1 | 40 | 6 |", "| Южный | Н-2 | в ремонте | в ремонте |"]


@pytest.mark.parametrize("group", ["thead", "tbody"])
def test_header_of_two_rows_is_merged(group):
    table = f"""<table><{group}><tr><th rowspan=2>Лодка</th><th colspan=2>Цена</th></tr>
    <tr><th>час</th><th>сутки</th></tr></{group}><tr><td>Чайка</td><td>300</td><td>1800</td></tr></table>"""
    assert lines(table)[0] == "| Лодка | Цена час | Цена сутки |"
    assert lines(table)[2:] == ["| Чайка | 300 | 1800 |"]


def test_header_of_two_rows_without_header_cells_is_merged():
    table = """<table><tr><td rowspan=2>Лодка</td><td colspan=2>Цена</td></tr><tr><td>час</td><td>сутки</td></tr>
    <tr><td>Чайка</td><td>300</td><td>1800</td></tr></table>"""
    assert lines(table)[0] == "| Лодка | Цена час | Цена сутки |"


def test_row_over_all_columns_stands_once():
    table = (
        "<table><tr><th>А</th><th>Б</th></tr><tr><td colspan=2>Раздел</td></tr><tr><td>1</td><td>2</td></tr></table>"
    )
    assert lines(table)[2:] == ["| Раздел |  |", "| 1 | 2 |"]


def test_first_row_over_all_columns_and_caption_are_titles():
    rows = "<tr><td colspan=2>Цены</td></tr><tr><td>Лодка</td><td>300</td></tr><tr><td>Мотор</td><td>200</td></tr>"
    assert lines(f"<table><caption>Таблица 1</caption>{rows}</table>")[:3] == ["Таблица 1", "Цены", "| Лодка | 300 |"]


def test_layout_tables_are_read_once():
    inner = "<table border=1><tr><th>Бригада</th><th>Выходной</th></tr><tr><td>Первая</td><td>вторник</td></tr></table>"
    page = (
        f"<table><tr><td>Слева</td><td><table><tr><td><p>Смена в семь.</p>{inner}</td></tr></table></td></tr></table>"
    )
    assert lines(page) == ["Слева", "Смена в семь.", "| Бригада | Выходной |", "|---|---|", "| Первая | вторник |"]


def test_spans_that_lie_are_bounded():
    row = "<tr><td colspan=1000000000 rowspan=1000000000>а</td><td>б</td></tr>"
    assert len("".join(lines(f"<table>{row * 500}</table>"))) < 1_000_000


def test_rowspan_of_zero_goes_on_to_the_end():
    table = """<table><tr><th>Лодка</th><th>Час</th></tr><tr><td rowspan=0>Ялик</td><td>5</td></tr>
    <tr><td>6</td></tr></table>"""
    assert lines(table)[-2:] == ["| Ялик | 5 |", "| Ялик | 6 |"]
