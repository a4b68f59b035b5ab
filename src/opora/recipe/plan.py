"""What a run would do: each stage done, stale or to do, and what that takes.

In: stages. Out: one line a stage.

    for line in plan(stages_of(recipe, root)):
        print(line.stage.name, line.state, line.reason)      # index stale settings changed: top_k
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from opora.artifacts import Build, Manifest, read_manifest
from opora.artifacts.checksums import MANIFEST, find_damage
from opora.recipe.stages import Stage

State = Literal["done", "stale", "unfinished", "to do"]


class Line(NamedTuple):
    """One stage of a plan. `last_seconds` is what it took when it was made last; None if it was never made with these
    settings."""

    stage: Stage
    state: State
    reason: str
    last_seconds: float | None


def plan(stages: Sequence[Stage]) -> list[Line]:
    """The state of each stage. A stage after one that is not done is itself not done, and says so."""
    lines: list[Line] = []
    pending: set[str] = set()
    for stage in stages:
        line = _line(stage, [name for name in stage.needs if name in pending])
        if line.state != "done":
            pending.add(stage.name)
        lines.append(line)
    return lines


def _line(stage: Stage, waits_for: Sequence[str]) -> Line:
    old = read_manifest(stage.out) if (stage.out / MANIFEST).exists() else None
    seconds = old.seconds if old and old.settings == stage.settings.model_dump(mode="json") else None
    if waits_for:
        state: State = "stale" if old else "to do"
        return Line(stage, state, f"after {', '.join(waits_for)}", seconds)
    build = stage.build()
    if build.finished:
        return Line(stage, "done", "", build.finished.seconds)
    if old:
        return Line(stage, "stale", _difference(old, build), seconds)
    if build.path.exists():
        return Line(stage, "unfinished", "goes on where it was stopped", seconds)
    return Line(stage, "to do", "", seconds)


def _difference(old: Manifest, build: Build) -> str:
    """Why an artefact is not what the recipe asks for now."""
    new = build.settings.model_dump(mode="json")
    settings = [key for key in sorted({*new, *old.settings}) if new.get(key) != old.settings.get(key)]
    inputs = [key for key in sorted({*build.inputs, *old.inputs}) if build.inputs.get(key) != old.inputs.get(key)]
    parts = [f"settings changed: {', '.join(settings)}"] if settings else []
    parts += [f"input changed: {', '.join(inputs)}"] if inputs else []
    parts = parts or [f"{each} is not what was written" for each in find_damage(build.out, old.marks)[:1]]
    return "; ".join(parts) or "made by another version of opora"
