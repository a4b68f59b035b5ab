"""Options that several commands share, and the output of a stage.

Results go to standard output. Progress, settings and one summary line go to standard error.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from opora.recipe.plan import StageRun
    from opora.validation import Settings

Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a setting of opora.yaml, e.g. ask.top_k=5. Repeatable."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print all settings, with the source of each.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show state and expected cost; make nothing, send nothing.")]
Questions = Annotated[Path | None, typer.Option(help="JSON Lines of questions; default: questions.jsonl.")]


def note(*lines: str) -> None:
    """Print lines on standard error."""
    print(*lines, sep="\n", file=sys.stderr)


def show_settings(section: str, settings: Settings) -> None:
    """Print resolved settings on standard error, with the source of each value that is not a default."""
    note(f"{section}:")
    for key, value in _flatten(settings.model_dump(mode="json")):
        origin = settings.origins.get(key)
        note(f"  {key}: {value!r}" + (f"  # {origin}" if origin else ""))


def show_run(run: StageRun, as_json: bool) -> None:
    """Print the result of a stage, or its manifest as JSON, and a summary line."""
    result = run.stage.result()
    if as_json:
        typer.echo(run.manifest.model_dump_json(indent=2))
    elif result:
        typer.echo(result.read_text(encoding="utf-8"))
    note(summary(run), *run.stage.notes())


def summary(run: StageRun) -> str:
    """Return the line of a stage that has run: `corpus: 24 documents, 310 passages; dropped: 2 duplicate (3.1 s)`."""
    manifest = run.manifest
    counts = {name: count for name, count in manifest.counts.items() if count or name != "suspect"}
    parts = [", ".join(f"{count} {_counted(name, count)}" for name, count in counts.items())]
    dropped = [f"{count} {reason}" for reason, count in manifest.dropped.items() if count]
    parts += [f"dropped: {', '.join(dropped)}"] if dropped else []
    timing = f"{manifest.seconds:.1f} s" if run.is_new else "up to date"
    return f"{run.stage.out}: {'; '.join(filter(None, parts))} ({timing})"


def _counted(name: str, count: float) -> str:
    words = name.replace("_", " ")
    return words.removesuffix("s") if count == 1 else words


def _flatten(data: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, value in data.items():
        rows += _flatten(value, f"{prefix}{key}.") if isinstance(value, dict) and value else [(f"{prefix}{key}", value)]
    return rows
