"""opora bench judge, opora bench judge-check: a model's verdicts on answers, and how far they can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opora.cli.options import AsJson, Name, Overrides, show_manifest, show_settings

if TYPE_CHECKING:
    from opora.bench.judge.forecast import Forecast
    from opora.bench.judge.settings import JudgeBenchSettings

Judge = Annotated[str | None, typer.Option("--model", help="Model spec of the judge.")]
Template = Annotated[str | None, typer.Option(help="score: 1 to 5, and correct; grade: correct, then 0 to 4.")]
PricePrompt = Annotated[float | None, typer.Option(min=0.0, help="Price of a million prompt tokens.")]
PriceCompletion = Annotated[float | None, typer.Option(min=0.0, help="Price of a million completion tokens.")]
Budget = Annotated[float | None, typer.Option(min=0.0, help="What all verdicts may cost; never exceeded.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell calls, tokens and cost; send no request.")]


def judge(
    name: Name = "judge",
    of: Annotated[
        str | None, typer.Option("--of", metavar="NAME", help="The benchmark whose answers are judged.")
    ] = None,
    model: Judge = None,
    template: Template = None,
    price_prompt: PricePrompt = None,
    price_completion: PriceCompletion = None,
    budget: Budget = None,
    dry_run: DryRun = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """A language model judges the answers of another benchmark; its verdicts stand beside the other metrics."""
    from opora.bench.judge.forecast import forecast
    from opora.bench.judge.stage import bench_judge, judge_build, judged_rows
    from opora.bench.stage import TABLE_TEXT

    given = {"of": of, "model": model, "template": template, "budget": budget}
    given |= {"price.prompt": price_prompt, "price.completion": price_completion}
    settings = _settings(name, given, overrides)
    benches, out = Path("bench"), Path("bench") / name
    before = judge_build(settings, benches, out).finished
    if dry_run:
        _show_forecast(forecast(settings, judged_rows(settings, benches)[1], out), as_json)
        return
    manifest = bench_judge(settings, benches, out)
    if not as_json:
        typer.echo((out / TABLE_TEXT).read_text(encoding="utf-8"))
    show_manifest(manifest, out, as_json, made=manifest != before)


def judge_check(
    name: Name = "judge",
    model: Judge = None,
    template: Template = None,
    language: Annotated[str, typer.Option(help="Only answers in this language: ru or en.")] = "",
    labels: Annotated[Path | None, typer.Option(help="JSON Lines of labelled answers in the place of opora's.")] = None,
    price_prompt: PricePrompt = None,
    price_completion: PriceCompletion = None,
    budget: Budget = None,
    dry_run: DryRun = False,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Can a judge be trusted? Its agreement with labelled answers, its bias for length and position."""
    from opora.bench.judge.audit import CHECK, CHECK_TEXT, check_build, check_judge, check_prompts, check_settings
    from opora.bench.judge.forecast import forecast

    given = {"model": model, "template": template, "budget": budget}
    given |= {"price.prompt": price_prompt, "price.completion": price_completion}
    settings = check_settings(_settings(name, given, overrides), language, labels)
    out = Path("judge-check") / name
    before = check_build(settings, out).finished
    if dry_run:
        _show_forecast(forecast(settings, check_prompts(settings), out), as_json)
        return
    manifest = check_judge(settings, out)
    typer.echo((out / (CHECK if as_json else CHECK_TEXT)).read_text(encoding="utf-8"))
    if not as_json:
        show_manifest(manifest, out, as_json, made=manifest != before)


def _settings(name: str, given: Mapping[str, object], overrides: list[str] | None) -> JudgeBenchSettings:
    """The entry of opora.yaml, flags in the place of its values, and `--set` in the place of those."""
    from opora.bench.judge.settings import JudgeBenchSettings
    from opora.recipe.recipe import load_recipe

    flags = [f"bench.{name}.{key}={value}" for key, value in given.items() if value is not None]
    recipe = load_recipe(overrides=[f"bench.{name}.method=judge", *flags, *(overrides or [])], entries={"bench": name})
    settings = recipe.bench[name]
    assert isinstance(settings, JudgeBenchSettings)
    show_settings(f"bench.{name}", settings)
    return settings


def _show_forecast(told: Forecast, as_json: bool) -> None:
    from opora.bench.judge.forecast import format_forecast

    typer.echo(told.model_dump_json(indent=2) if as_json else format_forecast(told))
