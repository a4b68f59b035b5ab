"""Write the parts of the documentation that the code knows: docs/commands.md, docs/settings.md, and, between the marks
`<!-- table demo/NAME -->` and `<!-- end -->` of other pages, the tables of demo/bench/NAME, or, behind `summary`, the
first of them; likewise benchmark/NAME.

    python dev/docs.py            # write
    python dev/docs.py --check    # only say whether docs/ is what the code says; exit 1 if not
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import sys
import textwrap
from pathlib import Path
from typing import get_args

import typer.main

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "README.ru.md", "docs/benchmark.md", "docs/benchmark.ru.md")


def main() -> int:
    pages = {ROOT / "docs" / "commands.md": commands(), ROOT / "docs" / "settings.md": settings()}
    if "--check" in sys.argv:
        stale = [str(path.relative_to(ROOT)) for path, text in pages.items() if path.read_text("utf-8") != text]
        print(f"stale: {', '.join(stale)}; run `make docs`" if stale else "docs are what the code says")
        return bool(stale)
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    for name in PAGES:
        fill_tables(ROOT / name)
    return 0


def commands() -> str:
    """The help of every command."""
    from typer.testing import CliRunner

    from opora.cli.main import app

    parts = ["# Commands\n\nWritten by `make docs` from the help of each command.\n"]
    for path in paths(typer.main.get_command(app), ()):
        shown = CliRunner(env={"COLUMNS": "100"}).invoke(app, [*path, "--help"], prog_name="opora", terminal_width=100)
        parts.append(f"## {' '.join(['opora', *path])}\n\n```text\n{shown.stdout.strip()}\n```\n")
    return "\n".join(parts)


def paths(command, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The names that lead to a command and to each below it."""
    return [
        path,
        *(each for name, sub in getattr(command, "commands", {}).items() for each in paths(sub, (*path, name))),
    ]


def settings() -> str:
    """Every setting of every section: its default, and what it is for."""
    from opora.answer.settings import AskSettings
    from opora.bench.settings import AnyBenchSettings
    from opora.corpus.settings import IngestSettings
    from opora.dataset.raft.settings import RaftSettings
    from opora.report.settings import ReportSettings
    from opora.retrieval.settings import IndexSettings
    from opora.train.registry import AnyTrainSettings

    sections = {
        "ingest": IngestSettings, "index": IndexSettings, "ask": AskSettings, "dataset.NAME": RaftSettings,
    }  # fmt: skip
    for name, union in (("train", AnyTrainSettings), ("bench", AnyBenchSettings)):
        for model in get_args(get_args(union)[0]):
            methods = ", ".join(get_args(model.model_fields["method"].annotation))
            sections[f"{name}.NAME, method {methods}"] = model
    sections["report"] = ReportSettings
    intro = (
        "# Settings\n\nSections of `opora.yaml`, and what `--set section.key=value` overrides. Written by `make docs`"
        " from the code.\n"
    )
    return "\n".join([intro, *(section(name, model) for name, model in sections.items())])


def section(name, model) -> str:
    doc = " ".join(inspect.getdoc(model).split())
    rows = [f"| `{key}` | {default} | {text} |" for key, default, text in fields(model)]
    return "\n".join([f"## {name}\n", f"{doc}\n", "| key | default | what it is |", "|---|---|---|", *rows, ""])


def fields(model, prefix: str = "") -> list[tuple[str, str, str]]:
    from opora.validation import Settings

    texts = attribute_docs(model)
    rows = []
    for key, field in model.model_fields.items():
        if isinstance(field.default, Settings):
            rows += fields(type(field.default), f"{prefix}{key}.")
        else:
            default = "required" if field.is_required() else f"`{shown(field.get_default(call_default_factory=True))}`"
            rows.append((prefix + key, default, texts.get(key, "").replace("|", "\\|")))
    return rows


def shown(value) -> str:
    return "''" if value == "" else str(value)


def attribute_docs(model) -> dict[str, str]:
    """Field -> the string below it in the source."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0].body
    texts = {}
    for field, after in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            texts[field.target.id] = " ".join(after.value.value.split())
    return texts


def fill_tables(path: Path) -> None:
    def table(match: re.Match) -> str:
        how, project, name = match.groups()
        made = ROOT / project / "bench" / name / "table.md"
        if not made.exists():
            sys.exit(f"{made.relative_to(ROOT)}: no such file; run `make {project}` first")
        text = made.read_text("utf-8").strip()
        if how == "summary":
            text = "\n\n".join(text.split("\n\n")[:2])  # the first table and the note below it
        return f"<!-- {how} {project}/{name} -->\n{text}\n<!-- end -->"

    marks = r"<!-- (table|summary) (\w+)/([\w-]+) -->\n.*?<!-- end -->"
    path.write_text(re.sub(marks, table, path.read_text("utf-8"), flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
