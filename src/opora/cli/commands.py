"""Commands of the registered stages, `opora SECTION` or `opora SECTION METHOD`; settings explain their flags."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

import typer

from opora.cli.options import AsJson, DryRun, Overrides, Verbose, show_run, show_settings
from opora.recipe.registry import RENAMED_METHODS, SECTION_HELP, RegistryEntry, entries

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from opora.artifacts.stage import Project, Stage

SHARED = {"overrides": Overrides, "as_json": AsJson, "verbose": Verbose, "dry_run": DryRun}


def section_help(section: str) -> str:
    """Return the help of a section in one line. Imports no settings."""
    return SECTION_HELP.get(section) or entries(section)[0].help


def add_section(app: typer.Typer, section: str, subcommands: Sequence[Callable[..., None]] = ()) -> None:
    """Add the command of a section, or the group of its methods and `subcommands`. Imports their settings."""
    rows = entries(section)
    if not rows[0].method and not subcommands:
        app.command(section, help=section_help(section))(_stage_command(rows[0]))
        return
    group = typer.Typer(rich_markup_mode=None)
    if rows[0].method:
        group.callback(help=section_help(section), no_args_is_help=True)(lambda: None)
        for row in rows:
            _add_method(group, row)
    else:
        group.callback(help=section_help(section), invoke_without_command=True)(_stage_command(rows[0], is_group=True))
    for subcommand in subcommands:
        group.command()(subcommand)
    app.add_typer(group, name=section)


def _add_method(group: typer.Typer, row: RegistryEntry) -> None:
    """Add the command of a method, and hidden ones with its old names."""
    group.command(row.method, help=row.help)(_stage_command(row))
    for (section, old), method in RENAMED_METHODS.items():
        if (section, method) == (row.section, row.method):
            group.command(old, help=f"Old name of {method}.", hidden=True)(_stage_command(row))


def run_command(project: Project, name: str, stage: Stage, *, as_json: bool, verbose: bool, dry_run: bool) -> None:
    """Run the stage of a section and show its result, or with `dry_run` its state and estimate."""
    if verbose:
        show_settings(name, stage.settings)
    if dry_run:
        from opora.cli.project import show_estimate
        from opora.recipe.plan import PlannedStage, plan_stage

        show_estimate(plan_stage(project, PlannedStage(name, stage, ())), as_json)
        return
    from opora.recipe.plan import run_stage

    show_run(run_stage(stage), as_json)


def _stage_command(entry: RegistryEntry, is_group: bool = False) -> Callable[..., None]:
    """Return the function of a command; its signature holds the flags. That of a group yields to its subcommands."""
    parameters = [_parameter("context", typer.Context)] if is_group else []
    if entry.argument:
        paths = typer.Argument(help=_field(entry, entry.argument).description)
        parameters.append(_parameter(entry.argument, Annotated[list[Path] | None, paths], default=None))
    if entry.method:
        name = typer.Option("--name", metavar="NAME", help="Entry of opora.yaml, and folder of the result.")
        parameters.append(_parameter("name", Annotated[str, name], default=entry.method))
    parameters += [_flag(entry, flag) for flag in entry.flags]
    for shared, annotation in SHARED.items():
        parameters.append(_parameter(shared, annotation, default=None if shared == "overrides" else False))

    def command(**arguments: Any) -> None:
        context = arguments.pop("context", None)
        if context is None or not context.invoked_subcommand:
            _run_entry(entry, arguments)

    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command


def _run_entry(entry: RegistryEntry, arguments: dict[str, Any]) -> None:
    from opora.recipe.recipe import load_recipe

    section = f"{entry.section}.{arguments['name']}" if entry.method else entry.section
    options: dict[str, object] = {f"{section}.method": entry.method} if entry.method else {}
    for flag in filter(None, (entry.argument, *entry.flags)):
        value = arguments[_identifier(flag)]
        if isinstance(value, list | tuple):
            texts = [str(item) for item in value]
            value = {text: text for text in texts} if get_origin(_field(entry, flag).annotation) is dict else texts
        if value not in (None, [], {}):
            options[f"{section}.{flag}"] = str(value) if isinstance(value, Path) else value
    project = load_recipe(overrides=arguments["overrides"] or [], options=options)
    stage = entry.load_stage().of_existing(project, section)
    switches = {key: arguments[key] for key in ("as_json", "verbose", "dry_run")}
    run_command(project, section, stage, **switches)


def _flag(entry: RegistryEntry, flag: str) -> inspect.Parameter:
    """Return an option. Settings of several values are repeatable options in the singular: `models` is `--model`."""
    field = _field(entry, flag)
    kind = _option_type(field.annotation)
    option = flag.replace(".", "-").replace("_", "-")
    option = option.removesuffix("s") if get_origin(kind) is list else option
    text = " ".join((field.description or "").split())
    names = [f"--{option}/--no-{option}" if kind is bool else f"--{option}"]
    names += [f"--{old}" for old, current in entry.load_settings().renamed.items() if current == flag]
    optional: Any = kind | None
    return _parameter(_identifier(flag), Annotated[optional, typer.Option(*names, help=text)], default=None)


def _option_type(annotation: Any) -> Any:
    """Return the type of an option for a setting: a plain type, or a list of strings."""
    origin = get_origin(annotation)
    if origin in (Annotated, Union, UnionType):
        return _option_type(next(part for part in get_args(annotation) if part is not type(None)))
    if origin in (tuple, list, dict):
        return list[str]
    return annotation if annotation in (bool, int, float, Path) else str


def _field(entry: RegistryEntry, key: str) -> FieldInfo:
    model: Any = entry.load_settings()
    *path, last = key.split(".")
    for part in path:
        model = model.model_fields[part].annotation
    field: FieldInfo = model.model_fields[last]
    return field


def _identifier(flag: str) -> str:
    return flag.replace(".", "_")


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
