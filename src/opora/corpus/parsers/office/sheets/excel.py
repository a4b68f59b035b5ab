"""Parser of Excel workbooks (XLSX, XLSB, XLS) through calamine: each sheet a heading with its tables."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from opora.corpus.blocks import Block, one_line
from opora.corpus.parsers.base import ParseContext, ParseError, Reading, Suspicion
from opora.corpus.parsers.elements.facts import Facts, read_facts
from opora.corpus.parsers.office.sheets.drawings import drawn_blocks
from opora.corpus.parsers.office.sheets.formats import CellFormats, read_formats
from opora.corpus.parsers.office.sheets.layout import Merge, Sheet, sheet_blocks
from opora.corpus.parsers.office.sheets.values import format_value
from opora.corpus.parsers.storage.archive import ZIP, Archive
from opora.corpus.parsers.storage.xml import parse_xml
from opora.records import Scalar

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

MAX_CELLS = 1_000_000
"""Maximum number of cells with text in a workbook; later ones are left out, with a suspicion."""
_DEFAULT_NAME = re.compile(r"[^\W\d]+\s?\d+")
"""Such as `Sheet1`."""


def parse(data: bytes, context: ParseContext) -> Reading:
    """Parse a workbook. Raises ParseError if it is encrypted, broken or too large."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    archive = Archive(data) if data.startswith(ZIP) else None
    formats = read_formats(archive) if archive else {}
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            sheets = list(_sheets(workbook, formats))
    except PasswordError:
        raise ParseError("encrypted", "a workbook with a password") from None
    except (CalamineError, ValueError, OSError, TypeError) as error:
        raise ParseError("corrupt", f"{type(error).__name__}: {error}"[:200]) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of Rust, which has no class to import
            raise
        raise ParseError("corrupt", str(error).split("\n")[0][:200]) from None
    reading = read_sheets(sheets)
    if archive:
        reading.blocks = [*reading.blocks, *drawn_blocks(archive, context.settings.comments)]
        core = archive.find("docProps/core.xml")
        facts = read_facts(parse_xml(core)) if core else Facts()
        reading.titles, reading.metadata = [facts.title], {**reading.metadata, **facts.metadata}
    return reading


def read_sheets(sheets: Iterable[Sheet]) -> Reading:
    """Return the sheets of a workbook as a reading; what exceeds MAX_CELLS is left out."""
    blocks: list[Block] = []
    hidden: list[str] = []
    kept = total = 0
    filled = [sheet for sheet in sheets if any(map(any, sheet.rows))]
    for sheet in filled:
        count = sum(bool(text) for row in sheet.rows for text in row)
        total += count
        if kept + count > MAX_CELLS:
            count = _cut(sheet, MAX_CELLS - kept)
        kept += count
        if len(filled) > 1 or not _DEFAULT_NAME.fullmatch(sheet.name):
            blocks.append(Block("heading", one_line(sheet.name), level=1))
        blocks += sheet_blocks(sheet)
        hidden += [sheet.name] if sheet.is_hidden else []
    share = kept / total if total else 1.0
    detail = f"{kept} of {total} cells are kept"
    suspicions = [Suspicion(reason="text lost", value=share, detail=detail)] if kept < total else []
    metadata: dict[str, Scalar] = {"hidden_sheets": ", ".join(hidden)} if hidden else {}
    return Reading(blocks, metadata=metadata, suspicions=suspicions)


def _cut(sheet: Sheet, limit: int) -> int:
    """Cut a sheet to whole rows of at most `limit` cells with text. Return their number."""
    count = 0
    for number, row in enumerate(sheet.rows):
        size = sum(map(bool, row))
        if count + size > limit:
            del sheet.rows[number:]
            break
        count += size
    return count


def _sheets(workbook: CalamineWorkbook, formats: dict[str, CellFormats]) -> Iterator[Sheet]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    for metadata in workbook.sheets_metadata:
        if metadata.typ is not SheetTypeEnum.WorkSheet:
            continue
        sheet = workbook.get_sheet_by_name(metadata.name)
        top, left = sheet.start or (0, 0)
        cells = formats.get(metadata.name, {})
        rows = [
            _row(row, number, left, cells)
            for number, row in enumerate(sheet.to_python(skip_empty_area=True), start=top)
        ]
        merges = [
            Merge(first[0] - top, first[1] - left, last[0] - top, last[1] - left)
            for first, last in sheet.merged_cell_ranges or []
            if first[0] >= top and first[1] >= left
        ]
        yield Sheet(metadata.name, rows, merges, metadata.visible is not SheetVisibleEnum.Visible)


def _row(row: list[Any], number: int, left: int, formats: CellFormats) -> list[str]:
    texts = []
    for column, value in enumerate(row, start=left):
        shown = formats.get((number, column))
        texts.append(format_value(value, shown.decimals, shown.is_percent) if shown else format_value(value))
    return texts
