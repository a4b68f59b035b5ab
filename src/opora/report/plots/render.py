"""Render a plot: PNG for documents, and SVG that takes the colours of the page."""

from __future__ import annotations

import io
import re
from typing import Any, NamedTuple

from opora.bench.results.i18n import capital
from opora.bench.results.markdown import Grid
from opora.report.plots.base import COLORS, FAINT, INK, PAPER, WIDTH_IN, PlotSpec

VARIABLES = {INK: "--ink", FAINT: "--grid", PAPER: "--paper"} | {
    color: f"--series-{number}" for number, color in enumerate(COLORS, 1)
}
"""Colour -> the variable of `report.css` that replaces it."""


class RenderedPlot(NamedTuple):
    """A plot with its images: the bytes of a PNG file, and an `<svg>` element."""

    name: str
    caption: str
    alt: str
    numbers: Grid | None
    png: bytes
    svg: str


def render_plot(spec: PlotSpec) -> RenderedPlot:
    """Draw a plot. The same figure gives the same bytes."""
    import matplotlib
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {"svg.hashsalt": spec.name, "svg.fonttype": "none"}
    style |= {"lines.markersize": 5, "errorbar.capsize": 2, "hatch.linewidth": 0.6}
    png, svg = io.BytesIO(), io.StringIO()
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(WIDTH_IN, spec.height), layout="constrained", facecolor=PAPER)
        axes = figure.subplots(spec.panels, sharex=True, squeeze=False, subplot_kw={"facecolor": "none"})
        spec.draw(list(axes[:, 0]))
        figure.savefig(png, format="png", dpi=160)
        figure.set_layout_engine("none")  # the PNG has already been laid out
        figure.savefig(svg, format="svg", metadata={"Date": None})
    caption = capital(spec.caption)
    alt = f"{caption} {spec.alt}".strip()
    return RenderedPlot(spec.name, caption, alt, spec.numbers, png.getvalue(), _embeddable(svg.getvalue()))


def _embeddable(svg: str) -> str:
    """Turn an SVG file into an element of a page: no prologue, no ids that clash with other plots, and the colours and
    fonts of the page. The element around it has the description."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", element, flags=re.DOTALL)
    element = re.sub(r' xmlns(:xlink)?="[^"]*"', "", element).replace("xlink:href", "href")
    element = re.sub(r'<g id="[^"]*">', "<g>", element)
    element = re.sub(r"font: (?:\w+ )*?([\d.]+px) [^;\"]*", r"font-size: \1", element)
    for color, variable in VARIABLES.items():
        element = element.replace(color, f"var({variable})")
    return element.replace("<svg ", '<svg aria-hidden="true" ', 1)
