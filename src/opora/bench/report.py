"""Benchmarks as one page.

In: folders of benchmarks, and the logs of the trainings behind them. Out: `report.html`, one file that asks for nothing
outside itself; `report.md`, `report.json`, and the plots as PNG in `plots/`.

    write_report(ReportSettings(title="Ferry rules"), [Path("bench/en"), Path("bench/ru")], Path("report"))
"""

from __future__ import annotations

import base64
import functools
import html
import json
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from opora.artifacts import Build, Manifest, read_manifest, read_records
from opora.bench.columns import Column
from opora.bench.curves import Curve, draw_curve, log_fingerprints, read_curves
from opora.bench.format import format_table
from opora.bench.page import Group, Line, Shown, cells, groups, side_by_side
from opora.bench.plots import Plot, draw_plots
from opora.bench.run import ANSWERS, read_table
from opora.bench.settings import ReportSettings
from opora.bench.table import AnswerRow, Table, shown_columns
from opora.errors import InputError
from opora.progress import track

if TYPE_CHECKING:
    from jinja2 import Template

HTML, MARKDOWN, JSON, PLOTS = "report.html", "report.md", "report.json", "plots"


class Bench(NamedTuple):
    """One benchmark, as the templates show it."""

    name: str
    table: Table
    manifest: Manifest
    columns: Sequence[Column]
    lines: Sequence[Line]
    groups: Sequence[Group]
    shown: Sequence[Shown]
    plots: Sequence[Plot]
    curves: Sequence[tuple[Curve, Plot]]
    text: str
    """The table as Markdown."""


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
    return Build(out, "report", settings, inputs, seed=settings.seed)


def write_report(settings: ReportSettings, benches: Sequence[Path], out: Path) -> Manifest:
    """Write the page and its companions. Raises InputError for what is no finished benchmark."""
    build = report_build(settings, benches, out)
    if build.finished:
        return build.finished
    with build:
        shown = [_bench(settings, each) for each in track(benches, "report", total=len(benches))]
        (build.path / PLOTS).mkdir(exist_ok=True)
        for bench in shown:
            for plot in [*bench.plots, *(plot for _, plot in bench.curves)]:
                (build.path / plot_path(bench.name, plot)).write_bytes(plot.png)
        context = {"title": settings.title, "benches": shown}
        (build.path / HTML).write_text(_template(f"{HTML}.jinja").render(context), encoding="utf-8")
        (build.path / MARKDOWN).write_text(_template(f"{MARKDOWN}.jinja").render(context), encoding="utf-8")
        (build.path / JSON).write_text(
            json.dumps(_as_json(settings, shown), ensure_ascii=False, indent=1), encoding="utf-8"
        )
        answers = sum(len(each.answers) for bench in shown for each in bench.shown)
        # a page repeats timings and shows pictures: it is known by what it was made from
        return build.publish(counts={"benchmarks": len(shown), "answers": answers}, content=build.key)


def plot_path(bench: str, plot: Plot) -> str:
    return f"{PLOTS}/{bench}-{plot.name}.png"


def _bench(settings: ReportSettings, folder: Path) -> Bench:
    table = read_table(folder)
    rows = list(read_records(folder / ANSWERS, AnswerRow))
    manifest = read_manifest(folder)
    return Bench(
        name=folder.name,
        table=table,
        manifest=manifest,
        columns=shown_columns(table),
        lines=cells(table),
        groups=groups(table),
        shown=side_by_side(rows, settings.answers, settings.seed),
        plots=draw_plots(table),
        curves=[(each, draw_curve(f"curve-{n}", each)) for n, each in enumerate(read_curves(manifest), 1)],
        text=format_table(table),
    )


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
                "answers": [each.row.model_dump(mode="json") for shown in bench.shown for each in shown.answers],
            }
            for bench in benches
        ],
    }


def _curve_as_json(bench: str, curve: Curve, plot: Plot) -> dict[str, Any]:
    evaluations = [each._asdict() for each in curve.evaluations]
    return {**curve._asdict(), "evaluations": evaluations, "plot": plot_path(bench, plot)}


@functools.cache
def _template(name: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined, autoescape=name.startswith(HTML), trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["data"] = lambda picture: base64.b64encode(picture).decode()
    environment.filters["pretty"] = lambda value: json.dumps(value, ensure_ascii=False, indent=2)
    environment.filters["inline"] = inline_markdown
    environment.filters["loss"] = lambda value: "–" if value is None else f"{value:.3f}"
    environment.globals["plot_path"] = plot_path
    source = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return environment.from_string(source)


def inline_markdown(text: str) -> str:
    """A text on one line of Markdown, in which nothing is markup."""
    line = html.escape(" ".join(text.split()), quote=False)
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]#|~!$" else letter for letter in line)
