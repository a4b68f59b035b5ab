"""Stages of a recipe in the order of a run, the state of each, and the run itself.

for line in plan(project):
    print(line.name, line.state, line.reason)          # index stale settings changed: dense_weight
run(stages_of(project))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Literal, NamedTuple

from opora.artifacts.atomic import partial_folder
from opora.artifacts.build import Build
from opora.artifacts.checksums import MANIFEST
from opora.artifacts.manifest import Manifest, UnreadableError, read_manifest
from opora.artifacts.stage import Estimate, Project, Stage
from opora.errors import InputError
from opora.recipe.registry import find_entry
from opora.validation import nearest

State = Literal["up to date", "stale", "interrupted", "missing"]


class PlannedStage(NamedTuple):
    """A stage of a recipe: the name of its section, and the names of the stages whose artefacts it reads."""

    name: str
    stage: Stage
    needs: tuple[str, ...]


class PlanLine(NamedTuple):
    """State of one stage."""

    name: str
    stage: Stage
    state: State
    reason: str
    last_seconds: float | None
    """Time that it took with these settings; None if it never ran with them."""
    estimate: Estimate | None
    """None for a stage that is up to date."""


class StageRun(NamedTuple):
    """Outcome of running a stage; `is_new` is False if its artefact was up to date."""

    stage: Stage
    manifest: Manifest
    is_new: bool


def stages_of(project: Project) -> list[PlannedStage]:
    """Return all stages, each after those it needs, otherwise in the order of the recipe.

    Raises InputError for a section that refers to one that does not exist, and for a cycle.
    """
    stages = []
    for name, settings in project.sections.items():
        section = name.partition(".")[0]
        entry = find_entry(section, getattr(settings, "method", "") if "." in name else "")
        if entry.stage and (not entry.requires or project.entries(entry.requires)):
            stage = entry.load_stage().of(project, name)
            stages.append(PlannedStage(name, stage, stage.needs(project)))
    return _in_order(stages)


def find_stage(stages: Iterable[PlannedStage], name: str) -> PlannedStage:
    """Return the stage `name`. Raises InputError with the nearest name."""
    table = {stage.name: stage for stage in stages}
    if name not in table:
        raise InputError(f"stage {name} is unknown; {nearest(name, list(table))}")
    return table[name]


def with_needs(stages: Sequence[PlannedStage], names: Iterable[str]) -> list[PlannedStage]:
    """Return the named stages and all that they need, in order. Raises InputError for an unknown name."""
    selected = {find_stage(stages, name).name for name in names}
    for stage in reversed(stages):
        if stage.name in selected:
            selected.update(stage.needs)
    return [stage for stage in stages if stage.name in selected]


def plan(project: Project) -> list[PlanLine]:
    """Return the state of each stage. A stage that needs one that is not up to date is not up to date either."""
    lines: list[PlanLine] = []
    pending: set[str] = set()
    for stage in stages_of(project):
        line = plan_stage(project, stage, [name for name in stage.needs if name in pending])
        if line.state != "up to date":
            pending.add(stage.name)
        lines.append(line)
    return lines


def plan_stage(project: Project, planned: PlannedStage, waits_for: Sequence[str] = ()) -> PlanLine:
    """Return the state of one stage; `waits_for` names the stages it needs that are not up to date."""
    stage = planned.stage
    old = _read_old(stage)
    seconds = old.seconds if old and old.settings == stage.settings.model_dump(mode="json") else None
    if waits_for:
        state: State = "stale" if (stage.out / MANIFEST).exists() else "missing"
        reason = f"after {', '.join(waits_for)}"
    else:
        build = stage.build()
        if finished := build.finished:
            return PlanLine(planned.name, stage, "up to date", "", finished.seconds, None)
        state, reason = _state(build)
    return PlanLine(planned.name, stage, state, reason, seconds, stage.estimate(project))


def run(stages: Iterable[PlannedStage], on_run: Callable[[StageRun], None] = lambda done: None) -> list[Manifest]:
    """Run stages in order and call `on_run` after each. Returns their manifests."""
    manifests = []
    for planned in stages:
        outcome = run_stage(planned.stage)
        on_run(outcome)
        manifests.append(outcome.manifest)
    return manifests


def run_stage(stage: Stage) -> StageRun:
    """Make the artefact of a stage unless it is up to date."""
    finished = stage.build().finished
    return StageRun(stage, finished or stage.run(), finished is None)


def _read_old(stage: Stage) -> Manifest | None:
    """Return the manifest of the artefact that is there; None if there is none that this version can read."""
    try:
        return read_manifest(stage.out) if (stage.out / MANIFEST).exists() else None
    except UnreadableError:
        return None


def _state(build: Build) -> tuple[State, str]:
    """Return the state of an artefact that is not up to date, and the reason."""
    old, fault = build.inspect()
    if fault:
        return "stale", fault
    if old:
        return "stale", _difference(old, build)
    return ("interrupted", "resumes where it stopped") if partial_folder(build.out).exists() else ("missing", "")


def _difference(old: Manifest, build: Build) -> str:
    """Return the settings and inputs that differ between an artefact and the recipe."""
    new = build.settings.model_dump(mode="json")
    settings = [key for key in sorted({*new, *old.settings}) if new.get(key) != old.settings.get(key)]
    inputs = [key for key in sorted({*build.inputs, *old.inputs}) if build.inputs.get(key) != old.inputs.get(key)]
    parts = [f"settings changed: {', '.join(settings)}"] if settings else []
    parts += [f"input changed: {', '.join(inputs)}"] if inputs else []
    return "; ".join(parts) or "incomplete"


def _in_order(stages: Sequence[PlannedStage]) -> list[PlannedStage]:
    table = {stage.name: stage for stage in stages}
    try:
        TopologicalSorter({stage.name: stage.needs for stage in stages}).prepare()
    except CycleError as error:
        raise InputError(f"opora.yaml: {' -> '.join(error.args[1])} need each other in a cycle") from None
    ordered: dict[str, PlannedStage] = {}

    def visit(stage: PlannedStage) -> None:
        for name in stage.needs:
            if name not in ordered:
                visit(table[name])
        ordered.setdefault(stage.name, stage)

    for stage in stages:
        visit(stage)
    return list(ordered.values())
