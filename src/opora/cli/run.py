"""opora run: make what is not up to date."""

from __future__ import annotations

from typing import Annotated

import typer

from opora.cli.options import AsJson, Overrides, Verbose, note, show_run, show_settings


def run(
    names: Annotated[
        list[str] | None, typer.Argument(help="Stages, such as train.raft, with those they need; default: all.")
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Run all stages that are not up to date."""
    from opora.recipe.plan import stages_of, with_needs
    from opora.recipe.recipe import load_existing_recipe
    from opora.recipe.run import run

    stages = stages_of(load_existing_recipe(overrides=overrides or []))
    if names:
        stages = with_needs(stages, names)
    if verbose:
        for planned in stages:
            show_settings(planned.name, planned.stage.settings)
    run(stages, lambda outcome: show_run(outcome, as_json))
    page = next((planned.stage.out / "report.html" for planned in stages if planned.name == "report"), None)
    note("", *([f"Open {page} to compare the models."] if page else []), 'Ask the documents: opora ask "..."')
