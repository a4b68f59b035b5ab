"""Tables of a page: those with rulings, then those whose columns are aligned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from opora.corpus.parsers.pdf.drawings import Ruling
from opora.corpus.parsers.pdf.layout.lines import turn_box
from opora.corpus.parsers.pdf.page import PdfPage
from opora.corpus.parsers.pdf.tables.aligned.finding import find_aligned_tables
from opora.corpus.parsers.pdf.tables.ruled import find_ruled_tables
from opora.corpus.parsers.pdf.tables.table import PdfTable

MIN_TURNED = 0.8
"""Share of turned characters above which a page is read turned: a wide table on an upright page."""


def find_tables(page: PdfPage, before: Sequence[PdfTable] = ()) -> list[PdfTable]:
    """Return the tables of a page, from top to bottom as they are read; `before` are those of the page before."""
    angle = _main_angle(page)
    upright = _turn(page, angle) if angle else page
    before = [] if angle else before
    ruled = find_ruled_tables(upright, before)
    tables = sorted([*ruled, *find_aligned_tables(upright, ruled, before)], key=lambda table: table.y0)
    tables = [table for table in tables if table.rows]  # damaged files hold cells of blanks
    return [_turn_back(table, angle, upright) for table in tables] if angle else tables


def _main_angle(page: PdfPage) -> int:
    """Return the angle of nearly all characters if they are turned by a quarter or two, else 0."""
    if not page.chars or page.chars[0].angle == page.chars[-1].angle == 0:
        return 0
    angle, count = Counter(char.angle for char in page.chars).most_common(1)[0]
    return angle if angle in (90, 180, 270) and count >= MIN_TURNED * len(page.chars) else 0


def _turn(page: PdfPage, angle: int) -> PdfPage:
    def turned(x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        return turn_box((x0, y0, x1, y1), angle, page.width, page.height)

    chars = []
    for char in page.chars:
        x0, y0, x1, y1 = turned(char.x0, char.y0, char.x1, char.y1)
        chars.append(char._replace(x0=x0, y0=y0, x1=x1, y1=y1, angle=(char.angle - angle) % 360))
    rulings = [Ruling(*turned(line.x0, line.y0, line.x1, line.y1), line.width) for line in page.rulings]
    width, height = (page.width, page.height) if angle == 180 else (page.height, page.width)
    return replace(page, width=width, height=height, chars=chars, rulings=rulings)


def _turn_back(table: PdfTable, angle: int, upright: PdfPage) -> PdfTable:
    def turned(x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        return turn_box((x0, y0, x1, y1), -angle % 360, upright.width, upright.height)

    x0, y0, x1, y1 = turned(table.x0, table.y0, table.x1, table.y1)
    boxes = []
    for box in table.boxes:
        left, top, right, bottom = turned(box.x0, box.y0, box.x1, box.y1)
        boxes.append(box._replace(x0=left, y0=top, x1=right, y1=bottom))
    return replace(table, x0=x0, y0=y0, x1=x1, y1=y1, boxes=boxes)
