"""opora plan: what a run would do."""

from __future__ import annotations

import json

import typer

from opora.cli.options import AsJson, Overrides


def plan(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Show which stages of opora.yaml are done, stale or to do, and what the rest will take."""
    from opora.cli.run import load_stages
    from opora.progress import format_seconds
    from opora.recipe.plan import plan

    lines = plan(load_stages(overrides or []))
    if as_json:
        rows = [{**line._asdict(), "stage": line.stage.name, "out": str(line.stage.out)} for line in lines]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    width = max(len(line.stage.name) for line in lines)
    for line in lines:
        took = f"  took {format_seconds(line.last_seconds)} last time" if line.last_seconds is not None else ""
        typer.echo(f"{line.stage.name:{width}}  {line.state:10}{took}" + (f"  ({line.reason})" if line.reason else ""))
