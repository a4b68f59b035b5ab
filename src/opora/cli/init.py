"""opora init: a new project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opora.errors import InputError


def init(
    folder: Annotated[Path, typer.Argument(help="The folder of the project; made if it does not exist.")] = Path(),
    sample: Annotated[
        bool, typer.Option("--sample", help="With sample documents in Russian and English, and questions on them.")
    ] = False,
    benchmark: Annotated[
        bool,
        typer.Option("--benchmark", help="With the whole benchmark, 48 documents and 300 questions in each language."),
    ] = False,
) -> None:
    """Lay out a project: opora.yaml, documents/, questions; with --sample or --benchmark one that runs at once."""
    from opora.recipe.scaffold import project_files

    if sample and benchmark:
        raise InputError("--sample is a part of --benchmark; give one of them")
    files = project_files("benchmark" if benchmark else "sample" if sample else "empty")
    for path in files:
        if (folder / path).exists():
            raise InputError(f"{folder / path}: exists; remove it, or choose another folder")
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (folder / "documents").mkdir(exist_ok=True)
    enter = "" if folder == Path() else f"cd {folder} && "
    ready = f"{enter}opora plan && opora run"
    empty = f"put documents into {folder / 'documents'}, then {enter}opora run"
    typer.echo(f"{folder}: {len(files)} files; next: {ready if sample or benchmark else empty}")
