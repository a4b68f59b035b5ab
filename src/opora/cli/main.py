"""The `opora` command.

In: arguments. Out: the output of the command, and an exit status: 0, 2 for wrong input, 1 for a failure of opora's own.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable
from typing import Annotated

import typer

from opora import __version__
from opora.cli.ask import ask
from opora.cli.commands import add_section, section_help
from opora.cli.doctor import doctor
from opora.cli.documents import list_documents, remove, show
from opora.cli.failures import explain_failure
from opora.cli.project import init, plan, run
from opora.cli.search import search
from opora.cli.subcommands import check, judge_check, new, threshold, tune
from opora.errors import RenamedSettingWarning
from opora.recipe.registry import sections

HELP = "A small language model on your own machine that answers from your documents, cites the place, and proves it."
READER_IS_GONE = 141
"""Exit status of a command whose output nobody reads any more, as the shell reports a SIGPIPE."""
SUBCOMMANDS: dict[str, list[Callable[..., None]]] = {"index": [tune], "bench": [new, check, threshold, judge_check]}
"""Section -> functions of its commands that are not stages."""


def build_app(command: str = "") -> typer.Typer:
    """Return the app with the options of one command; those of other sections would import all settings."""
    app = typer.Typer(
        name="opora",
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_global_options)
    app.command("init")(init)
    app.command("doctor")(doctor)
    for section in sections():
        if section == "ask":
            app.command("ask")(ask)
        elif section == command:
            add_section(app, section, SUBCOMMANDS.get(section, []))
        else:
            app.command(section, help=section_help(section))(lambda: None)
    app.command("list")(list_documents)
    app.command("show")(show)
    app.command("search")(search)
    app.command("remove")(remove)
    app.command("plan")(plan)
    app.command("run")(run)
    return app


def _print_version(is_given: bool) -> None:
    if is_given:
        typer.echo(f"opora {__version__}")
        raise typer.Exit


def _global_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of every command."""


def main() -> None:
    """Run a command. A failure that one line explains is that line on standard error.

    With `OPORA_TRACEBACK=1` in the environment, it is shown with its traceback.
    """
    warnings.simplefilter("ignore", FutureWarning)  # announcements of libraries to their developers
    warnings.simplefilter("once", RenamedSettingWarning)
    warnings.showwarning = _show_warning
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may lack a letter of a document
    try:
        build_app(next((argument for argument in sys.argv[1:] if not argument.startswith("-")), ""))()
    except BrokenPipeError:
        os._exit(READER_IS_GONE)  # `opora list | head` is no failure
    except (Exception, KeyboardInterrupt) as error:
        failure = None if os.environ.get("OPORA_TRACEBACK") else explain_failure(error)
        if failure is None:
            raise
        _exit(*failure)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,
    line: object = None,
) -> None:
    is_renamed = issubclass(category, RenamedSettingWarning)
    text = f"opora: {message}\n" if is_renamed else warnings.formatwarning(message, category, filename, lineno)
    sys.stderr.write(text)


def _exit(message: str, code: int) -> None:
    """Print what is wrong and end the process; `os._exit` because threads of libraries may outlive a failed command."""
    print(f"opora: {message}", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
