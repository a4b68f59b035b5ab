"""opora train: examples to an adapter, one command a method."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opora.cli.options import AsJson, Name, Overrides, show_manifest, show_settings

app = typer.Typer(help="Adapt a model.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def train() -> None:
    """Adapt a language model to training examples."""


@app.command()
def sft(
    name: Name = "sft",
    model: Annotated[str | None, typer.Option(help="The model to adapt: smollm2, hf:NAME-OR-PATH[@REVISION].")] = None,
    dataset: Annotated[str | None, typer.Option(help="Name of the dataset, a folder below dataset/.")] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Supervised fine-tuning of a LoRA adapter, the loss on the answers only."""
    from opora.recipe.recipe import load_recipe
    from opora.train.sft import sft_build, train_sft

    given = [f"train.{name}.model={model}"] if model else []
    given += [f"train.{name}.dataset={dataset}"] if dataset else []
    settings = load_recipe(overrides=[*given, *(overrides or [])], entries={"train": name}).train[name]
    show_settings(f"train.{name}", settings)
    rows, out = Path("dataset") / settings.dataset, Path("train") / name
    finished = sft_build(settings, rows, out).finished
    show_manifest(finished or train_sft(settings, rows, out), out, as_json, made=not finished)
