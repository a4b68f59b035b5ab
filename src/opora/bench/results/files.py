"""Files of a finished benchmark: `answers.jsonl`, `timings.jsonl`, `table.json`, `table.md`, `table.tex`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opora.artifacts import read_manifest, write_json_lines
from opora.bench.results.latex import format_latex
from opora.bench.results.markdown import format_table
from opora.bench.results.table import ScoredRow, Table, headline
from opora.errors import InputError

ANSWERS, TIMINGS = "answers.jsonl", "timings.jsonl"
TABLE, TABLE_TEXT, TABLE_LATEX = "table.json", "table.md", "table.tex"
VOLATILE = frozenset((TIMINGS, TABLE, TABLE_TEXT, TABLE_LATEX))
"""Files with seconds, which differ between runs with the same inputs."""


def write_results(folder: Path, rows: Sequence[ScoredRow], table: Table) -> None:
    """Write the files of a benchmark. Seconds go to a file of their own, so that the answers are reproducible."""
    timings = [
        {"model": row.model, **row.condition, "id": row.id, "seconds": row.scores.get("seconds")} for row in rows
    ]
    without_seconds = {"scores": {"seconds"}, "answer": {"seconds"}}
    write_json_lines(folder / ANSWERS, (row.model_dump(mode="json", exclude=without_seconds) for row in rows))
    write_json_lines(folder / TIMINGS, timings)
    (folder / TABLE).write_text(table.model_dump_json(indent=1), encoding="utf-8")
    (folder / TABLE_TEXT).write_text(format_table(table), encoding="utf-8")
    (folder / TABLE_LATEX).write_text(format_latex(table), encoding="utf-8")


def read_table(bench: Path) -> Table:
    """Read the table of a finished benchmark. Raises InputError if it is unfinished or another kind of artefact."""
    stage = read_manifest(bench).stage
    if stage != "bench":
        raise InputError(f"{bench}: made by `opora {stage}`; a benchmark is needed")
    return Table.model_validate_json((bench / TABLE).read_text(encoding="utf-8"))


def headline_results(table: Table) -> dict[str, dict[str, float | None]]:
    """Return row -> its headline metric, for the manifest."""
    metric = headline(table).metric
    return {row.name: {metric: row.metrics[metric].mean} for row in table.rows}
