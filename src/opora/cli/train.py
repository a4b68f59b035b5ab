"""opora train: examples to an adapter, one command a method."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from opora.cli.options import AsJson, Name, Overrides, show_manifest, show_settings
from opora.train.embedder.settings import EmbedderTrainSettings
from opora.train.reranker.settings import RerankerSettings
from opora.train.settings import TrainSettings
from opora.validation import Settings

if TYPE_CHECKING:
    from opora.recipe.recipe import Recipe

T = TypeVar("T", bound=Settings)

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


@app.command()
def embedder(name: Name = "embedder", overrides: Overrides = None, as_json: AsJson = False) -> None:
    """An embedder that knows the corpus: a sentence is to find the passage that it was taken from."""
    from opora.train.embedder.stage import embedder_build, train_embedder

    _, settings = _settings("embedder", name, overrides, EmbedderTrainSettings)
    corpus, out = Path("corpus"), Path("train") / name
    finished = embedder_build(settings, corpus, out).finished
    show_manifest(finished or train_embedder(settings, corpus, out), out, as_json, made=not finished)


@app.command()
def reranker(name: Name = "reranker", overrides: Overrides = None, as_json: AsJson = False) -> None:
    """A reranker: what was found is put into a better order (LambdaRank over features, or a cross-encoder)."""
    from opora.train.reranker.stage import reranker_build, train_reranker

    recipe, settings = _settings("reranker", name, overrides, RerankerSettings)
    corpus, out = Path("corpus"), Path("train") / name
    finished = reranker_build(settings, recipe.index, corpus, out).finished
    show_manifest(finished or train_reranker(settings, recipe.index, corpus, out), out, as_json, made=not finished)


def _given(name: str, model: str | None, dataset: str | None, overrides: list[str] | None) -> list[str]:
    given = {"model": model, "dataset": dataset}
    return [*(f"train.{name}.{key}={value}" for key, value in given.items() if value), *(overrides or [])]


def _train(method: str, name: str, overrides: list[str], as_json: bool) -> None:
    from opora.train.llm.stage import train, train_build

    _, settings = _settings(method, name, overrides, TrainSettings)
    datasets, out = Path("dataset"), Path("train") / name
    finished = train_build(settings, datasets, out).finished
    show_manifest(finished or train(settings, datasets, out), out, as_json, made=not finished)


def _settings(method: str, name: str, overrides: list[str] | None, kind: type[T]) -> tuple[Recipe, T]:
    """The recipe, and the settings of its entry `name`, which are shown."""
    from opora.recipe.recipe import load_recipe

    recipe = load_recipe(overrides=[f"train.{name}.method={method}", *(overrides or [])], entries={"train": name})
    settings = recipe.train[name]
    assert isinstance(settings, kind)  # the method tells the kind
    show_settings(f"train.{name}", settings)
    return recipe, settings
