"""opora report: tables to a page."""

from __future__ import annotations

import sys
from pathlib import Path

from opora.cli.options import AsJson, Overrides, show_manifest, show_settings

BENCH = Path("bench")


def report(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Write report/: one HTML page with tables, plots and all answers; also Markdown, LaTeX, JSON and PNG."""
    from opora.errors import InputError
    from opora.recipe.recipe import load_recipe
    from opora.report.stage import report_build, write_report

    recipe = load_recipe(overrides=overrides or [])
    show_settings("report", recipe.report)
    made = sorted(each.parent for each in BENCH.glob("*/manifest.json"))
    benches = [BENCH / name for name in recipe.bench if BENCH / name in made] or made
    if not benches:
        raise InputError(f"{BENCH}: holds no results to report; run `opora bench rag` first")
    if missing := [name for name in recipe.bench if BENCH / name not in benches]:
        print(f"opora: left out, not made yet: {', '.join(missing)}", file=sys.stderr)
    out = Path("report")
    finished = report_build(recipe.report, benches, out).finished
    show_manifest(finished or write_report(recipe.report, benches, out), out, as_json, made=not finished)
