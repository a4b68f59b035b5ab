"""The files of a report: HTML, Markdown, LaTeX and JSON.

In: views of benchmarks, and the texts of a language. Out: name of a file -> its text.

    render_files("Ferry rules", [view], words)["report.md"]
"""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import json
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

from opora.bench.results.i18n import Words
from opora.bench.results.latex import HEAD
from opora.bench.results.markdown import markdown
from opora.report.answers import safe_json
from opora.report.benchmark_view import BenchmarkView
from opora.report.plots.render import RenderedPlot
from opora.report.plots.training_curves import TrainingCurve
from opora.text.language_pack import language_pack

if TYPE_CHECKING:
    from jinja2 import Template

HTML, MARKDOWN, LATEX, JSON, PLOTS = "report.html", "report.md", "report.tex", "report.json", "plots"
SCRIPTS = ("report.js", "browser.js", "question.js")


def render_files(title: str, benches: Sequence[BenchmarkView], words: Words) -> dict[str, str]:
    """Return name of a file -> its text."""
    style, script = _asset("report.css"), "".join(map(_asset, SCRIPTS))
    context = {
        "title": title,
        "benches": benches,
        "w": words,
        "style": style,
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "answers": _browser_json(benches, words),
    }
    grids = [grid for bench in benches for grid in bench.latex]
    return {
        HTML: _page_template(f"{HTML}.jinja").render(context),
        MARKDOWN: _page_template(f"{MARKDOWN}.jinja").render(context),
        LATEX: "\n\n".join([f"% {words('latex.head')}\n{HEAD}", *grids, ""]),
        JSON: json.dumps(_report_json(title, benches), ensure_ascii=False, indent=1),
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


def _report_json(title: str, benches: Sequence[BenchmarkView]) -> dict[str, Any]:
    return {
        "title": title,
        "benchmarks": [
            {
                "name": bench.name,
                "table": bench.table.model_dump(mode="json"),
                "models": bench.manifest.models,
                "settings": bench.manifest.settings,
                "commit": bench.manifest.commit,
                "created": bench.manifest.created,
                "plots": [plot_path(bench.name, plot) for plot in bench.plots],
                "curves": [_curve_json(bench.name, curve, plot) for curve, plot in bench.curves],
            }
            for bench in benches
        ],
    }


def _curve_json(bench: str, curve: TrainingCurve, plot: RenderedPlot) -> dict[str, Any]:
    evaluations = [evaluation._asdict() for evaluation in curve.evaluations]
    return {**curve._asdict(), "evaluations": evaluations, "plot": plot_path(bench, plot)}


@functools.cache
def _page_template(name: str) -> Template:
    """Return a template of `assets/`. These escape HTML and import macros, unlike `opora.text.resources.template`."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_asset),
        undefined=StrictUndefined,
        autoescape=name.startswith(HTML),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pretty"] = lambda value: json.dumps(value, ensure_ascii=False, indent=2)
    environment.filters["inline"] = inline_markdown
    environment.filters["moment"] = lambda iso: iso[:16].replace("T", " ") + (" UTC" if iso.endswith("+00:00") else "")
    environment.filters["table"] = markdown
    environment.globals["plot_path"] = plot_path
    return environment.get_template(name)


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath("assets", name).read_text(encoding="utf-8")
