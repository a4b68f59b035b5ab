"""ODS: cells as they are shown, merged ones repeated, huge counts bounded."""

import pytest

from opora.corpus.parsers.registry import parse_document
from tests.corpus.parsers.packages import write_open_document

LIMIT = 2**25


def cell(text, **attributes):
    marks = "".join(f" table:{name.replace('_', '-')}='{value}'" for name, value in attributes.items())
    return f"<table:table-cell{marks}><text:p>{text}</text:p></table:table-cell>"


def read(*rows, marks=""):
    body = "".join(
        row if row.startswith("<table:table-row") else f"<table:table-row>{row}</table:table-row>" for row in rows
    )
    data = write_open_document(f"<table:table table:name='Sheet1'>{body}</table:table>", kind="spreadsheet")
    return parse_document(data, "a.ods", LIMIT).text


def test_cells_as_shown():
    assert (
        read(cell("Who") + cell("Share"), cell("Dogs") + cell("12,5 %"))
        == "| Who | Share |\n|---|---|\n| Dogs | 12,5 % |"
    )


def test_merged_cells():
    rows = (
        cell("Hall") + cell("Flow"),
        cell("North", number_rows_spanned=2) + cell("5"),
        "<table:covered-table-cell/>" + cell("6"),
    )
    assert read(*rows).splitlines()[2:] == ["| North | 5 |", "| North | 6 |"]


EMPTY_ROWS = "<table:table-row table:number-rows-repeated='1048570'><table:table-cell/></table:table-row>"


@pytest.mark.parametrize(
    "rows",
    [
        (cell("A", number_columns_repeated=10**9) + cell("B"),),
        (EMPTY_ROWS, cell("A") + cell("B")),
        ("<table:table-row table:number-rows-repeated='1000000000'>" + cell("A") * 2 + "</table:table-row>",),
        (cell("A", number_rows_spanned=10**9, number_columns_spanned=10**9) + cell("B"),),
    ],
)
def test_huge_counts_are_bounded(rows):
    assert 5 < len(read(*rows)) < 30_000
