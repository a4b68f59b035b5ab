"""Options that several commands share, and what every command does with them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from opora.artifacts import Manifest
    from opora.validation import Settings

Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a setting of opora.yaml, e.g. ask.top_k=5. Repeatable."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Name = Annotated[str, typer.Option("--name", metavar="NAME", help="Entry of opora.yaml, and folder of the result.")]


def show_settings(section: str, settings: Settings) -> None:
    """Print resolved settings on standard error, with where each given one comes from."""
    print(f"{section}:", file=sys.stderr)
    for key, value in _flat(settings.model_dump(mode="json")):
        origin = settings.origins.get(key)
        print(f"  {key}: {_shown(value)}" + (f"  # {origin}" if origin else ""), file=sys.stderr)


def show_manifest(manifest: Manifest, out: Path, as_json: bool, made: bool = True) -> None:
    """Print what was made: the manifest as JSON, or a line of counts and a line of what was dropped."""
    if as_json:
        typer.echo(manifest.model_dump_json(indent=2))
        return
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in manifest.counts.items())
    how = f"{manifest.seconds:.1f} s" if made else "done before"
    typer.echo(f"{out}: {counts or manifest.stage} ({how})")
    if dropped := {reason: count for reason, count in manifest.dropped.items() if count}:
        typer.echo("  dropped: " + ", ".join(f"{count} {reason}" for reason, count in dropped.items()))


def _flat(data: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, value in data.items():
        rows += _flat(value, f"{prefix}{key}.") if isinstance(value, dict) and value else [(f"{prefix}{key}", value)]
    return rows


def _shown(value: Any) -> str:
    return "''" if value == "" else str(value)
