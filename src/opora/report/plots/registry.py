"""The plots of a benchmark, in the order of the page. A new kind is one function and one row of `PLOTS`."""

from __future__ import annotations

from opora.report.plots.base import PlotKind
from opora.report.plots.conditions import distractor_plot, gold_position_plot, passage_order_plot, recall_plot
from opora.report.plots.cost import seconds_plot, tokens_plot
from opora.report.plots.refusals import refusal_plot
from opora.report.plots.scores import differences_plot, domain_plot, error_plot, score_plot, type_plot

PLOTS: tuple[PlotKind, ...] = (
    gold_position_plot, passage_order_plot, distractor_plot, recall_plot, score_plot, error_plot, differences_plot,
    type_plot, domain_plot, seconds_plot, tokens_plot, refusal_plot,
)  # fmt: skip
