"""Benchmarks as one page.

In: folders of benchmarks, and the logs of the trainings behind them. Out: `report.html`, one file that asks for nothing
outside itself; `report.md` for a README, `report.tex` for a thesis, `report.json`, and the plots as PNG in `plots/`.

    write_report(ReportSettings(title="Ferry rules"), [Path("bench/en"), Path("bench/ru")], Path("report"))
"""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from opora.artifacts import Build, Manifest, read_json_lines, read_manifest
from opora.bench.results.i18n import Words
from opora.report.texts import report_words
from opora.bench.results.latex import HEAD, latex_grids
from opora.bench.results.markdown import format_table, markdown
from opora.bench.results.table import Table, headline, shown_columns
from opora.bench.stage import ANSWERS, read_table
from opora.console.progress import track
from opora.errors import InputError
from opora.report.answers import Answers, page_json
from opora.report.page import Card, Sheet, cards, sheets
from opora.report.plots.charts import charts
from opora.report.plots.draw import Plot, draw_plot
from opora.report.plots.refusal_matrix import Refusals, matrix_grid, matrix_plot
from opora.report.plots.training_curves import Curve, draw_curve, log_fingerprints, read_curves
from opora.report.settings import ReportSettings

if TYPE_CHECKING:
    from jinja2 import Template

HTML, MARKDOWN, LATEX, JSON, PLOTS = "report.html", "report.md", "report.tex", "report.json", "plots"
SCRIPTS = ("report.js", "browser.js", "answer.js")


class Bench(NamedTuple):
    """One benchmark, as the templates show it."""

    name: str
    method: str
    table: Table
    manifest: Manifest
    headline: str
    cards: Sequence[Card]
    sheets: Sequence[Sheet]
    meanings: Sequence[tuple[str, str]]
    plots: Sequence[Plot]
    curves: Sequence[tuple[Curve, Plot]]
    answers: Mapping[str, Any]
    """For the page's script; empty if there are none."""
    markdown: str
    latex: Sequence[str]


def report_build(settings: ReportSettings, benches: Sequence[Path], out: Path) -> Build:
    """The build of this report: what it is made from, and whether it is done. Raises InputError for what is no
    finished benchmark."""
    if not benches:
        raise InputError("report: there is no benchmark to report; run `opora bench rag` first")
    twice = [name for name, count in Counter(each.name for each in benches).items() if count > 1]
    if twice:
        raise InputError(f"report: two benchmarks are named {twice[0]!r}; rename the folder of one")
    manifests = {each.name: read_manifest(each) for each in benches}
    # the key too: a table also depends on settings that leave the answers as they are
    inputs = {f"bench {name}": f"{each.key[:16]}-{each.fingerprint[:16]}" for name, each in manifests.items()}
    for each in manifests.values():
        inputs |= {f"log {training}": fingerprint for training, fingerprint in log_fingerprints(each).items()}
    return Build(out, "report", settings, inputs)


def write_report(settings: ReportSettings, benches: Sequence[Path], out: Path) -> Manifest:
    """Write the page and its companions. Raises InputError for what is no finished benchmark."""
    build = report_build(settings, benches, out)
    if build.finished:
        return build.finished
    with build:
        words = report_words(settings.language)
        shown = [_bench(each, words) for each in track(benches, "report", total=len(benches))]
        (build.path / PLOTS).mkdir(exist_ok=True)
        for bench in shown:
            for plot in [*bench.plots, *(plot for _, plot in bench.curves)]:
                (build.path / plot_path(bench.name, plot)).write_bytes(plot.png)
        for name, text in _texts(settings, shown, words).items():
            (build.path / name).write_text(text, encoding="utf-8")
        answers = sum(len(rows) for bench in shown for rows in bench.answers.get("answers", ()))
        # a page repeats timings and shows pictures: it is known by what it was made from
        return build.publish(counts={"benchmarks": len(shown), "answers": answers}, content=build.key)


def plot_path(bench: str, plot: Plot) -> str:
    return f"{PLOTS}/{bench}-{plot.name}.png"


def _texts(settings: ReportSettings, benches: Sequence[Bench], words: Words) -> dict[str, str]:
    """Name of a file -> its text."""
    style, script = _source("report.css"), "".join(map(_source, SCRIPTS))
    context = {
        "title": settings.title,
        "benches": benches,
        "w": words,
        "style": style,
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "answers": _answers_json(benches, words),
    }
    return {
        HTML: _template(f"{HTML}.jinja").render(context),
        MARKDOWN: _template(f"{MARKDOWN}.jinja").render(context),
        LATEX: "\n\n".join(
            [f"% {words('latex.head')}\n{HEAD}", *(grid for each in benches for grid in each.latex), ""]
        ),
        JSON: json.dumps(_as_json(settings, benches), ensure_ascii=False, indent=1),
    }


def _bench(folder: Path, words: Words) -> Bench:
    table, manifest, name = read_table(folder), read_manifest(folder), folder.name
    answers, matrix = Answers(name, table, words), Refusals()
    for _, row in read_json_lines(folder / ANSWERS):
        answers.add(row)
        matrix.add(row)
    grid = matrix_grid(matrix, words)
    drawn = [*charts(table, words), *filter(None, [matrix_plot(matrix, words)])]
    text = format_table(table, words) + (f"\n{markdown(grid)}\n" if grid else "")
    return Bench(
        name=name,
        method=str(manifest.settings.get("method", "rag")),
        table=table,
        manifest=manifest,
        headline=words.label(headline(table)),
        cards=cards(table, words),
        sheets=sheets(table, name, words, matrix),
        meanings=[(words.label(each), words.meaning(each)) for each in shown_columns(table)],
        plots=[draw_plot(each) for each in drawn],
        curves=[(each, draw_curve(f"curve-{n}", each, words)) for n, each in enumerate(read_curves(manifest), 1)],
        answers=answers.data(),
        markdown=text,
        latex=latex_grids(table, words, name, [grid] if grid else []),
    )


def _answers_json(benches: Sequence[Bench], words: Words) -> str:
    """What the page's script reads: all answers, and its words. Empty if there are no answers."""
    data = {
        "language": words.language,
        "words": words.section("browser"),
        "names": {group: words.section(group) for group in ("kind", "domain", "behavior", "reason")},
        "benches": [bench.answers for bench in benches if bench.answers],
    }
    return page_json(data) if data["benches"] else ""


def _as_json(settings: ReportSettings, benches: Sequence[Bench]) -> dict[str, Any]:
    return {
        "title": settings.title,
        "benchmarks": [
            {
                "name": bench.name,
                "table": bench.table.model_dump(mode="json"),
                "models": bench.manifest.models,
                "settings": bench.manifest.settings,
                "commit": bench.manifest.commit,
                "created": bench.manifest.created,
                "plots": [plot_path(bench.name, plot) for plot in bench.plots],
                "curves": [_curve_as_json(bench.name, curve, plot) for curve, plot in bench.curves],
            }
            for bench in benches
        ],
    }


def _curve_as_json(bench: str, curve: Curve, plot: Plot) -> dict[str, Any]:
    evaluations = [each._asdict() for each in curve.evaluations]
    return {**curve._asdict(), "evaluations": evaluations, "plot": plot_path(bench, plot)}


@functools.cache
def _template(name: str) -> Template:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_source),
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


def _source(name: str) -> str:
    return resources.files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def inline_markdown(text: str) -> str:
    """A text on one line of Markdown, in which nothing is markup."""
    line = html.escape(" ".join(text.split()), quote=False)
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]#|~!$" else letter for letter in line)
