"""opora bench: models and questions to a table, one command a method."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opora.cli.judge import judge, judge_check
from opora.cli.options import AsJson, Name, Overrides, show_manifest, show_settings

app = typer.Typer(help="Measure answers.", no_args_is_help=True, rich_markup_mode=None)
app.command("judge")(judge)
app.command("judge-check")(judge_check)
Questions = Annotated[Path | None, typer.Option(help="JSON Lines of questions with answers and key facts.")]
Models = Annotated[list[str] | None, typer.Option("--model", help="Model spec; repeatable, the first is the baseline.")]


@app.callback()
def bench() -> None:
    """Measure answers against questions with known answers."""


@app.command()
def rag(
    name: Name = "rag",
    questions: Questions = None,
    models: Models = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Retrieve, answer and score each question with each model; a table with intervals and differences."""
    _run("rag", name, questions, models, overrides, as_json)


@app.command()
def position(
    name: Name = "position",
    questions: Questions = None,
    models: Models = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """More or fewer passages, in several orders, and the gold one in each place: is there a lost middle?"""
    _run("position", name, questions, models, overrides, as_json)


@app.command()
def distractors(
    name: Name = "distractors",
    questions: Questions = None,
    models: Models = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """The gold passages among more and more others, random or hard."""
    _run("distractors", name, questions, models, overrides, as_json)


@app.command()
def closed(
    name: Name = "closed",
    questions: Questions = None,
    models: Models = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Questions with options: the share for which exactly the right ones are chosen."""
    _run("closed", name, questions, models, overrides, as_json)


@app.command()
def retriever(
    name: Name = "retriever", questions: Questions = None, overrides: Overrides = None, as_json: AsJson = False
) -> None:
    """Recall@k, MRR and nDCG of each retriever on the questions that have gold passages."""
    _run("retriever", name, questions, None, overrides, as_json)


@app.command()
def new(
    questions: Annotated[Path, typer.Argument(help="The file to lay out.")] = Path("questions.jsonl"),
    per_cell: Annotated[int, typer.Option(min=1, help="Questions of each kind in each half of each domain.")] = 1,
) -> None:
    """Lay out a benchmark of your own documents: a row for each question to write; `check` says what is missing."""
    from opora.bench.questions.scaffold import lay_out_questions

    count = lay_out_questions(Path("corpus"), questions, per_cell)
    typer.echo(f"{questions}: {count} questions to write; next: opora bench check {questions}")


@app.command()
def check(
    questions: Annotated[
        list[Path] | None, typer.Argument(help="Files of questions; default: questions.jsonl.")
    ] = None,
    per_cell: Annotated[
        int, typer.Option(min=0, help="Questions that each kind must have in each half of each domain; 0: any number.")
    ] = 0,
    reader: Annotated[
        list[Path] | None, typer.Option(help="Answers of a second reader, rows of id and answer; repeatable.")
    ] = None,
) -> None:
    """Check every question against the documents: quotes, key facts, leaks between the halves; faults by file and line.

    With --reader, print how far a second reader's answers agree with the references.
    """
    from opora.bench.questions.second_annotator import format_reading, read_again
    from opora.bench.questions.validate import check_questions, format_check
    from opora.errors import InputError

    checked = check_questions(questions or [Path("questions.jsonl")], Path("corpus"), Path("index"), per_cell)
    typer.echo(format_check(checked))
    if reader:
        tested = [example for example in checked.examples if example.split != "train"]
        typer.echo(format_reading(read_again(tested, reader)))
    if checked.faults:
        raise InputError(f"{len(checked.faults)} faults; the first: {checked.faults[0]}")


@app.command()
def threshold(
    questions: Questions = None,
    language: Annotated[str, typer.Option(help="Only questions in this language.")] = "",
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Calibrate when `extractive` refuses, on questions with and without an answer; set the result as ask.threshold."""
    from opora.bench.questions.calibrate import calibrate_threshold, format_calibration
    from opora.examples.reader import read_questions
    from opora.recipe.recipe import load_recipe
    from opora.retrieval.search.searcher import open_index

    settings = load_recipe(overrides=overrides or []).ask
    show_settings("ask", settings)
    examples = read_questions(questions or Path("questions.jsonl"))
    examples = [example for example in examples if not language or example.language == language]
    calibration = calibrate_threshold(examples, open_index(Path("index")), settings)
    typer.echo(calibration.model_dump_json(indent=2) if as_json else format_calibration(calibration))


def _run(
    method: str,
    name: str,
    questions: Path | None,
    models: list[str] | None,
    overrides: list[str] | None,
    as_json: bool,
) -> None:
    from opora.bench.settings import BenchSettings
    from opora.bench.stage import TABLE_TEXT, bench_build, run_bench
    from opora.recipe.recipe import load_recipe

    given = [f"bench.{name}.method={method}"]
    given += [f"bench.{name}.questions={questions}"] if questions else []
    given += [f"bench.{name}.models={ {model: model for model in models} }"] if models else []
    settings = load_recipe(overrides=[*given, *(overrides or [])], entries={"bench": name}).bench[name]
    assert isinstance(settings, BenchSettings)
    show_settings(f"bench.{name}", settings)
    corpus, index, out = Path("corpus"), Path("index"), Path("bench") / name
    finished = bench_build(settings, corpus, index, out).finished
    manifest = finished or run_bench(settings, corpus, index, out)
    if not as_json:
        typer.echo((out / TABLE_TEXT).read_text(encoding="utf-8"))
    show_manifest(manifest, out, as_json, made=not finished)
