"""The rest of a table without rulings at the top of the next page: lines in the columns of the table before.

Few rows stand there, often without a header, so that nothing else tells that they are rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from opora.corpus.parsers.pdf.tables.aligned.columns import SAME_SIDE, Columns, line_parts
from opora.corpus.parsers.pdf.tables.aligned.lines import SplitLine
from opora.corpus.parsers.pdf.tables.table import PdfTable

MAX_ABOVE = 3
"""Number of lines above the rest of a table: running lines and a caption."""
MAX_STEP = 2.6
"""Distance between base lines above which a table ends, in letter sizes."""
SAME_SIZE = 0.6
"""Letters of the parts of a table differ by less, in points."""


def find_rest(lines: Sequence[SplitLine], before: Sequence[PdfTable]) -> tuple[list[SplitLine], Columns, float] | None:
    """Return the lines at the top of a page that go on with the last table of the page before.

    Their columns and the smallest distance of rows are those of the table.
    """
    table = before[-1] if before else None
    if table is None or table.place is None:
        return None
    for start, line in enumerate(lines[: MAX_ABOVE + 1]):
        for shift in {0.0, line.segments[0].x0 - table.place.columns[0][0]}:
            columns = [(left + shift, right + shift) for left, right in table.place.columns]
            least = 2 if abs(shift) < SAME_SIDE else 3  # even and odd pages have different margins
            if _count(line, columns, table.place.size) >= least:
                return _run(lines[start:], columns, table.place.size), columns, table.place.row_step
    return None


def _run(lines: Sequence[SplitLine], columns: Columns, size: float) -> list[SplitLine]:
    run: list[SplitLine] = []
    for line in lines:
        is_far = bool(run) and line.base - run[-1].base > MAX_STEP * size
        if is_far or not _count(line, columns, size):
            break
        run.append(line)
    return run


def _count(line: SplitLine, columns: Columns, size: float) -> int:
    """Return the number of pieces of a line if all of them stand in the columns, else 0."""
    if abs(line.size - size) > SAME_SIZE:
        return 0
    parts = [(words[0].x0, words[-1].x1, touched) for words, touched in line_parts(line, columns)]
    inside = all(len(touched) == 1 and _is_in(x0, x1, columns, touched[0]) for x0, x1, touched in parts)
    return len({touched[0] for *_, touched in parts}) if inside else 0


def _is_in(x0: float, x1: float, columns: Columns, index: int) -> bool:
    """Return True if a piece begins or ends where a column does, or has its middle there, and touches no other one."""
    left, right = columns[index]
    middle = (x0 + x1 - left - right) / 2
    return min(abs(x0 - left), abs(x1 - right), abs(middle)) < SAME_SIDE
