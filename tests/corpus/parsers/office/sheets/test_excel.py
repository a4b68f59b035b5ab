"""XLSX: sheets with tables, titles, merged cells, dates and numbers as they are shown."""

import pytest

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.office.sheets import excel
from opora.corpus.parsers.registry import parse_document
from opora.corpus.settings import ParseSettings
from tests.corpus.parsers.packages import write_package

LIMIT = 2**26
_OFFICE = "http://schemas.openxmlformats.org/"
_MAIN = f'xmlns="{_OFFICE}spreadsheetml/2006/main" xmlns:r="{_OFFICE}officeDocument/2006/relationships"'
FORMATS = ["General", "0%", "0.00", "dd.mm.yyyy", "0.0%"]


def write_xlsx(sheets, merges=(), hidden=(), members=()):
    """A workbook: name of a sheet -> cell (`B2`) -> value, or (value, number of its format)."""

    def cell(reference, value):
        value, style = value if isinstance(value, tuple) else (value, 0)
        if isinstance(value, str):
            return f'<c r="{reference}" t="inlineStr"><is><t>{value}</t></is></c>'
        return f'<c r="{reference}" s="{style}"><v>{value!r}</v></c>'

    def sheet(cells):
        rows = {}
        for reference, value in cells.items():
            rows.setdefault(int("".join(filter(str.isdigit, reference))), []).append(cell(reference, value))
        body = "".join(f'<row r="{row}">{"".join(rows[row])}</row>' for row in sorted(rows))
        merged = "".join(f'<mergeCell ref="{reference}"/>' for reference in merges)
        return f"<worksheet {_MAIN}><sheetData>{body}</sheetData><mergeCells>{merged}</mergeCells></worksheet>"

    states = ("visible", "hidden")
    entries = "".join(
        f"<sheet name='{name}' sheetId='{n}' r:id='r{n}' state='{states[name in hidden]}'/>"
        for n, name in enumerate(sheets, 1)
    )
    kind = f"{_OFFICE}officeDocument/2006/relationships"
    links = "".join(
        f'<Relationship Id="r{n}" Type="{kind}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    links += f'<Relationship Id="s" Type="{kind}/styles" Target="styles.xml"/>'
    formats = "".join(f'<numFmt numFmtId="{200 + n}" formatCode="{code}"/>' for n, code in enumerate(FORMATS))
    styles = "".join(f'<xf numFmtId="{200 + n}"/>' for n in range(len(FORMATS)))
    formats, styles = f"<numFmts>{formats}</numFmts>", f"<cellXfs>{styles}</cellXfs>"
    root = f'<Relationship Id="w" Type="{kind}/officeDocument" Target="xl/workbook.xml"/>'
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return write_package(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": f'<Relationships xmlns="{package}">{root}</Relationships>',
            "xl/workbook.xml": f"<workbook {_MAIN}><sheets>{entries}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">{links}</Relationships>',
            "xl/styles.xml": f"<styleSheet {_MAIN}>{formats}{styles}</styleSheet>",
            "docProps/core.xml": "<core><title>Fees</title><creator>N. Orlova</creator></core>",
            **dict(members),
            **{f"xl/worksheets/sheet{n}.xml": sheet(cells) for n, cells in enumerate(sheets.values(), 1)},
        }
    )


def read(cells, **options):
    return parse_document(write_xlsx({"Sheet1": cells}, **options), "a.xlsx", LIMIT).text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"), (0.1 + 0.2, "0.3"), (1e-7, "0.0000001"), (123456789012, "123456789012"), ((0.125, 4), "12.5%"),
        ((0.13, 1), "13%"), ((12.3456, 2), "12.35"), ((45000, 3), "2023-03-15"), (-0.0, "0"),
    ],
)  # fmt: skip
def test_values(value, text):
    assert f"| x | {text} |" in read({"A1": "name", "B1": "value", "A2": "x", "B2": value})


