"""Confusion matrix of refusals: the expected behavior against what each model did."""

from __future__ import annotations

from opora.bench.results.i18n import Words
from opora.bench.results.markdown import Grid
from opora.report.results import BenchmarkResults, RefusalMatrix
from opora.report.tables.base import HtmlTable, TableCell, TableLine, TableSection


def refusal_table(results: BenchmarkResults) -> HtmlTable | None:
    """Return the matrix with one section per model; None for a benchmark without answers."""
    refusals, words = results.refusals, results.words
    if not refusals.models:
        return None
    sections = []
    for model in refusals.models:
        lines = []
        for expected in refusals.behaviors:
            cells = [_cell(refusals, model, expected, refused, words) for refused in (False, True)]
            lines.append(TableLine(words(f"matrix.{expected}"), cells))
        sections.append(TableSection(model, lines))
    head = [(words("matrix.answered"), ""), (words("matrix.refused"), "")]
    caption = words("matrix.caption", bench=results.name)
    title, below = words("matrix.title"), words("matrix.note")
    return HtmlTable("refusals", title, caption, words("matrix.expected"), head, sections, below)


def refusal_grid(refusals: RefusalMatrix, words: Words) -> Grid | None:
    """Return the matrix as text, one line per model and expected behavior; None without answers."""
    lines = [
        [f"{model}: {words(f'matrix.{expected}')}"]
        + [refusal_text(refusals, model, expected, refused, words) for refused in (False, True)]
        for model in refusals.models
        for expected in refusals.behaviors
    ]
    head = [words("matrix.answered"), words("matrix.refused")]
    return Grid(words("matrix.expected"), head, lines, words("matrix.note"), name="matrix") if lines else None


def refusal_text(refusals: RefusalMatrix, model: str, expected: str, refused: bool, words: Words) -> str:
    """Return share and count of a cell: '0.83 (10) ✓', with a check mark where the behavior is the expected one."""
    share, count = refusals.share(model, expected, refused), refusals.count(model, expected, refused)
    return f"{words.number(share)} ({count}){_check_mark(expected, refused)}"


def _cell(refusals: RefusalMatrix, model: str, expected: str, refused: bool, words: Words) -> TableCell:
    share, count = refusals.share(model, expected, refused), refusals.count(model, expected, refused)
    return TableCell(words.number(share) + _check_mark(expected, refused), str(count), shade=share)


def _check_mark(expected: str, refused: bool) -> str:
    return " ✓" if (expected == "refuse") == refused else ""
