"""Subcommands that are not stages: tune search, write and check questions, calibrate a threshold, measure a judge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opora.cli.commands import run_command
from opora.cli.options import AsJson, DryRun, Overrides, Questions, Verbose, note, show_settings, summary
from opora.errors import InputError


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


def new(
    questions: Annotated[Path, typer.Argument(help="File to write.")] = Path("questions.jsonl"),
    per_cell: Annotated[int, typer.Option(min=1, help="Questions per type, domain and split.")] = 1,
) -> None:
    """Write a file of empty questions to fill in. About your own documents; `check` lists what is missing."""
    from opora.bench.questions.scaffold import scaffold_questions

    count = scaffold_questions(Path("corpus"), questions, per_cell)
    typer.echo(f"{questions}: {count} questions to write; next: opora bench check {questions}")


def check(
    questions: Annotated[
        list[Path] | None, typer.Argument(help="Files of questions; default: questions.jsonl.")
    ] = None,
    per_cell: Annotated[
        int, typer.Option(min=0, help="Required questions per type, domain and split; 0: any number.")
    ] = 0,
    second_annotator: Annotated[
        list[Path] | None,
        typer.Option(
            "--second-annotator", "--reader", help="Answers of a second annotator, rows of id and answer. Repeatable."
        ),
    ] = None,
) -> None:
    """Check questions against the documents. Quotes, key facts, leaks between splits; faults by file and line.

    With --second-annotator, also print the agreement of a second annotator's answers with the references.
    """
    from opora.bench.questions.second_annotator import compare_annotators, format_comparison
    from opora.bench.questions.validate import format_validation, validate_questions

    validation = validate_questions(questions or [Path("questions.jsonl")], Path("corpus"), Path("index"), per_cell)
    typer.echo(format_validation(validation))
    if second_annotator:
        tested = [example for example in validation.examples if example.split != "train"]
        typer.echo(format_comparison(compare_annotators(tested, second_annotator)))
    if validation.faults:
        raise InputError(f"{len(validation.faults)} faults; the first: {validation.faults[0]}")


def threshold(
    questions: Questions = None,
    language: Annotated[str, typer.Option(help="Use only questions in this language.")] = "",
    overrides: Overrides = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Calibrate the refusals of `extractive`. On questions with and without an answer; prints the setting to change."""
    from opora.answer.settings import AskSettings
    from opora.bench.questions.calibrate import calibrate_threshold, format_calibration
    from opora.examples.reader import read_questions
    from opora.recipe.recipe import load_recipe
    from opora.retrieval.search.searcher import open_index

    settings = load_recipe(overrides=overrides or []).settings("ask", AskSettings)
    if verbose:
        show_settings("ask", settings)
    examples = read_questions(questions or Path("questions.jsonl"), language)
    calibration = calibrate_threshold(examples, open_index(Path("index")), settings)
    typer.echo(calibration.model_dump_json(indent=2) if as_json else format_calibration(calibration))


def judge_check(
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Entry of opora.yaml with the judge.")] = "judge",
    model: Annotated[str | None, typer.Option(help="Model spec of the judge.")] = None,
    template: Annotated[str | None, typer.Option(help="Scale of the verdicts: score or grade.")] = None,
    language: Annotated[str, typer.Option(help="Use only answers in this language: ru or en.")] = "",
    labels: Annotated[Path | None, typer.Option(help="JSON Lines of labelled answers; default: opora's own.")] = None,
    price_prompt: Annotated[float | None, typer.Option(min=0.0, help="Price of a million prompt tokens.")] = None,
    price_completion: Annotated[
        float | None, typer.Option(min=0.0, help="Price of a million completion tokens.")
    ] = None,
    budget: Annotated[float | None, typer.Option(min=0.0, help="Spending limit for judge calls.")] = None,
    dry_run: DryRun = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Measure a judge. Agreement with labelled answers, bias for length and position."""
    from opora.bench.judge.audit import CHECK, JudgeAuditStage, audit_settings
    from opora.bench.judge.settings import JudgeBenchSettings
    from opora.recipe.plan import run_stage
    from opora.recipe.recipe import load_recipe

    flags = {"model": model, "template": template, "budget": budget}
    flags |= {"price.prompt": price_prompt, "price.completion": price_completion}
    options = {f"bench.{name}.{key}": value for key, value in flags.items() if value is not None}
    project = load_recipe(overrides=overrides or [], options={f"bench.{name}.method": "judge", **options})
    judge = project.settings(f"bench.{name}", JudgeBenchSettings)
    stage = JudgeAuditStage(audit_settings(judge, language, labels), Path("judge-check") / name)
    if not as_json or dry_run:
        run_command(project, f"bench.{name}", stage, as_json=as_json, verbose=verbose, dry_run=dry_run)
        return
    outcome = run_stage(stage)
    typer.echo((stage.out / CHECK).read_text(encoding="utf-8"))  # the figures rather than the manifest
    note(summary(outcome))
