"""opora index: corpus to index."""

from __future__ import annotations

from pathlib import Path

from opora.cli.options import AsJson, Overrides, show_manifest, show_settings


def index(overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Make corpus/ searchable in index/: by words (Russian lemmas, stems of other languages) and by meaning."""
    from opora.index.build import build_index, index_build
    from opora.recipe.recipe import load_recipe

    settings = load_recipe(overrides=overrides or []).index
    show_settings("index", settings)
    corpus, out = Path("corpus"), Path("index")
    finished = index_build(settings, corpus, out).finished
    show_manifest(finished or build_index(settings, corpus, out), out, as_json, made=not finished)
