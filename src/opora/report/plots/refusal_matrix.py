"""Plot of the confusion matrix of refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opora.report.plots.base import FONT_PT, INK, PlotSpec, new_figure, plain_text, style_axes
from opora.report.plots.heat_map import draw_cell, label_cells
from opora.report.results import BenchmarkResults
from opora.report.tables.refusals import refusal_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def refusal_plot(results: BenchmarkResults) -> PlotSpec | None:
    """Plan the matrices of all models, one below another; None for a benchmark without answers."""
    refusals, words = results.refusals, results.words
    if not refusals.models:
        return None

    def draw() -> Figure:
        models, behaviors = refusals.models, refusals.behaviors
        figure, all_axes = new_figure(0.4 + len(models) * (0.35 + 0.28 * len(behaviors)), rows=len(models))
        for axes, model in zip(all_axes, models, strict=True):
            for y, expected in enumerate(behaviors):
                for x, refused in enumerate((False, True)):
                    share = refusals.share(model, expected, refused) or 0.0
                    draw_cell(axes, x, y, share, refusal_text(refusals, model, expected, refused, words))
            heads = [words("matrix.answered"), words("matrix.refused")]
            label_cells(axes, heads, [words(f"matrix.{expected}") for expected in behaviors])
            axes.set_title(plain_text(model), loc="left", fontsize=FONT_PT, color=INK)
            style_axes(axes, "")
        return figure

    return PlotSpec("refusals", words("plots.refusals"), draw, words("plots.see"))
