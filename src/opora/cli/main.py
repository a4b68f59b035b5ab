"""The `opora` command.

In: arguments. Out: what the command prints, and an exit status: 0, 2 for wrong input, 1 for a failure of opora's own.
"""

from __future__ import annotations

import errno
import os
import sys
import warnings
from typing import Annotated

import typer

from opora import __version__
from opora.cli import ask, bench, dataset, index, ingest, init, plan, report, run, train
from opora.errors import OporaError

app = typer.Typer(
    name="opora",
    help="A small language model on your own machine that answers from your documents, cites the place, and proves it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(init.init)
app.command("ingest")(ingest.ingest)
app.add_typer(index.app, name="index")
app.command("ask")(ask.ask)
app.add_typer(dataset.app, name="dataset")
app.add_typer(train.app, name="train")
app.add_typer(bench.app, name="bench")
app.command("report")(report.report)
app.command("plan")(plan.plan)
app.command("run")(run.run)


def show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"opora {__version__}")
        raise typer.Exit


@app.callback()
def opora(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of every command."""


def main() -> None:
    """Run a command; a fault that opora can explain is one line on standard error."""
    warnings.simplefilter("ignore", FutureWarning)  # what one library will ask of another tells a user nothing
    try:
        app()
    except OporaError as error:
        fail(str(error), error.exit_code)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        fail(f"{error.filename or 'the disk'}: no space left; free some and run the same command again", 1)
    except KeyboardInterrupt:
        fail("stopped; the same command goes on from here", 130)


def fail(message: str, code: int) -> None:
    """Say what is wrong and end. `os._exit` after a flush: threads of libraries must not outlive a failed command."""
    print(f"opora: {message}", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
