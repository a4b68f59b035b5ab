"""opora bench: models and questions to a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opora.cli.options import AsJson, Name, Overrides, show_manifest, show_settings

app = typer.Typer(help="Measure answers.", no_args_is_help=True, rich_markup_mode=None)
Questions = Annotated[Path | None, typer.Option(help="JSON Lines of questions with answers and key facts.")]


@app.callback()
def bench() -> None:
    """Measure answers against questions with known answers."""


@app.command()
def rag(
    name: Name = "rag",
    questions: Questions = None,
    models: Annotated[
        list[str] | None, typer.Option("--model", help="Model spec; repeatable, the first is the baseline.")
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Retrieve, answer and score each question with each model; a table with intervals and differences."""
    from opora.bench.rag import bench_rag, rag_build
    from opora.recipe.recipe import load_recipe

    given = [f"bench.{name}.questions={questions}"] if questions else []
    given += [f"bench.{name}.models={ {model: model for model in models} }"] if models else []
    settings = load_recipe(overrides=[*given, *(overrides or [])], entries={"bench": name}).bench[name]
    show_settings(f"bench.{name}", settings)
    corpus, index, out = Path("corpus"), Path("index"), Path("bench") / name
    finished = rag_build(settings, corpus, index, out).finished
    manifest = finished or bench_rag(settings, corpus, index, out)
    if not as_json:
        typer.echo((out / "table.md").read_text(encoding="utf-8"))
    show_manifest(manifest, out, as_json, made=not finished)
