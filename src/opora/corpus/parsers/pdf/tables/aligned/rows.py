"""Rows of a table without rulings: which lines are the wrapped cells of one row.

Where the lines of a row are closer than the rows, distances tell; else what a line holds and whether it would have
fitted above.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from opora.corpus.parsers.pdf.layout.words import PdfWord
from opora.corpus.parsers.pdf.tables.aligned.columns import Columns, cell_words, line_cells
from opora.corpus.parsers.pdf.tables.aligned.lines import SplitLine

ROW_STEP = 1.12
"""Distance of rows in distances of the lines of a cell, at least."""
MAX_LINE_STEP = 1.7
"""Distance of the lines of a cell, in letter sizes, at most."""
CLOSE_LINES = 0.85
"""Lines closer than this share of the usual distance hold a cell in the middle of several rows."""
MIN_RULINGS = 3
"""Number of rulings from which every row may lie between two of them."""
MAX_WRONG = 0.2
"""Share of the lines of cells that may end although the next word would have fitted."""
BLANK, CELL_SPACE = 0.3, 1.0
"""Width of a blank, and of the space between two columns, in letter sizes."""
_NUMBER = re.compile(
    r"[(+−–—$€£₽≈~<>≤≥-]*\s*\d[\d\s.,:/×x^*)%‰°$€£₽†‡*–-]*(?:[^\W\d_]{1,12}\.?)?|[-–—…]+|н/д|n/a", re.IGNORECASE
)
_NEW = re.compile(r"[A-ZА-ЯЁ\d•–—-]")

Group = list[SplitLine]


def is_figure(text: str) -> bool:
    """Return True if a cell holds a number, maybe with a unit, or a sign that there is none."""
    return bool(_NUMBER.fullmatch(text))


def group_rows(
    lines: Sequence[SplitLine], columns: Columns, rulings: Sequence[float], header: int = 0, row_step: float = 0.0
) -> list[Group]:
    """Return the lines of each row; the first `header` ones are one row.

    `rulings` are the heights of horizontal rulings: they lie between rows. `row_step`: smallest distance of rows, if
    it is known.
    """
    if not lines:
        return []
    rights = _right_sides(lines, columns)
    top = [list(lines[:header])] if header else []
    body = lines[header:]
    for limit in [0.93 * row_step] if row_step else _limits(lines, rulings):
        groups = list(_divided(body, limit, rulings))
        if _are_wrapped([*top, *groups], columns, rights):
            return [*top, *groups]
    return [*top, *_by_content(body, columns, rights, rulings)]


def _limits(lines: Sequence[SplitLine], rulings: Sequence[float]) -> Iterator[float]:
    """Yield the distances up to which lines may belong to one row, the largest first."""
    inside = [y for y in rulings if lines[0].base < y < lines[-1].base]
    if len(inside) >= MIN_RULINGS:
        yield MAX_LINE_STEP * lines[0].size
    steps = sorted(below.base - above.base for above, below in pairwise(lines))
    size = sorted(line.size for line in lines)[len(lines) // 2]
    for small, large in reversed(list(pairwise(steps))):
        if large > ROW_STEP * small and small < MAX_LINE_STEP * size:
            yield small + 0.01


def _divided(lines: Sequence[SplitLine], limit: float, rulings: Sequence[float]) -> Iterator[Group]:
    group = list(lines[:1])
    for above, line in pairwise(lines):
        if line.base - above.base > limit or is_ruled(above, line, rulings):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def is_ruled(above: SplitLine, below: SplitLine, rulings: Sequence[float]) -> bool:
    """Return True if a ruling lies between two lines."""
    return any(above.base - 0.2 * above.size < y < below.base - 0.4 * below.size for y in rulings)


def _right_sides(lines: Sequence[SplitLine], columns: Columns) -> list[float]:
    """Return where the lines of each column end at the latest: before the next column begins."""
    cells = [cell_words(line, columns) for line in lines]
    size = max(line.size for line in lines)
    rights = [max((row[at][-1].x1 for row in cells if row[at]), default=columns[at][1]) for at in range(len(columns))]
    lefts = [min((row[at][0].x0 for row in cells if row[at]), default=columns[at][0]) for at in range(len(columns))]
    starts = [left - CELL_SPACE * size for left in lefts[1:]]
    return [max(right, start) for right, start in zip(rights, [*starts, rights[-1]], strict=True)]


def _fits(above: Sequence[PdfWord], words: Sequence[PdfWord], right: float) -> bool:
    """Return True if the first word of a line of a cell would have fitted into the line above."""
    return above[-1].x1 + BLANK * words[0].size + words[0].x1 - words[0].x0 < right - 0.1


def _text(words: Sequence[PdfWord]) -> str:
    return " ".join(word.text for word in words)


def _are_wrapped(groups: Sequence[Group], columns: Columns, rights: Sequence[float]) -> bool:
    """Return True if the lines of the groups are those of wrapped cells: full, and without two figures in a cell."""
    checked = wrong = 0
    for group in groups:
        last: list[list[PdfWord]] = [[] for _ in columns]
        for line in group:
            for at, words in enumerate(cell_words(line, columns)):
                if words and last[at]:
                    checked += 1
                    both = is_figure(_text(last[at])) and is_figure(_text(words))
                    wrong += both or _fits(last[at], words, rights[at])
                last[at] = words or last[at]
    return wrong <= MAX_WRONG * checked


def _by_content(
    lines: Sequence[SplitLine], columns: Columns, rights: Sequence[float], rulings: Sequence[float]
) -> Iterator[Group]:
    """Yield the lines of each row where all lines are equally far apart."""
    texts = [line_cells(line, columns) for line in lines]
    counts = [
        (sum(bool(row[at]) for row in texts), sum(is_figure(row[at]) for row in texts)) for at in range(len(columns))
    ]
    figures = [at for at, (filled, numbers) in enumerate(counts) if at and 0 < filled <= 2 * numbers]
    multiple = [line for line in lines if len(line.segments) > 1]
    usual = median([below.base - above.base for above, below in pairwise(multiple)] or [0.0])
    group: Group = []
    last: list[list[PdfWord]] = []
    for line, cells in zip(lines, texts, strict=True):
        words = cell_words(line, columns)
        is_rest = bool(group) and (
            _is_centred(line, group[-1], cells, last, usual) or _is_rest(cells, words, last, rights, figures)
        )
        if group and (not is_rest or is_ruled(group[-1], line, rulings)):
            yield group
            group, last = [], []
        group.append(line)
        last = [new or old for new, old in zip(words, last, strict=True)] if last else words
    if group:
        yield group


def _is_centred(
    line: SplitLine, above: SplitLine, cells: Sequence[str], last: Sequence[Sequence[PdfWord]], usual: float
) -> bool:
    """Return True if a line is a cell over several rows, in the middle of their height: it belongs to the first one."""
    filled = [at for at, cell in enumerate(cells) if cell]
    return len(filled) == 1 and not last[filled[0]] and line.base - above.base < CLOSE_LINES * usual


def _is_rest(
    cells: Sequence[str],
    words: Sequence[Sequence[PdfWord]],
    last: Sequence[Sequence[PdfWord]],
    rights: Sequence[float],
    figures: Sequence[int],
) -> bool:
    """Return True if a line goes on with the row above: its cells are the ends of wrapped ones, others are empty."""
    filled = [at for at, cell in enumerate(cells) if cell]
    if any(not last[at] for at in filled) or all(cells[at] for at, above in enumerate(last) if above):
        return False
    if any(is_figure(cells[at]) and (at in figures or is_figure(_text(last[at]))) for at in filled):
        return False
    if sum(_fits(last[at], words[at], rights[at]) for at in filled) > len(filled) / 2:
        return False
    if not cells[0]:
        return True
    is_end = not _NEW.match(cells[0])
    return is_end and (len(filled) == 1 or (bool(figures) and not any(cells[at] for at in figures)))


def group_cells(group: Sequence[SplitLine], columns: Columns, *, is_header: bool = False) -> list[str]:
    """Return the text of each column of a row; divided words are joined."""
    cells = [""] * len(columns)
    for line in group:
        cells = [
            _joined(above, cell)
            for above, cell in zip(cells, line_cells(line, columns, is_header=is_header), strict=True)
        ]
    return cells


def _joined(above: str, cell: str) -> str:
    if above[-2:-1].isalpha() and above[-1:] in ("-", "\u00ad") and cell[:1].islower():
        return above[:-1] + cell
    return f"{above} {cell}".strip()
