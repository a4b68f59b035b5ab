"""The files of a report: HTML, Markdown, LaTeX and JSON."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

from opora.bench.results.i18n import Words
from opora.bench.results.latex import HEAD
from opora.bench.results.markdown import markdown
from opora.report.answers import safe_json
from opora.report.benchmark_view import BenchmarkView
from opora.report.plots.render import RenderedPlot
from opora.report.plots.training_curves import TrainingCurve
from opora.text.language_pack import language_pack

HTML, MARKDOWN, LATEX, JSON, PLOTS = "report.html", "report.md", "report.tex", "report.json", "plots"
SCRIPTS = ("report.js", "browser.js", "question.js")


def render_files(title: str, benches: Sequence[BenchmarkView], words: Words) -> dict[str, str]:
    """Return name of a file -> its text."""
    context = {"title": title, "benches": benches, "w": words}
    style, script = _asset("report.css"), "".join(map(_asset, SCRIPTS))
    script_hash = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = {"style": style, "script": script, "script_hash": script_hash, "answers": _browser_json(benches, words)}
    grids = [grid for bench in benches for grid in bench.latex]
    data = {"title": title, "benchmarks": [_bench_json(bench) for bench in benches]}
    return {
        HTML: _render(HTML, **context, **page),
        MARKDOWN: _render(MARKDOWN, **context),
        LATEX: "\n\n".join([f"% {words('latex.head')}\n{HEAD}", *grids, ""]),
        JSON: json.dumps(data, ensure_ascii=False, indent=1),
    }


def plot_path(bench: str, plot: RenderedPlot) -> str:
    """Return the path of a plot's PNG file in the report."""
    return f"{PLOTS}/{bench}-{plot.name}.png"


def inline_markdown(text: str) -> str:
    """Return `text` on one line of Markdown, with everything escaped that could be markup."""
    line = html.escape(" ".join(text.split()), quote=False)
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]#|~!$" else letter for letter in line)


def _browser_json(benches: Sequence[BenchmarkView], words: Words) -> str:
    """Return the data of the answer browser; empty if no benchmark has answers."""
    data = {
        "decimal": language_pack(words.language).decimal_mark,
        "words": words.section("browser"),
        "names": {group: words.section(group) for group in ("question_type", "domain", "behavior", "reason")},
        "benches": [bench.answers for bench in benches if bench.answers],
    }
    return safe_json(data) if data["benches"] else ""


def _bench_json(bench: BenchmarkView) -> dict[str, Any]:
    return {
        "name": bench.name,
        "table": bench.results.table.model_dump(mode="json"),
        **bench.manifest.model_dump(mode="json", include={"models", "settings", "commit", "created"}),
        "plots": [plot_path(bench.name, plot) for plot in bench.plots],
        "curves": [_curve_json(bench.name, curve, plot) for curve, plot in bench.curves],
    }


def _curve_json(bench: str, curve: TrainingCurve, plot: RenderedPlot) -> dict[str, Any]:
    evaluations = [evaluation._asdict() for evaluation in curve.evaluations]
    return {**curve._asdict(), "evaluations": evaluations, "plot": plot_path(bench, plot)}


def _render(name: str, **context: object) -> str:
    """Render the template of a file. It escapes HTML and imports macros, unlike `opora.text.resources.template`."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_asset), undefined=StrictUndefined, autoescape=name == HTML, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"inline": inline_markdown, "table": markdown}
    environment.filters["pretty"] = lambda value: json.dumps(value, ensure_ascii=False, indent=2)
    environment.globals["plot_path"] = plot_path
    return environment.get_template(f"{name}.jinja").render(context)


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath("assets", name).read_text(encoding="utf-8")
