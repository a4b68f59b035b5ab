"""docs/reference/commands.md: the help of every command."""

from __future__ import annotations

import typer.main

from reference.fields import WRITTEN


def commands_page() -> str:
    """Return the help of every command, in the order of `opora --help`."""
    from typer.testing import CliRunner

    from opora.cli.main import app

    runner = CliRunner(env={"COLUMNS": "100"})
    parts = [f"# Commands\n\n{WRITTEN}\n"]
    for path in _paths(typer.main.get_command(app), ()):
        result = runner.invoke(app, [*path, "--help"], prog_name="opora", terminal_width=100)
        parts.append(f"## {' '.join(['opora', *path])}\n\n```text\n{result.stdout.strip()}\n```\n")
    return "\n".join(parts)


def _paths(command: object, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the words that lead to a command and to each of its subcommands."""
    subcommands = getattr(command, "commands", {}).items()
    return [path, *(words for name, sub in subcommands for words in _paths(sub, (*path, name)))]
