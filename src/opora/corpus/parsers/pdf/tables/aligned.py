"""Tables without rulings: neighbouring lines whose pieces stand in the same columns.

Columns of prose, lists, tables of contents, and labels beside values are none: a table has figures in a column, or at
least three columns of short cells.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from statistics import median

from opora.corpus.parsers.pdf.layout.words import find_words
from opora.corpus.parsers.pdf.page import PdfPage
from opora.corpus.parsers.pdf.tables.segments import Segment, find_rows
from opora.corpus.parsers.pdf.tables.table import PdfTable, RowBox, make_table

MIN_ROWS, MIN_WORD_ROWS = 3, 5
"""Minimum number of rows of a table with figures, and of one with words only."""
MAX_ROW_GAP = 2.6
"""Distance between base lines above which a table ends, in letter sizes."""
MIN_FIGURES = 0.6
"""Minimum share of figures in a column of figures."""
MAX_WORD_CELL = 40
"""Median length of the cells of a table with words only, in characters, at most."""
FULL_LINE, PROSE_CHARS = 0.8, 25
"""Lines that fill more of their column, and have more characters, are prose."""
JUSTIFIED, MANY_LINES = 0.9, 8
"""So many lines that fill more of their column are prose, whatever is around them."""
CLOSE_LINES = 0.85
"""Lines closer than this share of the usual distance of rows are parts of one row."""
MAX_HEADER_ROWS = 3
MAX_CROSSING = 0.2
"""Share of rows that may have text between two columns."""
SPLIT_GAP = 0.42
"""Gap at which text across columns is divided, in letter sizes; blanks between words are narrower."""
COLUMN_SLACK = 1.0
"""Distance, in points, by which columns may touch."""
_NUMBER = re.compile(
    r"[(+−–—$€£₽≈~<>≤≥-]*\s*\d[\d\s.,:/×x^*)%‰°$€£₽†‡*–-]*(?:[^\W\d_]{1,12}\.?)?|[-–—…]+|н/д|n/a", re.IGNORECASE
)
_BULLET = re.compile(r"\d{1,3}[.)]|[a-zа-я][.)]|[•▪●◦‣·–—-]")
_LEADER = re.compile(r"(?:\.\s?){3,}|…")
_MARK = re.compile(r"[(\[]?(?:\d{1,3}(?:\.\d{1,3})*|[a-zа-я])[.)\]]*|[•▪●◦‣·–—-]")

Row = list[Segment]
Columns = list[tuple[float, float]]


def find_aligned_tables(page: PdfPage, taken: Sequence[PdfTable]) -> list[PdfTable]:
    """Return the tables of a page that have no rulings, outside those in `taken`."""
    chars = [char for char in page.chars if not any(_is_inside(char.x0, char.y0, table) for table in taken)]
    rows = find_rows(chars)
    if sum(len(row) > 1 for row in rows) < MIN_ROWS:
        return []
    tables = [_read(page.number, run) for run in _runs(rows)]
    return [table for table in tables if table]


def _is_inside(x: float, y: float, table: PdfTable) -> bool:
    return table.x0 - 1 <= x <= table.x1 + 1 and table.y0 - 1 <= y <= table.y1 + 1


def _runs(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield runs of close lines, most of which have several segments."""
    run: list[Row] = []
    for row in rows:
        is_far = bool(run) and row[0].base - run[-1][0].base > MAX_ROW_GAP * max(row[0].size, run[-1][0].size)
        is_prose = len(row) == 1 and bool(run) and len(run[-1]) == 1
        if is_far or is_prose:
            yield run
            run = []
        run.append(row)
    yield run


def _read(page: int, run: list[Row]) -> PdfTable | None:
    """Return the table that a run of lines is; None if it is none."""
    inner = _trim(run)
    prose = _prose_beside(inner, [row for row in run if row not in inner])
    rows = [[segment for segment in row if not _overlaps(segment, prose)] for row in inner]
    rows = _trim([row for row in rows if row])
    rows += [] if prose else _rest_of_last_row(rows, run)
    start = _header_rows(rows)
    header, body = [row for row in rows[:start] if len(row) > 1], rows[start:]
    columns = _columns(body)
    if len(columns) < 2 or len(body) < MIN_ROWS:
        return None
    cells = [_cells(row, columns) for row in body]
    if not _is_table(cells, body, columns):
        return None
    boxes = [_box(page, row) for row in [*header, *body]]
    cells, boxes = _joined([_cells(row, columns) for row in header] + cells, boxes)
    borders = [columns[0][0], *((a[1] + b[0]) / 2 for a, b in itertools.pairwise(columns)), columns[-1][1]]
    return make_table(page, cells, boxes, borders)