def test_title_table_and_note():
    note = "Prices hold until the end of the year and include delivery."
    cells = {"B2": "Fees of the ferry", "B4": "Who", "C4": "Fee", "B5": "Dogs", "C5": 0, "B6": note}
    assert read(cells) == f"Fees of the ferry\n\n| Who | Fee |\n|---|---|\n| Dogs | 0 |\n\n{note}"


def test_tables_are_parted_by_empty_rows_and_columns():
    cells = {"A1": "a", "B1": "b", "A2": 1, "B2": 2, "D1": "c", "E1": "d", "D2": 3, "E2": 4, "A4": "e", "B4": "f"}
    assert read(cells).split("\n\n") == [
        "| a | b |\n|---|---|\n| 1 | 2 |", "| c | d |\n|---|---|\n| 3 | 4 |", "| e | f |\n|---|---|",
    ]  # fmt: skip


def test_a_gap_within_a_table_does_not_cost_its_header():
    cells = {"A1": "year", "B1": "fee", "A2": 2023, "B2": 10, "A4": 2024, "B4": 12}
    assert read(cells) == "| year | fee |\n|---|---|\n| 2023 | 10 |\n| 2024 | 12 |"


def test_merged_cells_are_repeated_and_headers_of_two_rows_joined():
    cells = {"A1": "Hall", "B1": "Flow", "B2": "plan", "C2": "fact", "A3": "North", "B3": 5, "C3": 6, "B4": 7, "C4": 8}
    text = read(cells, merges=["A1:A2", "B1:C1", "A3:A4"])
    assert text == "| Hall | Flow plan | Flow fact |\n|---|---|---|\n| North | 5 | 6 |\n| North | 7 | 8 |"


def test_a_merged_title_stands_once():
    cells = {"A1": "Fees", "A2": "Who", "B2": "Fee", "A3": "Dogs", "B3": 5}
    assert read(cells, merges=["A1:B1"]).startswith("Fees\n\n| Who | Fee |")


def test_sheets_are_headings_and_hidden_ones_named():
    data = write_xlsx({"Prices": {"A1": "a"}, "Old": {"A1": "b"}, "Empty": {}}, hidden=["Old"])
    parsed = parse_document(data, "list.xlsx", LIMIT)
    assert parsed.text == "# Prices\n\na\n\n# Old\n\nb"
    assert "Fees" in (parsed.title, *parsed.other_titles)
    assert parsed.metadata == {"author": "N. Orlova", "hidden_sheets": "Old"}


def test_a_sheet_that_is_too_long_is_cut_with_a_suspicion(monkeypatch):
    monkeypatch.setattr(excel, "MAX_CELLS", 6)
    cells = {f"{column}{row}": row for row in range(1, 6) for column in "AB"}
    parsed = parse_document(write_xlsx({"Sheet1": cells}), "a.xlsx", LIMIT)
    assert [(suspicion.reason, suspicion.value) for suspicion in parsed.suspicions] == [("text lost", 0.6)]


def test_a_cell_far_out_is_refused():
    with pytest.raises(ParseError, match="too large"):
        read({"A1": 1, "XFD1048576": 2})


def test_a_broken_workbook_is_corrupt():
    with pytest.raises(ParseError, match="corrupt"):
        parse_document(write_package({"xl/workbook.xml": "<w>"}), "a.xlsx", LIMIT)


def test_text_boxes_are_read_and_comments_on_demand():
    members = {
        "xl/drawings/drawing1.xml": "<d><p><r><t>In a </t></r><r><t>box</t></r></p></d>",
        "xl/comments1.xml": "<c><comment><text><t>Check this.</t></text></comment></c>",
    }
    data = write_xlsx({"Sheet1": {"A1": "a", "B1": "b"}}, members=members)
    assert parse_document(data, "a.xlsx", LIMIT).text.endswith("In a box")
    assert parse_document(data, "a.xlsx", LIMIT, ParseSettings(comments=True)).text.endswith("In a box\n\nCheck this.")
