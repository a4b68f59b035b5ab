"""Grids as LaTeX, for a thesis.

`format_latex(table)` returns `table` environments to `\\input`, and a `longtable` for a long grid. The document needs
the packages booktabs, amssymb and longtable.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from opora.bench.results.i18n import Words, words_in
from opora.bench.results.markdown import Grid, grids
from opora.bench.results.metrics import THESIS
from opora.bench.results.table import Table

GROUPED = ("question_type", "domain")
"""Grids whose title is also their caption."""
MAX_LABEL_CHARS = 22
"""Longer labels wrap."""
MAX_LINES = 24
"""Longer grids continue over pages."""
HEAD = (
    r"\providecommand{\oporacell}[2]{\begin{tabular}[t]{@{}r@{}}#1\\[-2pt]{\scriptsize #2}\end{tabular}}" + "\n"
    r"\providecommand{\oporahead}[1]{\begin{tabular}[b]{@{}r@{}}#1\end{tabular}}" + "\n"
)
"""Commands for a number above its interval, and for a head of several lines."""
SPECIAL = str.maketrans({
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "↑": r"$\uparrow$", "↓": r"$\downarrow$",
    "▲": r"$\blacktriangle$", "▼": r"$\blacktriangledown$", "✓": r"$\checkmark$", "–": "--", "—": "---",
    "[": "{[}", "]": "{]}", "<": r"$<$", ">": r"$>$", "|": r"\textbar{}", '"': "''",
    "\u00a0": "~", "−": "$-$",
})  # fmt: skip
_NUMBER = re.compile(r"(?P<mean>[+-]?[\d.,]+) (?P<span>\[[^\]]*\])(?P<mark> [▲▼])?")
_MINUS = re.compile(r"(?<![\w-])-(?=\d)")


def format_latex(table: Table) -> str:
    """Return the grids of a table in English."""
    return HEAD + "\n" + "\n\n".join(latex_grids(table, words_in("en"))) + "\n"


def latex_grids(table: Table, words: Words, name: str = "", more: Sequence[Grid] = ()) -> list[str]:
    """Return the grids of a table, then `more`; captions and labels begin with `name`."""
    all_grids = [*grids(table, words, THESIS), *more]
    return [latex(grid, _caption(grid, words, name), _label(grid, name)) for grid in all_grids]


def latex(grid: Grid, caption: str = "", label: str = "") -> str:
    """Return a grid as a `table` or `longtable` environment."""
    columns = f"{{{_label_column(grid)}{'r' * len(grid.head)}}}"
    title = "" if grid.name in GROUPED else escape(grid.title)
    head = rf"{title} & {' & '.join(map(_head, grid.head))} \\"
    lines = [" & ".join([escape(line[0]), *map(_cell, line[1:])]) + r" \\" for line in grid.lines]
    caption_line = rf"\caption{{{escape(caption)}}}" + (rf"\label{{{label}}}" if label else "")
    note = rf"{{\footnotesize {escape(grid.note)}\par}}" if grid.note else ""
    if len(grid.lines) > MAX_LINES:
        top = ["{\\small\\setlength{\\tabcolsep}{3pt}", rf"\begin{{longtable}}{columns}", rf"{caption_line} \\"]
        heads = [r"\toprule", head, r"\midrule", r"\endfirsthead", r"\toprule", head, r"\midrule", r"\endhead"]
        bottom = [r"\bottomrule", r"\end{longtable}", note, "}"]
        return "\n".join(filter(None, [*top, *heads, *lines, *bottom]))
    top = [r"\begin{table}[htbp]", r"\centering\small\setlength{\tabcolsep}{3pt}", caption_line]
    body = [rf"\begin{{tabular}}{columns}", r"\toprule", head, r"\midrule", *lines, r"\bottomrule", r"\end{tabular}"]
    bottom = [r"\par\smallskip" if note else "", note, r"\end{table}"]
    return "\n".join(filter(None, [*top, *body, *bottom]))


def _label_column(grid: Grid) -> str:
    """Return the type of the first column; long labels wrap."""
    labels = [grid.title if grid.name not in GROUPED else "", *(line[0] for line in grid.lines)]
    return "l" if max(map(len, labels)) <= MAX_LABEL_CHARS else r"p{0.25\linewidth}"


def escape(text: str) -> str:
    """Return a text in which LaTeX finds no command."""
    line = _MINUS.sub("−", " ".join(text.split()))
    return line.translate(SPECIAL)


def _caption(grid: Grid, words: Words, name: str) -> str:
    title = grid.title if grid.name in GROUPED else words(f"latex.{grid.name}")
    return f"{name}: {title}" if name else title


def _label(grid: Grid, name: str) -> str:
    """Return a label such as `tab:ru-summary`; a name without ASCII letters or digits becomes its hash."""
    slug = re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-")
    if name and not slug:
        slug = hashlib.sha256(name.encode()).hexdigest()[:8]
    return "tab:" + "-".join(filter(None, [slug, grid.name]))


def _cell(text: str) -> str:
    match = _NUMBER.fullmatch(text)
    if not match:
        return escape(text)
    return rf"\oporacell{{{escape(match['mean'] + (match['mark'] or ''))}}}{{{escape(match['span'])}}}"


def _head(text: str) -> str:
    """Return one word per line; the arrow stays with the last word."""
    joined = escape(text).replace(r" $\uparrow$", r"~$\uparrow$").replace(r" $\downarrow$", r"~$\downarrow$")
    lines = joined.replace(" ", r"\\")
    return rf"\oporahead{{{lines}}}" if lines != joined else joined
