"""opora index tune: the search settings that find most evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opora.cli.options import AsJson, Overrides, Verbose, show_settings


def add_commands(group: typer.Typer) -> None:
    """Add `tune` to the commands of `opora index`."""
    group.command("tune")(tune)


def tune(
    questions: Annotated[Path, typer.Argument(help="JSON Lines of questions with gold passages or quotes.")],
    overrides: Overrides = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Grid-search the fusion of BM25 and dense search. Cross-validated by document; prints lines for opora.yaml."""
    from opora.corpus.reader import read_documents, read_passages
    from opora.examples.evidence import resolve_gold
    from opora.examples.reader import read_questions
    from opora.recipe.recipe import load_recipe
    from opora.retrieval.search.searcher import open_index
    from opora.retrieval.settings import IndexSettings
    from opora.retrieval.tune import TuningGrid, format_tuning, tune

    settings = load_recipe(overrides=overrides or []).settings("index", IndexSettings)
    if verbose:
        show_settings("index", settings)
    corpus = Path("corpus")
    documents, passages = list(read_documents(corpus)), list(read_passages(corpus))
    examples = [resolve_gold(example, documents, passages) for example in read_questions(questions)]
    tuning = tune(open_index(Path("index")), examples, TuningGrid(), settings)
    typer.echo(tuning.model_dump_json(indent=2) if as_json else format_tuning(tuning))