def _rest_of_last_row(rows: Sequence[Row], run: Sequence[Row]) -> list[Row]:
    """Return the line below the rows of a table if it is the end of a wrapped first cell."""
    below = run[run.index(rows[-1]) + 1 :] if len(rows) >= MIN_ROWS else []
    if not below:
        return []
    row, label = below[0], rows[-1][0]
    usual = median(second[0].base - first[0].base for first, second in itertools.pairwise(rows))
    is_close = row[0].base - label.base < CLOSE_LINES * usual
    is_label = abs(row[0].x0 - label.x0) < COLUMN_SLACK and row[0].x1 < rows[-1][1].x0
    return [row] if is_close and is_label and len(row) == 1 else []


def _trim(rows: list[Row]) -> list[Row]:
    """Return the rows from the first to the last with several segments."""
    multiple = [index for index, row in enumerate(rows) if len(row) > 1]
    return rows[multiple[0] : multiple[-1] + 1] if multiple else []


def _header_rows(rows: Sequence[Row]) -> int:
    """Return the number of first rows whose headings stand across columns: those that hide the most columns."""
    counts = [len(_columns(rows[start:])) for start in range(min(MAX_HEADER_ROWS, len(rows) - MIN_ROWS) + 1)]
    return counts.index(max(counts)) if counts else 0


def _prose_beside(rows: Sequence[Row], around: Sequence[Row]) -> Columns:
    """Return the columns of prose beside a table: full lines that go on above or below it, or many of them."""
    return [
        column
        for column in _columns(rows)
        if _is_prose(rows, column, FULL_LINE)
        and (
            (len(rows) >= MANY_LINES and _is_prose(rows, column, JUSTIFIED))
            or any(abs(row[0].x0 - column[0]) < 2 and _overlaps(row[0], [column]) for row in around)
        )
    ]


def _overlaps(segment: Segment, columns: Columns) -> bool:
    return any(segment.x0 < x1 and segment.x1 > x0 for x0, x1 in columns)


def _columns(rows: Sequence[Row]) -> Columns:
    """Return the extents of the columns: where more than a few rows have text."""
    multiple = [row for row in rows if len(row) > 1]
    few = int(MAX_CROSSING * len(multiple))
    events = sorted([(s.x0, 1) for row in multiple for s in row] + [(s.x1, -1) for row in multiple for s in row])
    columns: Columns = []
    count = 0
    for x, step in events:
        if count <= few < count + step:
            if columns and x < columns[-1][1] + COLUMN_SLACK:
                x = columns.pop()[0]
            columns.append((x, x))
        elif count + step <= few < count:
            columns[-1] = (columns[-1][0], x)
        count += step
    return columns


def _cells(row: Row, columns: Columns) -> list[str]:
    """Return the text of each column. A segment across columns is divided at wide gaps, or else repeated."""
    cells = [""] * len(columns)
    for segment in row:
        words = find_words(segment.chars)
        parts = [words]
        touched = _touched(segment.x0, segment.x1, columns)
        if len(touched) > 1:
            gaps = [at for at in range(1, len(words)) if words[at].x0 - words[at - 1].x1 > SPLIT_GAP * segment.size]
            parts = [words[start:end] for start, end in itertools.pairwise([0, *gaps, len(words)])]
        for part in parts:
            text = " ".join(word.text for word in part)
            touched = _touched(part[0].x0, part[-1].x1, columns)
            for index in touched[: 1 if len(row) == 1 else None]:
                cells[index] = f"{cells[index]} {text}".strip()
    return cells


