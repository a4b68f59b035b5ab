"""opora init: a new project."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from opora.errors import InputError


def init(
    folder: Annotated[Path, typer.Argument(help="The folder of the project; made if it does not exist.")] = Path(),
    sample: Annotated[
        bool, typer.Option("--sample", help="With sample documents in Russian and English, and questions on them.")
    ] = False,
) -> None:
    """Lay out a project: opora.yaml, documents/, questions; with --sample one that runs at once."""
    source = resources.files("opora") / ("sample" if sample else "template")
    with resources.as_file(source) as path:
        files = sorted(each for each in path.rglob("*") if each.is_file() and "__pycache__" not in each.parts)
        for each in files:
            if (folder / each.relative_to(path)).exists():
                raise InputError(f"{folder / each.relative_to(path)}: exists; remove it, or choose another folder")
        for each in files:
            target = folder / each.relative_to(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(each, target)
    (folder / "documents").mkdir(exist_ok=True)
    typer.echo(f"{folder}: {len(files)} files; next: {_next(folder, sample)}")


def _next(folder: Path, sample: bool) -> str:
    enter = "" if folder == Path() else f"cd {folder} && "
    return (
        f"{enter}opora plan && opora run"
        if sample
        else f"put documents into {folder / 'documents'}, then {enter}opora run"
    )
