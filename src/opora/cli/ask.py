"""opora ask: a question in, an answer with its places out."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opora.cli.options import AsJson, Overrides, show_settings

if TYPE_CHECKING:
    from opora.records import Answer


def ask(
    question: Annotated[
        str | None, typer.Argument(help="The question; without one, each line of standard input is one.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="extractive, smollm2, hf:NAME[@REVISION][+ADAPTER], openai:MODEL@URL, smollm2+ADAPTER."),
    ] = None,
    top_k: Annotated[int | None, typer.Option(help="Passages to answer from.")] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Answer from the documents, with the place of every citation, or refuse."""
    from opora.answer.answerer import open_answerer, retrieve
    from opora.recipe.recipe import load_recipe
    from opora.retrieval.search.searcher import open_index

    given = [f"ask.model={model}"] if model else []
    given += [f"ask.top_k={top_k}"] if top_k is not None else []
    recipe = load_recipe(overrides=[*given, *(overrides or [])])
    settings = recipe.ask
    show_settings("ask", settings)
    began = time.monotonic()
    index = open_index(Path("index"), recipe.index).load()
    answerer = open_answerer(settings.model, index, settings)
    print(f"ready in {time.monotonic() - began:.1f} s\n", file=sys.stderr)
    for each in [question] if question is not None else _lines():
        [answer] = answerer.answer(retrieve([each], index, settings.top_k))
        typer.echo(answer.model_dump_json() if as_json else format_answer(answer))


def format_answer(answer: Answer) -> str:
    """An answer for a terminal: its text, then each place that it stands on, with the words that stand there."""
    lines = [answer.text, ""]
    for citation in answer.citations:
        mark = f"[{citation.marker}] " if citation.marker else ""
        lines += [f"  {mark}{citation.place}", *(f"      {line}" for line in citation.text.splitlines())]
    for dropped in answer.dropped:
        lines.append(f"  dropped: {dropped.text} ({dropped.reason})")
    lines.append(f"  {answer.model}, {answer.seconds:.2f} s")
    return "\n".join(lines) + "\n"


def _lines() -> Iterator[str]:
    if sys.stdin.isatty():
        print("One question a line; end with Ctrl-D.", file=sys.stderr)
    return (line.strip() for line in sys.stdin if line.strip())
