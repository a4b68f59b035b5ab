"""opora ingest: documents to corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opora.cli.options import AsJson, Overrides, show_manifest, show_settings


def ingest(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders, files or globs; without any, those of opora.yaml.")
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Read documents (PDF, DOCX, HTML, Markdown, text) into corpus/: clean passages, and what was dropped and why."""
    from opora.corpus.stage import ingest, ingest_build
    from opora.recipe.recipe import load_recipe

    given = [f"ingest.folders={[str(folder) for folder in folders]}"] if folders else []
    settings = load_recipe(overrides=[*given, *(overrides or [])]).ingest
    show_settings("ingest", settings)
    root, out = Path(), Path("corpus")
    finished = ingest_build(settings, root, out).finished
    show_manifest(finished or ingest(settings, root, out), out, as_json, made=not finished)
