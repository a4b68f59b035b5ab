"""opora plan: what a run would do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from opora.cli.options import AsJson, Overrides


def plan(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Show which stages of opora.yaml are done, stale or to do, and what the rest will take."""
    from opora.cli.run import load_recipe_here
    from opora.recipe.estimate import estimate
    from opora.recipe.plan import plan
    from opora.recipe.stages import stages_of

    recipe = load_recipe_here(overrides or [])
    rows = []
    for line in plan(stages_of(recipe, Path())):
        row = {"stage": line.stage.name, "state": line.state, "reason": line.reason, "out": str(line.stage.out)}
        expected = None if line.state == "done" else estimate(recipe, line.stage.name, Path())
        seconds = expected.seconds if expected else None
        if expected and line.last_seconds is not None and line.state == "stale":
            seconds = line.last_seconds
        rows.append(
            {
                **row,
                "calls": expected.calls if expected else 0,
                "tokens": expected.tokens if expected else 0,
                "seconds": seconds,
                "took_seconds": line.last_seconds,
            }
        )
    typer.echo(json.dumps(rows, ensure_ascii=False, indent=2) if as_json else format_plan(rows))


def format_plan(rows: Sequence[Mapping[str, object]]) -> str:
    """A line a stage, and a line of what is to do in all."""
    from opora.console.progress import format_seconds

    width = max(len(str(row["stage"])) for row in rows)
    lines = []
    for row in rows:
        parts = [f"{row['stage']:{width}}", f"{row['state']:10}"]
        if row["state"] == "done":
            parts.append(f"took {format_seconds(float(str(row['took_seconds'])))}")
        else:
            parts.append(_expected(row))
        if row["reason"]:
            parts.append(f"({row['reason']})")
        lines.append("  ".join(parts).rstrip())
    todo = [row for row in rows if row["state"] != "done"]
    if not todo:
        return "\n".join([*lines, "", "Everything is done."])
    known = sum(float(str(row["seconds"])) for row in todo if row["seconds"] is not None)
    unknown = [str(row["stage"]) for row in todo if row["seconds"] is None]
    calls, tokens = (sum(int(str(row[key])) for row in todo) for key in ("calls", "tokens"))
    total = f"{len(todo)} to do: about {format_seconds(known)}, {calls} calls, {tokens} tokens"
    total += f"; not known for {', '.join(unknown)}" if unknown else ""
    return "\n".join([*lines, "", f"{total}. Local models cost nothing; a server's price is its own."])


def _expected(row: Mapping[str, object]) -> str:
    from opora.console.progress import format_seconds

    seconds = row["seconds"]
    parts = ["time not known" if seconds is None else f"about {format_seconds(float(str(seconds)))}"]
    parts += [f"{row[key]} {key}" for key in ("calls", "tokens") if row[key]]
    return ", ".join(parts)
