"""Run a recipe: make what is not up to date, in order.

manifests = run(stages_of(project))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from opora.artifacts import Manifest
from opora.artifacts.stage import Stage
from opora.recipe.plan import PlannedStage


class StageRun(NamedTuple):
    """Outcome of running a stage; `is_new` is False if its artefact was up to date."""

    stage: Stage
    manifest: Manifest
    is_new: bool


def run_stage(stage: Stage) -> StageRun:
    """Make the artefact of a stage unless it is up to date."""
    finished = stage.build().finished
    return StageRun(stage, finished or stage.run(), finished is None)


def run(stages: Sequence[PlannedStage], on_run: Callable[[StageRun], None] = lambda done: None) -> list[Manifest]:
    """Run stages in order and call `on_run` after each. Returns their manifests."""
    manifests = []
    for planned in stages:
        outcome = run_stage(planned.stage)
        on_run(outcome)
        manifests.append(outcome.manifest)
    return manifests
