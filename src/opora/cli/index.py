"""opora index: corpus to index, and the settings that find most."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opora.cli.options import AsJson, Overrides, show_manifest, show_settings

app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def index(
    context: typer.Context,
    runner: Annotated[str | None, typer.Option(help="Where rows are made: local, ray, ray:ADDRESS.")] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Make corpus/ searchable in index/, or bring index/ up to date: by words (lemmas, stems, units) and by meaning."""
    if context.invoked_subcommand:
        return
    from opora.recipe.recipe import load_recipe
    from opora.retrieval.index.stage import build_index, index_build

    given = [f"index.runner={runner}"] if runner else []
    settings = load_recipe(overrides=[*given, *(overrides or [])]).index
    show_settings("index", settings)
    corpus, out = Path("corpus"), Path("index")
    finished = index_build(settings, corpus, out).finished
    show_manifest(finished or build_index(settings, corpus, out), out, as_json, made=not finished)


@app.command()
def tune(
    questions: Annotated[Path, typer.Argument(help="JSON Lines of questions with gold passages or quotes.")],
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Which weights and depths find most, cross-validated by document; prints a table and lines for opora.yaml."""
    from opora.corpus.reader import read_documents, read_passages
    from opora.examples.evidence import resolve_gold
    from opora.examples.reader import read_questions
    from opora.recipe.recipe import load_recipe
    from opora.retrieval.search.searcher import open_index
    from opora.retrieval.tune import Grid, format_tuning, tune

    settings = load_recipe(overrides=overrides or []).index
    show_settings("index", settings)
    corpus = Path("corpus")
    documents, passages = list(read_documents(corpus)), list(read_passages(corpus))
    examples = [resolve_gold(each, documents, passages) for each in read_questions(questions)]
    tuning = tune(open_index(Path("index")), examples, Grid(), settings)
    typer.echo(tuning.model_dump_json(indent=2) if as_json else format_tuning(tuning))
