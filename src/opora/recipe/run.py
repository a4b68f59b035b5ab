"""Run a recipe: make what is not done, in order, and leave alone what is.

manifests = run(stages_of(recipe, root))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from opora.artifacts import Manifest
from opora.recipe.stages import Stage


def run(stages: Sequence[Stage], on_stage: Callable[[Stage, Manifest, bool], None] | None = None) -> list[Manifest]:
    """Run the stages in order; `on_stage(stage, manifest, made)` is called after each, `made` false if it was done."""
    manifests = []
    for stage in stages:
        finished = stage.build().finished
        manifest = finished or stage.run()
        manifests.append(manifest)
        if on_stage:
            on_stage(stage, manifest, finished is None)
    return manifests


def with_needs(stages: Sequence[Stage], wanted: Sequence[Stage]) -> list[Stage]:
    """The wanted stages and all that they need, in order."""
    names = {stage.name for stage in wanted}
    for stage in reversed(stages):
        if stage.name in names:
            names.update(stage.needs)
    return [stage for stage in stages if stage.name in names]
