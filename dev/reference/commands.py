"""docs/reference/commands.md: the help of every command."""

from __future__ import annotations

import typer.main

from reference.fields import WRITTEN


def commands_page() -> str:
    """Return the help of every command, in the order of `opora --help`."""
    from opora.cli.main import build_app

    parts = [f"# Commands\n\n{WRITTEN}\n", _help(build_app(), ())]
    for name in typer.main.get_command(build_app()).commands:
        app = build_app(name)
        parts.append(_help(app, (name,)))
        subcommands = getattr(typer.main.get_command(app).commands[name], "commands", {})
        parts += [_help(app, (name, subcommand)) for subcommand in subcommands]
    return "\n".join(parts)


def _help(app: typer.Typer, path: tuple[str, ...]) -> str:
    from typer.testing import CliRunner

    runner = CliRunner(env={"COLUMNS": "100"})
    result = runner.invoke(app, [*path, "--help"], prog_name="opora", terminal_width=100)
    return f"## {' '.join(['opora', *path])}\n\n```text\n{result.stdout.strip()}\n```\n"
