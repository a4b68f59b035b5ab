"""Tables in words: for a terminal, a README, a thesis.

In: a table. Out: grids of text, and each of them as Markdown or LaTeX.

    print(format_table(table))
    format_latex(table)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from opora.bench.columns import SUMMARY, Better, Column
from opora.bench.table import Table, TableRow, Verdict, headline, shown_columns, verdict
from opora.metrics.interval import Interval

ARROWS: dict[Better, str] = {"up": " ↑", "down": " ↓", "": ""}
MARKS: dict[Verdict, str] = {"better": " ▲", "worse": " ▼", "": ""}
MOST_ACROSS = 6
"""A table of more rows has a line a row, the summary's metrics across."""
LATEX = str.maketrans({
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "↑": r"$\uparrow$", "↓": r"$\downarrow$",
    "▲": r"$\blacktriangle$", "▼": r"$\blacktriangledown$", "–": "--",
})  # fmt: skip


class Grid(NamedTuple):
    """Text in rows and columns; the first column names the rows. `note` stands below."""

    title: str
    head: Sequence[str]
    lines: Sequence[Sequence[str]]
    note: str = ""


def grids(table: Table) -> list[Grid]:
    """The summary, a line an entry; where the entries fit side by side also all metrics, their differences, and the
    headline by kind and by domain."""
    parts = [_summary(table)]
    if len(table.rows) <= MOST_ACROSS:
        parts.append(_metrics(table))
        if any(row.against for row in table.rows):
            parts.append(_differences(table))
        for title, attribute in (("kind", "by_kind"), ("domain", "by_domain")):
            groups = list(getattr(table.rows[0], attribute))
            if len(groups) > 1:
                parts.append(_grouped(table, title, attribute, groups))
    return parts


def format_table(table: Table) -> str:
    """Markdown that reads well in a terminal."""
    return "\n\n".join(map(markdown, grids(table))) + "\n"


def format_latex(table: Table) -> str:
    """LaTeX for `\\input`; needs the packages booktabs and amssymb, and a font with the letters of the labels."""
    return "\n\n".join(map(latex, grids(table))) + "\n"


def format_interval(interval: Interval, digits: int, signed: bool = False) -> str:
    """`0.42 [0.31, 0.54]`, or a dash where there is no value."""
    if interval.mean is None:
        return "–"
    sign = "+" if signed else ""
    mean = f"{interval.mean:{sign}.{digits}f}"
    if interval.low is None or interval.high is None:
        return mean
    return f"{mean} [{interval.low:{sign}.{digits}f}, {interval.high:{sign}.{digits}f}]"


def markdown(grid: Grid) -> str:
    cells = [[_cell(text) for text in row] for row in ((grid.title, *grid.head), *grid.lines)]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(cells[0]))]
    lines = [f"| {' | '.join(text.ljust(width) for text, width in zip(row, widths, strict=True))} |" for row in cells]
    rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    return "\n".join([lines[0], rule, *lines[1:]]) + (f"\n\n{grid.note}" if grid.note else "")


def latex(grid: Grid) -> str:
    rows = [" & ".join(map(_latex, row)) + r" \\" for row in ((grid.title, *grid.head), *grid.lines)]
    note = [rf"\par\smallskip\footnotesize {_latex(grid.note)}"] if grid.note else []
    begin = rf"\begin{{tabular}}{{l{'r' * len(grid.head)}}}"
    return "\n".join([begin, r"\toprule", rows[0], r"\midrule", *rows[1:], r"\bottomrule", r"\end{tabular}", *note])


def note(table: Table) -> str:
    """What the numbers and marks of a table mean."""
    text = f"Mean with its 95 % interval (bootstrap; {table.questions} questions on {table.clusters} documents)."
    text = " ".join([text, *table.notes])
    against = list(dict.fromkeys(row.against for row in table.rows if row.against))
    if not against:
        return text
    what = against[0] if len(against) == 1 else "the row it is compared with"
    return f"{text} ▲ better, ▼ worse than {what} beyond noise: p < 0.05 by Holm over all rows."


def _summary(table: Table) -> Grid:
    columns = [column for column in shown_columns(table) if column.metric in SUMMARY]
    lines = [[row.name, str(row.questions), *(_marked(row, column) for column in columns)] for row in table.rows]
    return Grid("", ["questions", *(_label(column) for column in columns)], lines, note(table))


def _metrics(table: Table) -> Grid:
    columns = [column for column in shown_columns(table) if column.metric not in SUMMARY]
    lines = [[_label(column), *(_marked(row, column) for row in table.rows)] for column in columns]
    return Grid("", [row.name for row in table.rows], lines)


def _differences(table: Table) -> Grid:
    """`detectable` is the largest over the entries of the smallest difference that would be seen."""
    compared = [row for row in table.rows if row.against]
    lines = []
    for column in shown_columns(table):
        differences = [row.differences[column.metric] for row in compared]
        shown = (format_interval(each, column.digits, signed=True) for each in differences)
        least = max((each.detectable for each in differences if each.detectable is not None), default=None)
        marks = (MARKS[verdict(column, each)] for each in differences)
        cells = [text + mark for text, mark in zip(shown, marks, strict=True)]
        lines.append([_label(column), *cells, "–" if least is None else f"{least:.{column.digits}f}"])
    against = {row.against for row in compared}
    title = f"difference from {against.pop()}" if len(against) == 1 else "difference"
    text = "Detectable: a true difference of this size would be seen four times out of five."
    return Grid(title, [*(row.name for row in compared), "detectable"], lines, text)


def _grouped(table: Table, title: str, attribute: str, groups: Sequence[str]) -> Grid:
    column = headline(table)
    lines = []
    for group in groups:
        intervals = [getattr(row, attribute)[group][column.metric] for row in table.rows]
        count = max(each.count for each in intervals)
        lines.append([group or "none", str(count), *(format_interval(each, column.digits) for each in intervals)])
    return Grid(f"{column.label} by {title}", ["questions", *(row.name for row in table.rows)], lines)


def _marked(row: TableRow, column: Column) -> str:
    mark = MARKS[verdict(column, row.differences.get(column.metric))]
    return format_interval(row.metrics[column.metric], column.digits) + mark


def _label(column: Column) -> str:
    return column.label + ARROWS[column.better]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|").replace("<", r"\<")


def _latex(text: str) -> str:
    return " ".join(text.split()).translate(LATEX)
