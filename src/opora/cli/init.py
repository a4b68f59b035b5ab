"""opora init: write the files of a new project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opora.errors import InputError


def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the project; created if it does not exist.")] = Path(),
    sample: Annotated[
        bool, typer.Option("--sample", help="With 24 documents and questions, in Russian and English.")
    ] = False,
    benchmark: Annotated[
        bool,
        typer.Option("--benchmark", help="With the whole benchmark: 48 documents and 300 questions per language."),
    ] = False,
) -> None:
    """Create a project. Writes opora.yaml, documents/ and questions; --sample and --benchmark run at once."""
    from opora.recipe.scaffold import project_files

    if sample and benchmark:
        raise InputError("--sample and --benchmark exclude each other; --benchmark contains the sample")
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
