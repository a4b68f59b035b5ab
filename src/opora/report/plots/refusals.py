"""Plot of the confusion matrix of refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opora.report.plots import base
from opora.report.plots.score_charts import draw_heat_map
from opora.report.results import BenchmarkResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def refusal_plot(results: BenchmarkResults) -> base.PlotSpec | None:
    """Plan the matrices of all models, one below another; None for a benchmark without answers."""
    refusals, words = results.refusals, results.words
    models, behaviors = refusals.models, refusals.behaviors
    if not models:
        return None

    def draw(panels: Sequence[Axes]) -> None:
        heads = [words("matrix.answered"), words("matrix.refused")]
        labels = [words(f"matrix.{expected}") for expected in behaviors]
        for axes, model in zip(panels, models, strict=True):
            lines = [refusals.cells(model, expected) for expected in behaviors]
            cells = [[(cell.share or 0.0, cell.in_words(words)) for cell in line] for line in lines]
            draw_heat_map(axes, labels, heads, cells)
            axes.set_title(base.plain_text(model), loc="left", fontsize=base.FONT_PT, color=base.INK)
            base.style_axes(axes, words)

    height = 0.4 + len(models) * (0.35 + 0.28 * len(behaviors))
    return base.PlotSpec("refusals", words("plots.refusals"), height, draw, words("plots.see"), panels=len(models))
