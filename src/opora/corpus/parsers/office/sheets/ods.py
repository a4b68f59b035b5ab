"""Parser of OpenDocument spreadsheets: cells as they are shown."""

from __future__ import annotations

from opora.corpus.parsers.base import ParseContext, ParseError, Reading, Suspicion
from opora.corpus.parsers.office.odf_styles import STYLE, TEXT, to_int
from opora.corpus.parsers.office.odf_text import TABLE, table_rows
from opora.corpus.parsers.office.odt import read_open_document_facts, read_roots
from opora.corpus.parsers.office.sheets.excel import MAX_CELLS, read_sheets
from opora.corpus.parsers.office.sheets.layout import Merge, Sheet
from opora.corpus.parsers.storage.xml import Element, local_name

MAX_COLUMNS = 16_384
MAX_REPEATS = 1000
"""Maximum number of times that a row or cell with text is repeated."""
_DISPLAY = f"{TABLE}display"


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse an ODS. Raises ParseError if it is encrypted or broken."""
    roots = read_roots(data)
    tables = [element for element in roots[0].iter(f"{TABLE}table") if local_name(element.getparent()) == "spreadsheet"]
    if not tables:
        raise ParseError("corrupt", "a spreadsheet without sheets")
    hidden = {
        style.getparent().get(f"{STYLE}name") for style in roots[0].iter(f"{STYLE}table-properties")
        if style.get(_DISPLAY) == "false"
    }  # fmt: skip
    budget = MAX_CELLS
    sheets = []
    for table in tables:
        sheet = _read_sheet(table, budget)
        sheet.is_hidden = table.get(f"{TABLE}style-name") in hidden
        budget -= sum(map(len, sheet.rows))
        sheets.append(sheet)
    reading = read_sheets(sheets)
    title, metadata = read_open_document_facts(roots)
    reading.titles, reading.metadata = [title], {**reading.metadata, **metadata}
    if budget <= 0:
        reading.suspicions = [
            *reading.suspicions,
            Suspicion(reason="text lost", detail="the sheets have too many cells"),
        ]
    return reading


def _read_sheet(table: Element, budget: int) -> Sheet:
    """Return a sheet of about `budget` cells at most; repeated empty rows become one."""
    rows: list[list[str]] = []
    merges: list[Merge] = []
    for row in table_rows(table):
        line = _read_row(row, len(rows), merges)
        repeats = to_int(row.get(f"{TABLE}number-rows-repeated"), 1) if line else 1
        repeats = min(repeats, MAX_REPEATS, max(0, budget) // max(1, len(line)) + 1)
        rows += [list(line) for _ in range(repeats)]
        budget -= repeats * max(1, len(line))
        if budget <= 0:
            break
    return Sheet(table.get(f"{TABLE}name", ""), rows, merges)


def _read_row(row: Element, number: int, merges: list[Merge]) -> list[str]:
    """Return the texts of a row up to the last one."""
    line: list[str] = []
    for cell in row:
        if local_name(cell) not in ("table-cell", "covered-table-cell"):
            continue
        text = _cell_text(cell) if local_name(cell) == "table-cell" else ""
        repeats = to_int(cell.get(f"{TABLE}number-columns-repeated"), 1)
        width = to_int(cell.get(f"{TABLE}number-columns-spanned"), 1)
        height = to_int(cell.get(f"{TABLE}number-rows-spanned"), 1)
        if width > 1 or height > 1:
            merges.append(Merge(number, len(line), number + height - 1, len(line) + width - 1))
        line += [text] * max(0, min(repeats, MAX_REPEATS if text else MAX_COLUMNS, MAX_COLUMNS - len(line)))
    while line and not line[-1]:
        line.pop()
    return line


def _cell_text(cell: Element) -> str:
    """Return the text that a cell shows, without its annotations."""
    pieces: list[str] = []
    for paragraph in cell.iterchildren(f"{TEXT}p"):
        for element in paragraph.iter():
            name = local_name(element)
            pieces += [" " if name in ("s", "tab", "line-break") else element.text or ""]
            if element is not paragraph:
                pieces.append(element.tail or "")
        pieces.append(" ")
    return "".join(pieces).strip()
