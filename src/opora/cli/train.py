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


Model = Annotated[str | None, typer.Option(help="The model to adapt: smollm2, hf:NAME-OR-PATH[@REVISION].")]
Dataset = Annotated[str | None, typer.Option(help="Name of the dataset, a folder below dataset/.")]


@app.command()
def sft(
    name: Name = "sft",
    model: Model = None,
    dataset: Dataset = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Supervised fine-tuning of a LoRA adapter, the loss on the answers only."""
    _train("sft", name, _given(name, model, dataset, overrides), as_json)


@app.command()
def simpo(
    name: Name = "simpo",
    model: Model = None,
    dataset: Dataset = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Preference optimisation without a reference model, from pairs of answers (Meng et al. 2024)."""
    _train("simpo", name, _given(name, model, dataset, overrides), as_json)


@app.command()
def dpo(
    name: Name = "dpo",
    model: Model = None,
    dataset: Dataset = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Preference optimisation against the model before training, from pairs of answers (Rafailov et al. 2023)."""
    _train("dpo", name, _given(name, model, dataset, overrides), as_json)


def _given(name: str, model: str | None, dataset: str | None, overrides: list[str] | None) -> list[str]:
    given = {"model": model, "dataset": dataset}
    return [*(f"train.{name}.{key}={value}" for key, value in given.items() if value), *(overrides or [])]


def _train(method: str, name: str, overrides: list[str], as_json: bool) -> None:
    from opora.recipe.recipe import load_recipe
    from opora.train.run import train, train_build

    overrides = [f"train.{name}.method={method}", *overrides]
    settings = load_recipe(overrides=overrides, entries={"train": name}).train[name]
    show_settings(f"train.{name}", settings)
    datasets, out = Path("dataset"), Path("train") / name
    finished = train_build(settings, datasets, out).finished
    show_manifest(finished or train(settings, datasets, out), out, as_json, made=not finished)
