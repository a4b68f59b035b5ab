"""One benchmark as the templates show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from opora.artifacts import Manifest, read_json_lines, read_manifest
from opora.bench.results.files import ANSWERS, read_table
from opora.bench.results.i18n import Words
from opora.bench.results.latex import latex_grids
from opora.bench.results.markdown import format_table, markdown
from opora.bench.results.table import shown_columns
from opora.report.answers import AnswerBrowserData
from opora.report.plots.registry import PLOTS
from opora.report.plots.render import RenderedPlot, render_plot
from opora.report.plots.training_curves import TrainingCurve, read_training_curves, training_plot
from opora.report.results import BenchmarkResults, RefusalMatrix
from opora.report.tables.base import HtmlTable
from opora.report.tables.refusals import refusal_grid
from opora.report.tables.registry import TABLES
from opora.report.tables.scores import HeadlineCard, headline_cards


class BenchmarkView(NamedTuple):
    """One benchmark as the templates show it. `answers`, the data of the answer browser, is empty if there are none."""

    name: str
    results: BenchmarkResults
    manifest: Manifest
    cards: Sequence[HeadlineCard]
    tables: Sequence[HtmlTable]
    meanings: Sequence[tuple[str, str]]
    plots: Sequence[RenderedPlot]
    curves: Sequence[tuple[TrainingCurve, RenderedPlot]]
    answers: Mapping[str, Any]
    markdown: str
    latex: Sequence[str]


def read_benchmark(folder: Path, words: Words) -> BenchmarkView:
    """Read a finished benchmark and render its plots."""
    manifest = read_manifest(folder)
    results = BenchmarkResults(folder.name, read_table(folder), RefusalMatrix(), words)
    answers = AnswerBrowserData(results)
    for _, row in read_json_lines(folder / ANSWERS):
        answers.add(row)
        results.refusals.add(row)
    grid = refusal_grid(results.refusals, words)
    curves = read_training_curves(manifest)
    return BenchmarkView(
        name=results.name,
        results=results,
        manifest=manifest,
        cards=headline_cards(results),
        tables=[table for kind in TABLES if (table := kind(results))],
        meanings=[(words.label(column), words.meaning(column)) for column in shown_columns(results.table)],
        plots=[render_plot(spec) for kind in PLOTS if (spec := kind(results))],
        curves=[(curve, render_plot(training_plot(f"curve-{n}", curve, words))) for n, curve in enumerate(curves, 1)],
        answers=answers.data(),
        markdown=format_table(results.table, words) + (f"\n{markdown(grid)}\n" if grid else ""),
        latex=latex_grids(results.table, words, results.name, [grid] if grid else []),
    )
