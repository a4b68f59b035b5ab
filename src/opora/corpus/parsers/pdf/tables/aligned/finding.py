"""Tables without rulings, or with few: neighbouring lines whose pieces stand in the same columns.

Columns of prose, lists, tables of contents, and labels beside values are none: a table has figures in a column, or at
least three columns of short cells. Rulings above and below its lines, and a bold header, are evidence for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from opora.corpus.parsers.pdf.page import PdfPage
from opora.corpus.parsers.pdf.tables.aligned.bands import RulingBand, find_bands, has_ruling_below, lines_beside_text
from opora.corpus.parsers.pdf.tables.aligned.columns import (
    SAME_SIDE,
    Columns,
    begins_columns,
    find_columns,
    is_header_line,
    line_cells,
    overlaps,
)
from opora.corpus.parsers.pdf.tables.aligned.evidence import is_table, prose_columns
from opora.corpus.parsers.pdf.tables.aligned.lines import SplitLine, find_lines
from opora.corpus.parsers.pdf.tables.aligned.rest import find_rest
from opora.corpus.parsers.pdf.tables.aligned.rows import (
    MAX_LINE_STEP,
    Group,
    group_cells,
    group_rows,
    is_figure,
    is_ruled,
)
from opora.corpus.parsers.pdf.tables.table import PdfTable, RowBox, TablePlace, make_table

MIN_LINES = 2
"""Minimum number of lines with several pieces on a page with a table."""
MAX_ROW_GAP = 2.6
"""Distance between base lines above which a table ends, in letter sizes."""
LARGER = 1.08
"""Lines with larger letters than those of a table by this factor are not its header, nor its next row."""
MIN_BELOW = 0.6
"""Share of the width of a table from which such a line stands below it, not beside it."""
CLOSE_LINES = 0.85
"""Lines closer than this share of the largest distance of lines are parts of one row."""
MAX_HEADER_LINES = 6
MAX_BELOW = 3
"""Number of lines from a header at the end of a page on, at most: its own and a running line."""


def find_aligned_tables(page: PdfPage, taken: Sequence[PdfTable], before: Sequence[PdfTable] = ()) -> list[PdfTable]:
    """Return the tables of a page that have no rulings, outside those in `taken`; `before`: those of the last page."""
    chars = [char for char in page.chars if not _is_inside_any(char.x0, char.y0, taken)]
    tables = []
    for band, lines in lines_beside_text(page, chars):
        if table := _read(page.number, lines, [band]):
            tables.append(table)
    chars = [char for char in chars if not _is_inside_any(char.x0, char.y0, tables)]
    lines = find_lines(chars)
    if not any(len(line.segments) > 1 for line in lines):
        return tables
    bands = find_bands(page, lines)
    if rest := find_rest(lines, before):
        tables.append(_read_rest(page.number, *rest, [y for band in bands for y in band.heights]))
        lines = [line for line in lines if line.base > rest[0][-1].base]
    header = _lone_header(page, lines)
    lines = [line for line in lines if line not in header]
    if sum(len(line.segments) > 1 for line in lines) >= MIN_LINES:
        tables += [table for run in _runs(lines, bands) if (table := _read(page.number, run, bands))]
    if header:
        columns = find_columns(header)
        tables.append(_make(page.number, [group_cells(header, columns, is_header=True)], [header], columns))
    return tables


def _is_inside_any(x: float, y: float, tables: Sequence[PdfTable]) -> bool:
    return any(table.x0 - 1 <= x <= table.x1 + 1 and table.y0 - 1 <= y <= table.y1 + 1 for table in tables)


def _runs(lines: Sequence[SplitLine], bands: Sequence[RulingBand]) -> Iterator[list[SplitLine]]:
    """Yield runs of close lines, most of which have several segments."""
    run: list[SplitLine] = []
    for line in lines:
        if run and not any(band.heights[0] < run[-1].base and line.base < band.heights[-1] for band in bands):
            last = run[-1]
            is_far = line.base - last.base > MAX_ROW_GAP * max(line.size, last.size)
            is_prose = len(line.segments) == len(last.segments) == 1 and not _is_wrapped(line, run)
            is_larger = line.least_size > LARGER * last.least_size and _is_below(line, run)
            if is_far or is_prose or is_larger:
                yield run
                run = []
        run.append(line)
    yield run


def _is_below(line: SplitLine, run: Sequence[SplitLine]) -> bool:
    """Return True if a line stands below most of a table, not beside it."""
    multiple = [row for row in run if len(row.segments) > 1]
    left = min((row.segments[0].x0 for row in multiple), default=0.0)
    right = max((row.segments[-1].x1 for row in multiple), default=0.0)
    width = min(right, line.segments[-1].x1) - max(left, line.segments[0].x0)
    return len(multiple) > MIN_LINES and width > MIN_BELOW * (right - left)


def _is_wrapped(line: SplitLine, run: Sequence[SplitLine]) -> bool:
    """Return True if a line goes on with a cell of the line of several pieces above it, below which it stands."""
    above = next((row for row in reversed(run) if len(row.segments) > 1), None)
    if above is None or not _are_close(run[-1], line):
        return False
    ends = [*(segment.x0 for segment in above.segments[1:]), above.segments[-1].x1 + above.size]
    return any(
        abs(segment.x0 - line.segments[0].x0) < SAME_SIDE and line.segments[0].x1 < end
        for segment, end in zip(above.segments, ends, strict=True)
    )


def _lone_header(page: PdfPage, lines: Sequence[SplitLine]) -> list[SplitLine]:
    """Return the bold lines above a ruling at the end of a page: the header of a table on the next one."""
    last = next((at for at in reversed(range(len(lines))) if len(lines[at].segments) > 1), 0)
    if not lines or len(lines) - last > MAX_BELOW:
        return []
    end = last + 1
    while end < len(lines) and lines[end].is_bold:
        end += 1
    start = end
    while start and lines[start - 1].is_bold and (start == end or _are_close(lines[start - 1], lines[start])):
        start -= 1
    header = list(lines[start:end])
    while header and len(header[0].segments) == 1:
        del header[0]
    return header if header and has_ruling_below(page, header) else []


def _are_close(above: SplitLine, below: SplitLine) -> bool:
    return below.base - above.base < MAX_LINE_STEP * below.size


def _read(page: int, run: list[SplitLine], bands: Sequence[RulingBand]) -> PdfTable | None:
    """Return the table that a run of lines is; None if it is none."""
    inner = _trim(run)
    prose = prose_columns(inner, [line for line in run if line not in inner])
    lines = _trim([line for row in inner if (line := _without(row, prose))])
    if len(lines) < MIN_LINES:
        return None
    start, columns = _header_lines(lines)
    cut = _lines_before(lines, start, columns)
    lines, start = lines[cut:], start - cut
    if len(columns) < 2 or len(lines) < MIN_LINES:
        return None
    lines = lines[: len(lines) - _lines_after(lines[start:], columns)]
    tail = [line for row in run if row.base > lines[-1].base and (line := _without(row, prose))]
    lines += _rest_of_last_row(lines, tail, columns)
    top, bottom = lines[0].base - 2 * lines[0].size, lines[-1].base + 2 * lines[-1].size
    rulings = [y for band in bands if band.covers(lines) for y in band.heights if top < y < bottom]
    marked = _marked_header(lines, rulings)
    start = _header_end(lines, max(start, marked), columns)
    groups = group_rows(lines, columns, rulings, start)
    if start:
        groups = [group for group in groups if group[0].base > lines[start - 1].base]
    rows = [group_cells(group, columns) for group in groups]
    header = group_cells(lines[:start], columns, is_header=True)
    is_marked = marked > 0 and all(header) and len(set(header)) == len(header)
    if not is_table(
        rows, lines[start:], columns, is_marked=is_marked or bool(marked and rulings), is_ruled=bool(rulings)
    ):
        return None
    if start:
        rows.insert(0, header)
        groups.insert(0, lines[:start])
    table = _make(page, rows, groups, columns)
    return None if prose and _hides_text(table, run, lines) else table


def _hides_text(table: PdfTable, run: Sequence[SplitLine], lines: Sequence[SplitLine]) -> bool:
    """Return True if text that was taken for prose beside a table lies in it."""
    kept = {(segment.x0, segment.base) for line in lines for segment in line.segments}
    return any(
        segment.x0 < table.x1 and segment.x1 > table.x0 and table.y0 < segment.base < table.y1
        for line in run
        for segment in line.segments
        if (segment.x0, segment.base) not in kept
    )


def _read_rest(
    page: int, lines: list[SplitLine], columns: Columns, row_step: float, rulings: Sequence[float]
) -> PdfTable:
    """Return the rest of a table of the page before; its header may be repeated."""
    start = _marked_header(lines, [])
    groups = group_rows(lines, columns, rulings, start, row_step)
    rows = [group_cells(group, columns, is_header=start > 0 and not at) for at, group in enumerate(groups)]
    return replace(_make(page, rows, groups, columns), is_rest=True)


def _make(page: int, rows: Sequence[Sequence[str]], groups: Sequence[Group], columns: Columns) -> PdfTable:
    """Return the table with these rows, each of which has the lines of a group."""
    borders = [columns[0][0], *((left[1] + right[0]) / 2 for left, right in pairwise(columns)), columns[-1][1]]
    table = make_table(page, rows, [_box(page, group) for group in groups], borders)
    size = max(line.size for line in groups[-1])
    row_step = min((below[0].base - above[-1].base for above, below in pairwise(groups)), default=0.0)
    return (
        replace(table, place=TablePlace(tuple(columns), size, row_step))
        if len(table.columns) == len(borders)
        else table
    )


def _box(page: int, group: Group) -> RowBox:
    first, last = group[0], group[-1]
    left = min(line.segments[0].x0 for line in group)
    right = max(line.segments[-1].x1 for line in group)
    return RowBox(page, left, round(first.base - first.size, 1), right, round(last.base + 0.3 * last.size, 1))


def _trim(lines: list[SplitLine]) -> list[SplitLine]:
    """Return the lines from the first to the last with several segments."""
    multiple = [index for index, line in enumerate(lines) if len(line.segments) > 1]
    return lines[multiple[0] : multiple[-1] + 1] if multiple else []


def _without(line: SplitLine, columns: Columns) -> SplitLine | None:
    """Return the line without its pieces in the columns; None if nothing is left."""
    kept = [at for at, segment in enumerate(line.segments) if not overlaps(segment, columns)]
    return SplitLine([line.segments[at] for at in kept], [line.segment_words[at] for at in kept]) if kept else None


def _header_lines(lines: Sequence[SplitLine]) -> tuple[int, Columns]:
    """Return the number of first lines whose headings hide the most columns, and the columns of the others."""
    bold = next((at for at, line in enumerate(lines) if not line.is_bold), 0)
    starts = range(min(MAX_HEADER_LINES, max(bold, len(lines) - MIN_LINES)) + 1)
    found = [find_columns(lines[start:]) for start in starts]
    start = max(starts, key=lambda at: (len(found[at]), -at))
    return start, found[start]


def _lines_before(lines: Sequence[SplitLine], start: int, columns: Columns) -> int:
    """Return the number of first lines above the header: text whose gaps only seem to make columns."""
    body = lines[start:]
    size = sorted(line.size for line in body)[len(body) // 2]
    for index in reversed(range(start)):
        line = lines[index]
        is_larger = line.least_size > LARGER * size and not line.is_bold
        if is_larger or not (line.is_bold or is_header_line(line, columns)):
            return index + 1
    return 0


def _lines_after(lines: Sequence[SplitLine], columns: Columns) -> int:
    """Return the number of lines below the last row of figures whose pieces do not begin where the columns do."""
    count = 0
    while len(lines) - count > MIN_LINES:
        cells = line_cells(lines[-1 - count], columns)
        if any(map(is_figure, cells[1:])) or begins_columns(lines[-1 - count], columns):
            break
        count += 1
    return count


def _rest_of_last_row(lines: Sequence[SplitLine], tail: Sequence[SplitLine], columns: Columns) -> list[SplitLine]:
    """Return the lines below the last one that are the ends of wrapped cells: closer than rows, each in a column."""
    largest = max(below.base - above.base for above, below in pairwise(lines))
    rest: list[SplitLine] = []
    for above, line in pairwise([lines[-1], *tail]):
        is_close = line.base - above.base < CLOSE_LINES * largest
        if not is_close or len(line.segments) > 1 or not is_header_line(line, columns):
            break
        rest.append(line)
    return rest


def _header_end(lines: Sequence[SplitLine], start: int, columns: Columns) -> int:
    """Return the number of lines of a header, with those below its first one that have words but no first cell."""
    end = start
    while 0 < end < min(MAX_HEADER_LINES, len(lines) - MIN_LINES):
        cells = line_cells(lines[end], columns)
        if cells[0] or len(lines[end].segments) == 1 or any(map(is_figure, cells)):
            break
        end += 1
    has_figures = any(is_figure(cell) for line in lines[end:] for cell in line_cells(line, columns)[1:])
    return end if has_figures else start


def _marked_header(lines: Sequence[SplitLine], rulings: Sequence[float]) -> int:
    """Return the number of lines of a header that is bold, or has a ruling below it; 0 if there is none."""
    bold = next((at for at, line in enumerate(lines) if not line.is_bold), 0)
    if 0 < bold <= MAX_HEADER_LINES:
        return bold
    below = next((at for at, (a, b) in enumerate(pairwise(lines), 1) if is_ruled(a, b, rulings)), 0)
    figures = sum(any(is_figure(word.text) for word in line.words) for line in lines[:below])
    return below if below <= MAX_HEADER_LINES and figures < 2 and len(rulings) > 1 else 0
