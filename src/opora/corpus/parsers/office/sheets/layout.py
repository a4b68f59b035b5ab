"""Layout of a sheet: which of its cells are tables, titles above them, and notes below.

Empty rows and columns part tables. Merged cells stand in all their rows and columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from opora.corpus.blocks import Block, markdown_table, one_line
from opora.corpus.parsers.elements.tables import MAX_HEADER_ROWS, join_header

MIN_NOTE = 40
"""Minimum length, in characters, of a lone text below a table that is a note, not a row."""
_NUMERIC = re.compile(r"[-+−(]?\d[\d\s.,:/-]*\)?\s?[%‰]?")


class Merge(NamedTuple):
    """Cells merged into one: its first and last row and column, from 0."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass
class Sheet:
    """Texts of the cells of a sheet, as shown, by row."""

    name: str
    rows: list[list[str]]
    merges: Sequence[Merge] = field(default_factory=list)
    is_hidden: bool = False


class _Area(NamedTuple):
    """Rectangle of a sheet: first row and column, and those behind the last."""

    top: int
    left: int
    bottom: int
    right: int


def sheet_blocks(sheet: Sheet) -> Iterator[Block]:
    """Yield the tables and paragraphs of a sheet from top to bottom."""
    rows = sheet.rows
    width = max(map(len, rows), default=0)
    rows = [[one_line(text) for text in row] + [""] * (width - len(row)) for row in rows]
    repeated = _fill_merges(rows, sheet.merges)
    areas = _join_parted([area for band in _bands(rows) for area in _columns(rows, band)], rows)
    for area in areas:
        yield from _area_blocks(rows, area, [merge for merge in repeated if area.top <= merge.top < area.bottom])


def _fill_merges(rows: list[list[str]], merges: Sequence[Merge]) -> list[Merge]:
    """Repeat the text of merged cells, unless nothing else stands in their rows. Return the merges that are filled."""
    filled = []
    for merge in merges:
        if merge.top >= len(rows) or merge.left >= len(rows[0]):
            continue
        text = rows[merge.top][merge.left]
        bottom, right = min(merge.bottom, len(rows) - 1), min(merge.right, len(rows[0]) - 1)
        covered = range(merge.top, bottom + 1)
        is_alone = all(sum(map(bool, rows[row])) <= (row == merge.top) for row in covered)
        if text and not is_alone:
            for row in covered:
                rows[row][merge.left : right + 1] = [text] * (right + 1 - merge.left)
            filled.append(Merge(merge.top, merge.left, bottom, right))
    return filled


def _bands(rows: list[list[str]]) -> Iterator[_Area]:
    """Yield the runs of rows with text."""
    for has_text, numbered in groupby(enumerate(rows), key=lambda item: any(item[1])):
        if has_text:
            numbers = [number for number, _ in numbered]
            yield _Area(numbers[0], 0, numbers[-1] + 1, len(rows[0]))


def _columns(rows: list[list[str]], band: _Area) -> Iterator[_Area]:
    """Part a band at empty columns between tables of two columns and more."""
    used = [False] * band.right
    for row in rows[band.top : band.bottom]:
        used = [is_used or bool(text) for is_used, text in zip(used, row, strict=True)]
    runs = [[column for column, _ in run] for is_used, run in groupby(enumerate(used), lambda item: item[1]) if is_used]
    if not all(len(run) > 1 for run in runs):
        runs = [[runs[0][0], runs[-1][-1]]]
    for run in runs:
        yield _Area(band.top, run[0], band.bottom, run[-1] + 1)


def _join_parted(areas: list[_Area], rows: list[list[str]]) -> list[_Area]:
    """Join an area without a header to the table above it in the same columns."""
    joined: list[_Area] = []
    for area in areas:
        above = joined[-1] if joined else None
        if (
            above
            and above.bottom < area.top
            and above.bottom - above.top > 1
            and (above.left, above.right) == (area.left, area.right)
            and area.right - area.left > 1
            and any(map(_is_numeric, rows[area.top][area.left : area.right]))
            and sum(map(bool, rows[area.top][area.left : area.right])) > 1
        ):
            joined[-1] = above._replace(bottom=area.bottom)
        else:
            joined.append(area)
    return joined


def _area_blocks(rows: list[list[str]], area: _Area, merges: list[Merge]) -> Iterator[Block]:
    """Yield a table with the lone texts above and below it."""
    lines = [(number, rows[number][area.left : area.right]) for number in range(area.top, area.bottom)]
    lines = [(number, line) for number, line in lines if any(line)]
    used = [any(line[column] for _, line in lines) for column in range(area.right - area.left)]
    lines = [(number, [text for text, keep in zip(line, used, strict=True) if keep]) for number, line in lines]
    if sum(used) < 2:
        yield from (Block("paragraph", text) for _, line in lines for text in line)
        return
    while lines and _is_lone(lines[0][1]):
        yield Block("paragraph", next(filter(None, lines.pop(0)[1])))
    notes: list[str] = []
    while lines and _is_lone(lines[-1][1]) and len("".join(lines[-1][1])) >= MIN_NOTE:
        notes.insert(0, "".join(lines.pop()[1]))
    if lines:
        yield Block("table", markdown_table(join_header([line for _, line in lines], _header_rows(lines, merges))))
    yield from (Block("paragraph", text) for text in notes)


def _header_rows(lines: list[tuple[int, list[str]]], merges: list[Merge]) -> int:
    """Return the number of rows that the header has, by the merged cells of its first row."""
    first = lines[0][0]
    depth = 1
    for merge in merges:
        if merge.top == first:
            depth = max(depth, merge.bottom - first + 1, 1 + (merge.right > merge.left))
    depth = min(depth, MAX_HEADER_ROWS, len(lines) - 1)
    while depth > 1 and any(_is_numeric(text) for text in lines[depth - 1][1]):
        depth -= 1
    return max(1, depth)


def _is_lone(line: list[str]) -> bool:
    return sum(map(bool, line)) == 1


def _is_numeric(text: str) -> bool:
    return bool(_NUMERIC.fullmatch(text))
