"""Confusion matrix of refusals: the expected behavior against what each model did."""

from __future__ import annotations

from opora.bench.results.i18n import Words
from opora.bench.results.markdown import Grid
from opora.report.results import BenchmarkResults, RefusalCell, RefusalMatrix
from opora.report.tables.base import HtmlTable, TableCell, TableLine, TableSection


def refusal_table(results: BenchmarkResults) -> HtmlTable | None:
    """Return the matrix with one section per model; None for a benchmark without answers."""
    refusals, words = results.refusals, results.words
    sections = []
    for model in refusals.models:
        lines = []
        for expected in refusals.behaviors:
            cells = [_cell(cell, words) for cell in refusals.cells(model, expected)]
            lines.append(TableLine(words(f"matrix.{expected}"), cells))
        sections.append(TableSection(model, lines))
    head = [(words("matrix.answered"), ""), (words("matrix.refused"), "")]
    caption, corner, note = words("matrix.caption", bench=results.name), words("matrix.expected"), words("matrix.note")
    return HtmlTable("refusals", words("matrix.title"), caption, corner, head, sections, note) if sections else None


def refusal_grid(refusals: RefusalMatrix, words: Words) -> Grid | None:
    """Return the matrix as text, one line per model and expected behavior; None without answers."""
    lines = [
        [f"{model}: {words(f'matrix.{expected}')}", *(cell.in_words(words) for cell in refusals.cells(model, expected))]
        for model in refusals.models
        for expected in refusals.behaviors
    ]
    head = [words("matrix.answered"), words("matrix.refused")]
    return Grid(words("matrix.expected"), head, lines, words("matrix.note"), name="matrix") if lines else None


def _cell(cell: RefusalCell, words: Words) -> TableCell:
    return TableCell(words.number(cell.share) + cell.mark, str(cell.questions), shade=cell.share)
