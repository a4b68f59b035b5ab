"""Grids as LaTeX, for a thesis.

In: a table or its grids, a prefix for labels. Out: `table` environments to `\\input`, each with caption and label; long
ones as `longtable`. They need booktabs, amssymb, and longtable where a grid is long.

    format_latex(table)
    latex(grid, caption="ru: scores", label="ru-summary")
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from opora.bench.results.i18n import Words, words_in
from opora.bench.results.markdown import Grid, grids
from opora.bench.results.table import Table

GROUPED = ("kind", "domain")
"""Grids whose title is their caption."""
LONGEST_LABEL = 22
MOST_LINES = 24
"""A grid of more lines goes over pages."""
THESIS = (
    "judge_score", "judge_grade", "judge_correct", "chosen", "by_chance", "key_facts", "irrelevant_refusal",
    "rouge_l_precision", "rouge_l_recall", "rouge_l_f1", "recall_1", "recall_5", "recall_10", "mrr", "ndcg",
)  # fmt: skip
"""The columns of a summary that has to fit on paper."""
HEAD = (
    r"\providecommand{\oporacell}[2]{\begin{tabular}[t]{@{}r@{}}#1\\[-2pt]{\scriptsize #2}\end{tabular}}" + "\n"
    r"\providecommand{\oporahead}[1]{\begin{tabular}[b]{@{}r@{}}#1\end{tabular}}" + "\n"
)
"""A number over its interval; a head of several lines."""
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
    """The grids of one table, in English."""
    return HEAD + "\n" + "\n\n".join(latex_grids(table, words_in("en"))) + "\n"


def latex_grids(table: Table, words: Words, name: str = "", more: Sequence[Grid] = ()) -> list[str]:
    """`name` stands in captions and labels."""
    shown = [*grids(table, words, THESIS), *more]
    return [latex(grid, _caption(grid, words, name), _label(grid, name)) for grid in shown]


def latex(grid: Grid, caption: str = "", label: str = "") -> str:
    columns = f"{{{_first(grid)}{'r' * len(grid.head)}}}"
    title = "" if grid.name in GROUPED else escape(grid.title)
    head = rf"{title} & {' & '.join(map(_head, grid.head))} \\"
    lines = [" & ".join([escape(line[0]), *map(_cell, line[1:])]) + r" \\" for line in grid.lines]
    named = rf"\caption{{{escape(caption)}}}" + (rf"\label{{{label}}}" if label else "")
    note = rf"{{\footnotesize {escape(grid.note)}\par}}" if grid.note else ""
    if len(grid.lines) > MOST_LINES:
        top = ["{\\small\\setlength{\\tabcolsep}{3pt}", rf"\begin{{longtable}}{columns}", rf"{named} \\"]
        heads = [r"\toprule", head, r"\midrule", r"\endfirsthead", r"\toprule", head, r"\midrule", r"\endhead"]
        bottom = [r"\bottomrule", r"\end{longtable}", note, "}"]
        return "\n".join(filter(None, [*top, *heads, *lines, *bottom]))
    top = [r"\begin{table}[htbp]", r"\centering\small\setlength{\tabcolsep}{3pt}", named]
    body = [rf"\begin{{tabular}}{columns}", r"\toprule", head, r"\midrule", *lines, r"\bottomrule", r"\end{tabular}"]
    bottom = [r"\par\smallskip" if note else "", note, r"\end{table}"]
    return "\n".join(filter(None, [*top, *body, *bottom]))


def _first(grid: Grid) -> str:
    """The column of the labels: long ones are broken."""
    longest = max(len(label) for label in (grid.title if grid.name not in GROUPED else "", *(e[0] for e in grid.lines)))
    return "l" if longest <= LONGEST_LABEL else r"p{0.25\linewidth}"


def escape(text: str) -> str:
    """A text in which nothing is a command."""
    line = _MINUS.sub("−", " ".join(text.split()))
    return line.translate(SPECIAL)


def _caption(grid: Grid, words: Words, name: str) -> str:
    title = grid.title if grid.name in GROUPED else words(f"latex.{grid.name}")
    return f"{name}: {title}" if name else title


def _label(grid: Grid, name: str) -> str:
    """`tab:ru-summary`, of letters that a label can have; a name that has none of them is told by its hash."""
    slug = re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-")
    if name and not slug:
        slug = hashlib.sha256(name.encode()).hexdigest()[:8]
    return "tab:" + "-".join(filter(None, [slug, grid.name]))


def _cell(text: str) -> str:
    found = _NUMBER.fullmatch(text)
    if not found:
        return escape(text)
    return rf"\oporacell{{{escape(found['mean'] + (found['mark'] or ''))}}}{{{escape(found['span'])}}}"


def _head(text: str) -> str:
    """A word a line; the arrow stays with the last."""
    joined = escape(text).replace(r" $\uparrow$", r"~$\uparrow$").replace(r" $\downarrow$", r"~$\downarrow$")
    lines = joined.replace(" ", r"\\")
    return rf"\oporahead{{{lines}}}" if lines != joined else joined
