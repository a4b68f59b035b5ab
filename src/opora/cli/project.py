"""Commands of a project: init writes its files, plan shows the state of stages, run makes what is not up to date."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opora.cli.options import AsJson, Overrides, Verbose, note, show_run, show_settings
from opora.console.progress import format_seconds
from opora.errors import InputError

if TYPE_CHECKING:
    from opora.recipe.plan import PlanLine


def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the project; created if it does not exist.")] = Path(),
    sample: Annotated[
        bool, typer.Option("--sample", help="With 24 documents and questions, in Russian and English.")
    ] = False,
    benchmark: Annotated[
        bool,
        typer.Option("--benchmark", help="With the whole benchmark: 48 documents and 300 questions per language."),
    ] = False,
) -> None:
    """Create a project. Writes opora.yaml, documents/ and questions; --sample and --benchmark run at once."""
    from opora.recipe.scaffold import project_files

    if sample and benchmark:
        raise InputError("--sample and --benchmark exclude each other; --benchmark contains the sample")
    files = project_files("benchmark" if benchmark else "sample" if sample else "empty")
    for path in files:
        if (folder / path).exists():
            raise InputError(f"{folder / path}: exists; remove it, or choose another folder")
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (folder / "documents").mkdir(exist_ok=True)
    enter = "" if folder == Path() else f"cd {folder} && "
    ready = f"{enter}opora plan && opora run"
    empty = f"put your documents into {folder / 'documents'}/, then {enter}opora run"
    typer.echo(f"{folder}: {len(files)} files; next: {ready if sample or benchmark else empty}")


def plan(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Show what `opora run` would do. Stages are up to date, stale or missing; with the expected cost of the rest."""
    from opora.recipe.plan import plan
    from opora.recipe.recipe import load_existing_recipe

    show_plan(plan(load_existing_recipe(overrides=overrides or [])), as_json)


def run(
    names: Annotated[
        list[str] | None, typer.Argument(help="Stages, such as train.raft, with those they need; default: all.")
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Run all stages that are not up to date."""
    from opora.recipe.plan import run, stages_of, with_needs
    from opora.recipe.recipe import load_existing_recipe

    stages = stages_of(load_existing_recipe(overrides=overrides or []))
    if names:
        stages = with_needs(stages, names)
    if verbose:
        for planned in stages:
            show_settings(planned.name, planned.stage.settings)
    run(stages, lambda outcome: show_run(outcome, as_json))
    page = next((planned.stage.out / "report.html" for planned in stages if planned.name == "report"), None)
    note("", *([f"Open {page} to compare the models."] if page else []), 'Ask the documents: opora ask "..."')


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
