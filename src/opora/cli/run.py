"""opora run: do what is not done."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opora.cli.options import AsJson, Overrides, show_manifest, show_settings

if TYPE_CHECKING:
    from opora.artifacts import Manifest
    from opora.recipe.recipe import Recipe
    from opora.recipe.stages import Stage


def run(
    names: Annotated[
        list[str] | None, typer.Argument(help="Stages, such as train.raft, with what they need; without any, all.")
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Run the stages of opora.yaml that are not done."""
    from opora.recipe.run import run, with_needs
    from opora.recipe.stages import stage_named, stages_of

    stages = stages_of(load_recipe_here(overrides or []), Path())
    if names:
        stages = with_needs(stages, [stage_named(stages, name) for name in names])

    def show(stage: Stage, manifest: Manifest, made: bool) -> None:
        show_manifest(manifest, stage.out, as_json, made)
        table = stage.out / "table.md"
        if table.exists() and not as_json:
            typer.echo(table.read_text(encoding="utf-8"))

    for stage in stages:
        show_settings(stage.name, stage.settings)
    print(file=sys.stderr)
    run(stages, show)


def load_recipe_here(overrides: Sequence[str]) -> Recipe:
    """The recipe in the current folder. Raises InputError if there is none."""
    from opora.errors import InputError
    from opora.recipe.recipe import RECIPE, load_recipe

    if not RECIPE.exists():
        raise InputError(f"{RECIPE}: no such file in {Path.cwd()}; `opora init .` writes one")
    return load_recipe(overrides=overrides)