def _touched(x0: float, x1: float, columns: Columns) -> list[int]:
    """Return the columns that a piece of text overlaps, or the nearest one."""
    touched = [index for index, (left, right) in enumerate(columns) if x0 < right and x1 > left]
    middle = (x0 + x1) / 2
    return touched or [min(range(len(columns)), key=lambda at: abs(sum(columns[at]) / 2 - middle))]


def _is_table(rows: Sequence[Sequence[str]], body: Sequence[Row], columns: Columns) -> bool:
    multiple = [cells for cells in rows if sum(map(bool, cells)) > 1]
    if len(multiple) < MIN_ROWS or len(multiple) < 0.6 * len(rows):
        return False
    if all(_MARK.fullmatch(cells[0]) for cells in multiple if cells[0]) and len(columns) == 2:
        return False  # a list
    if any(_LEADER.search(cell) for cells in multiple for cell in cells[:-1]) and _ascends([c[-1] for c in multiple]):
        return False  # a table of contents
    figures = [index for index in range(1, len(columns)) if _are_figures([cells[index] for cells in multiple])]
    if figures:
        last = [cells[-1] for cells in multiple]
        return len(columns) > 2 or not (_ascends(last) and all(cell.isdecimal() for cell in last if cell))
    if len(columns) < 3 or len(multiple) < MIN_WORD_ROWS:
        return False
    full = sum(all(cells) for cells in multiple)
    lengths = [len(cell) for cells in multiple for cell in cells if cell]
    prose = [index for index in range(len(columns)) if _is_prose(body, columns[index], FULL_LINE)]
    return full >= 0.7 * len(multiple) and median(lengths) <= MAX_WORD_CELL and len(prose) < 2


def _are_figures(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    numbers = sum(bool(_NUMBER.fullmatch(cell)) and not _BULLET.fullmatch(cell) for cell in filled)
    return len(filled) >= MIN_ROWS and numbers >= MIN_FIGURES * len(filled)


def _ascends(cells: Sequence[str]) -> bool:
    numbers = [int(cell) for cell in cells if cell.isdecimal()]
    return len(numbers) >= 0.6 * len(cells) and numbers == sorted(numbers)


def _is_prose(rows: Sequence[Row], column: tuple[float, float], full: float) -> bool:
    """Return True if most lines of a column are long and take a share `full` of its width."""
    inside = [segment for row in rows for segment in row if _overlaps(segment, [column])]
    widths = [segment.x1 - segment.x0 for segment in inside]
    return median(widths) > full * (column[1] - column[0]) and median(len(s.chars) for s in inside) > PROSE_CHARS


def _box(page: int, row: Row) -> RowBox:
    sizes = max(segment.size for segment in row)
    base = row[0].base
    return RowBox(page, row[0].x0, round(base - sizes, 1), max(s.x1 for s in row), round(base + 0.3 * sizes, 1))


def _joined(rows: list[list[str]], boxes: list[RowBox]) -> tuple[list[list[str]], list[RowBox]]:
    """Join lines that go on with the row above: close ones, and those without a first cell, if they hold words only."""
    steps = [below.y1 - above.y1 for above, below in itertools.pairwise(boxes)]
    usual = median(steps) if steps else 0.0
    kept: list[list[str]] = []
    places: list[RowBox] = []
    for cells, box in zip(rows, boxes, strict=True):
        words = [cell for cell in cells if cell]
        figures = any(_NUMBER.fullmatch(cell) for cell in words)
        is_close = bool(places) and box.y1 - places[-1].y1 < CLOSE_LINES * usual
        is_small = all(not cell[0].isupper() for cell in words)
        is_rest = not figures and (
            not cells[0] or is_close or ((len(words) == 1 or len(words) == len(cells)) and is_small)
        )
        if kept and is_rest:
            kept[-1] = [_joined_cell(above, cell) for above, cell in zip(kept[-1], cells, strict=True)]
            last = places[-1]
            places[-1] = RowBox(last.page, min(last.x0, box.x0), last.y0, max(last.x1, box.x1), box.y1)
        else:
            kept.append(cells)
            places.append(box)
    return kept, places


def _joined_cell(above: str, cell: str) -> str:
    if above[-2:-1].isalpha() and above[-1:] in ("-", "\u00ad") and cell[:1].islower():
        return above[:-1] + cell
    return f"{above} {cell}".strip()
