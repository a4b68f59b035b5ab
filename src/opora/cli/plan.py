"""opora plan: the state of each stage, and the expected cost of the rest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from opora.cli.options import AsJson, Overrides

if TYPE_CHECKING:
    from opora.recipe.plan import PlanLine


def plan(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Show what `opora run` would do. Stages are up to date, stale or missing; with the expected cost of the rest."""
    from opora.recipe.plan import plan
    from opora.recipe.recipe import load_existing_recipe

    show_plan(plan(load_existing_recipe(overrides=overrides or [])), as_json)


def show_plan(lines: Sequence[PlanLine], as_json: bool) -> None:
    """Print the state and estimate of stages."""
    rows = [_as_json(line) for line in lines]
    typer.echo(json.dumps(rows, ensure_ascii=False, indent=2) if as_json else format_plan(lines))


def show_estimate(line: PlanLine, as_json: bool) -> None:
    """Print the state and estimate of one stage, with the details of the estimate."""
    show_plan([line], as_json)
    if line.estimate and line.estimate.note and not as_json:
        typer.echo(line.estimate.note)


def format_plan(lines: Sequence[PlanLine]) -> str:
    """Return one line per stage, and one with the totals."""
    from opora.console.progress import format_seconds

    width = max(len(line.name) for line in lines)
    rows = [f"{line.name:{width}}  {line.state:11}  {_expected(line)}".rstrip() for line in lines]
    pending = [line for line in lines if line.estimate]
    if len(lines) == 1:
        return rows[0]
    if not pending:
        return "\n".join([*rows, "", "Everything is up to date."])
    estimates = [line.estimate for line in pending if line.estimate]
    seconds = {line.name: _seconds(line) for line in pending}
    total_seconds = sum(value for value in seconds.values() if value is not None)
    calls, tokens = sum(estimate.calls for estimate in estimates), sum(estimate.tokens for estimate in estimates)
    total = f"{len(pending)} to run: about {format_seconds(total_seconds)}, {calls} calls, {tokens} tokens"
    if costs := [estimate.cost for estimate in estimates if estimate.cost is not None]:
        total += f", cost {sum(costs):.4f}"
    if unknown := [name for name, value in seconds.items() if value is None]:
        total += f"; time unknown for {', '.join(unknown)}"
    return "\n".join([*rows, "", f"{total}."])


def _expected(line: PlanLine) -> str:
    from opora.console.progress import format_seconds

    if line.estimate is None:
        return f"took {format_seconds(line.last_seconds or 0.0)}"
    seconds = _seconds(line)
    parts = ["time unknown" if seconds is None else f"about {format_seconds(seconds)}"]
    parts += [f"{line.estimate.calls} calls"] if line.estimate.calls else []
    parts += [f"{line.estimate.tokens} tokens"] if line.estimate.tokens else []
    parts += [f"cost {line.estimate.cost:.4f}"] if line.estimate.cost is not None else []
    return ", ".join(parts) + (f"  ({line.reason})" if line.reason else "")


def _seconds(line: PlanLine) -> float | None:
    """Return the expected seconds: those of the last run with the same settings, else the estimate."""
    if line.last_seconds is not None and line.state == "stale":
        return line.last_seconds
    return line.estimate.seconds if line.estimate else None


def _as_json(line: PlanLine) -> dict[str, object]:
    row = {"stage": line.name, "state": line.state, "reason": line.reason, "out": str(line.stage.out)}
    estimate = line.estimate._asdict() if line.estimate else {"calls": 0, "tokens": 0, "cost": None, "note": ""}
    return {**row, **estimate, "seconds": _seconds(line), "last_seconds": line.last_seconds}
