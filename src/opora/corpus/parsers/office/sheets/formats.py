"""Number formats of an XLSX, which calamine does not tell: which cells show percents, and how many decimals.

The same pass finds the cells farthest out, before a sheet of two cells takes the memory of a full one.
"""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from opora.corpus.parsers.base import ParseError
from opora.corpus.parsers.storage.archive import Archive
from opora.corpus.parsers.storage.xml import local_name, parse_xml

MAX_AREA = 20_000_000
"""Maximum number of cells, empty ones included, of the rectangle that a sheet uses."""
_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*?)>")
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_STYLE = re.compile(rb'\bs="(\d{1,6})"')
_BUILT_IN = {2: "0.00", 4: "#,##0.00", 9: "0%", 10: "0.00%", 39: "#,##0.00", 40: "#,##0.00", 44: "0.00"}
_DECIMALS = re.compile(r"0\.(0+)")
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


class NumberFormat(NamedTuple):
    """Form in which a cell shows its number."""

    decimals: int
    is_percent: bool


CellFormats = dict[tuple[int, int], NumberFormat]
"""Row and column, from 0 -> format; cells in a general format are left out."""


def read_formats(archive: Archive) -> dict[str, CellFormats]:
    """Return the formats of cells by name of sheet. Raises ParseError if a sheet is too large."""
    formats = _style_formats(archive.find("xl/styles.xml"))
    return {name: _scan(name, archive.find(path) or b"", formats) for name, path in _sheet_paths(archive).items()}


def _sheet_paths(archive: Archive) -> dict[str, str]:
    """Return the member of each sheet, by name of the sheet."""
    links, workbook = archive.find("xl/_rels/workbook.xml.rels"), archive.find("xl/workbook.xml")
    if links is None or workbook is None:
        return {}
    targets = {link.get("Id"): link.get("Target", "") for link in parse_xml(links) if local_name(link)}
    paths = {}
    for sheet in parse_xml(workbook).iter():
        if local_name(sheet) == "sheet":
            key = next((value for name, value in sheet.items() if name.endswith("}id")), None)
            paths[sheet.get("name", "")] = posixpath.normpath(posixpath.join("xl", targets.get(key, ""))).lstrip("/")
    return paths


def _style_formats(styles: bytes | None) -> list[NumberFormat | None]:
    """Return the number format of each style of cells."""
    if styles is None:
        return []
    codes, formats = dict(_BUILT_IN), list[NumberFormat | None]()
    for element in parse_xml(styles).iter():
        if local_name(element) == "numFmt":
            codes[_number(element.get("numFmtId"))] = element.get("formatCode", "")
        elif local_name(element) == "cellXfs":
            formats = [_read_format(codes.get(_number(style.get("numFmtId")), "")) for style in element]
    return formats


def _read_format(code: str) -> NumberFormat | None:
    code = _LITERAL.sub("", code.split(";")[0])
    match = _DECIMALS.search(code)
    is_percent = "%" in code
    return NumberFormat(len(match[1]) if match else 0, is_percent) if match or is_percent else None


def _scan(name: str, sheet: bytes, formats: list[NumberFormat | None]) -> CellFormats:
    cells: CellFormats = {}
    bottom = right = 0
    for match in _CELL.finditer(sheet):
        reference = _REFERENCE.search(match[1])
        if reference is None or match[1].endswith(b"/"):
            continue
        row, column = int(reference[2]) - 1, _column(reference[1])
        bottom, right = max(bottom, row + 1), max(right, column + 1)
        style = _STYLE.search(match[1])
        index = int(style[1]) if style else -1
        if 0 <= index < len(formats) and (number_format := formats[index]):
            cells[row, column] = number_format
    if bottom * right > MAX_AREA:
        raise ParseError("too large", f"sheet {name} spans {bottom} rows and {right} columns")
    return cells


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number - 1


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else -1
