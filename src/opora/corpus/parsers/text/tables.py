"""Tables of plain text: drawn with characters, divided by tabs or bars, or aligned by blanks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from opora.corpus.blocks import markdown_table

BARS = "|│║┃"
MIN_ROWS = 2
MIN_ALIGNED_ROWS = 3
MAX_ROWS_OF_SEGMENT = 5
"""With more lines between two rules, each line is a row of its own."""
_RULE = re.compile(rf"[\s+\-=_:{BARS}\u2500-\u257f]*[-=_\u2500-\u257f]{{2,}}[\s+\-=_:{BARS}\u2500-\u257f]*")
_BAR = re.compile(rf"(?<!\\)[{BARS}]")
_GAP = re.compile(r" {2,}")
_NUMBER = re.compile(r"[-+−]?[\d\s.,%]*\d[\d\s.,%]*")


def is_rule(line: str) -> bool:
    """Return true for a line of dashes, underscores or box characters."""
    return bool(_RULE.fullmatch(line)) and len(line.strip()) >= 3


def read_drawn_table(lines: Sequence[str]) -> str | None:
    """Return lines divided by bars as a pipe table; None if they are no table."""
    rows = [line for line in lines if not is_rule(line)]
    if not rows or not all(_BAR.search(line) for line in rows):
        return None
    counts = [len(_BAR.findall(line)) for line in rows]
    usual = max(set(counts), key=counts.count)
    if counts.count(usual) < 0.8 * len(counts) or (usual < 2 and len(rows) < MIN_ALIGNED_ROWS):
        return None
    segments = [list(group) for ruled, group in groupby(lines, is_rule) if not ruled]
    is_ruled = len(segments) >= MIN_ROWS and len(segments) * MAX_ROWS_OF_SEGMENT >= len(rows)
    if not is_ruled or len(segments) == MIN_ROWS:
        # a header may take several lines even if the rows below it are not divided
        header = segments[:1] if len(segments) > 1 else []
        segments = [*header, *([line] for segment in segments[len(header) :] for line in segment)]
    return markdown_table([_merge([_cells(line) for line in segment]) for segment in segments])


def _cells(line: str) -> list[str]:
    line = line.strip()
    cells = _BAR.split(line)
    return cells[1 if line[0] in BARS else 0 : len(cells) - 1 if line[-1] in BARS else len(cells)]


def _merge(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one row whose cells run over several lines."""
    width = max(map(len, rows))
    columns = ([row[column] if column < len(row) else "" for row in rows] for column in range(width))
    return [" ".join(" ".join(column).split()) for column in columns]


def read_tabbed_table(lines: Sequence[str]) -> str | None:
    """Return lines with the same number of tabs as a pipe table; None if they are no table."""
    if len(lines) < MIN_ROWS or not all("\t" in line.strip() for line in lines):
        return None
    for pattern in ("\t", "\t+"):
        rows = [re.split(pattern, line.strip("\n ").rstrip("\t")) for line in lines]
        widths = set(map(len, rows))
        if len(widths) == 1 or (pattern == "\t" and max(widths) >= 3 and max(widths) - min(widths) <= 1):
            return markdown_table(rows) if max(widths) >= 2 else None
    return None


def read_aligned_table(lines: Sequence[str]) -> str | None:
    """Return lines with blanks at the same places as a pipe table; None if they are no table.

    Justified text has wide blanks, too, but rarely below each other.
    """
    rows = [line.expandtabs(8).rstrip() for line in lines if not is_rule(line)]
    if len(rows) < MIN_ALIGNED_ROWS:
        return None
    width = max(map(len, rows))
    margin = min(len(row) - len(row.lstrip()) for row in rows)
    blank = [all(column >= len(row) or row[column] == " " for row in rows) for column in range(width)]
    gaps = [
        (columns[0], columns[-1] + 1)
        for is_blank, group in groupby(range(width), blank.__getitem__)
        if is_blank and len(columns := list(group)) >= 2 and columns[0] > margin
    ]
    if not gaps:
        return None
    starts, ends = [0, *(end for _, end in gaps)], [*(start for start, _ in gaps), width]
    cells = [[row[start:end].strip() for start, end in zip(starts, ends, strict=True)] for row in rows]
    filled = sum(sum(map(bool, row)) >= 2 for row in cells)
    return markdown_table(cells) if filled >= 0.7 * len(rows) and _has_short_cells(cells) else None


def _has_short_cells(rows: Sequence[Sequence[str]]) -> bool:
    """Return true if the cells of a table are figures and names, not sentences set in columns."""
    texts = [cell for row in rows for cell in row if cell]
    return sum(len(text) <= 40 for text in texts) >= 0.9 * len(texts)
