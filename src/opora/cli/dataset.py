"""opora dataset: questions and corpus to training examples, one command a method."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opora.cli.options import AsJson, Name, Overrides, show_manifest, show_settings

app = typer.Typer(help="Make training examples.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def dataset() -> None:
    """Make training examples from questions, corpus/ and index/."""


@app.command()
def raft(
    name: Name = "raft",
    questions: Annotated[
        Path | None, typer.Option(help="JSON Lines of questions: opora's own, or in the schema of WebGLM-QA.")
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Questions over gold passages among distractors; refusals where the gold is missing (Zhang et al. 2024)."""
    from opora.dataset.raft.stage import build_raft, raft_build
    from opora.recipe.recipe import load_recipe

    given = [f"dataset.{name}.questions={questions}"] if questions else []
    settings = load_recipe(overrides=[*given, *(overrides or [])], entries={"dataset": name}).dataset[name]
    show_settings(f"dataset.{name}", settings)
    corpus, index, out = Path("corpus"), Path("index"), Path("dataset") / name
    finished = raft_build(settings, corpus, index, out).finished
    show_manifest(finished or build_raft(settings, corpus, index, out), out, as_json, made=not finished)
