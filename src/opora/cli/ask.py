"""opora ask: answer questions from the documents, with citations."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opora.cli.filters import (
    DocumentFilter,
    FieldFilter,
    FolderFilter,
    TypeFilter,
    build_filters,
    warn_if_stale,
)
from opora.cli.options import AsJson, Overrides, Verbose, note, show_settings

if TYPE_CHECKING:
    from opora.artifacts.stage import Project
    from opora.records import Answer


def ask(
    question: Annotated[
        str | None, typer.Argument(help="The question; without one, every line of standard input is a question.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="extractive, smollm2, hf:NAME[@REVISION][+ADAPTER], openai:MODEL@URL, smollm2+ADAPTER."),
    ] = None,
    top_k: Annotated[int | None, typer.Option(help="Number of passages to answer from.")] = None,
    document: DocumentFilter = None,
    folder: FolderFilter = None,
    type_: TypeFilter = None,
    field: FieldFilter = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Answer a question from the documents. Cites the place of every statement, or refuses."""
    from opora.answer.answerer import open_answerer, retrieve
    from opora.answer.settings import AskSettings
    from opora.recipe.recipe import load_recipe
    from opora.retrieval.search.searcher import open_index

    options = {"ask.model": model, "ask.top_k": top_k}
    project = load_recipe(
        overrides=overrides or [], options={key: value for key, value in options.items() if value is not None}
    )
    settings = project.settings("ask", AskSettings)
    if verbose:
        show_settings("ask", settings)
    started = time.monotonic()
    index = open_index(Path("index")).load()
    warn_if_stale(index)
    filters = build_filters(index, document, folder, type_, field)
    answerer = open_answerer(settings.model, index, settings)
    note(f"loaded in {time.monotonic() - started:.1f} s", "")
    for text in [question] if question is not None else _lines():
        [answer] = answerer.answer(retrieve([text], index, settings.top_k, filters))
        typer.echo(answer.model_dump_json() if as_json else format_answer(answer))
    if question is not None and not as_json:
        note(*_next_steps(project, answer))


def format_answer(answer: Answer) -> str:
    """Return an answer for a terminal: its text, then each citation with the cited words."""
    from opora.text.citation_marks import space_own_marks

    lines = [answer.text or "(no answer)", ""]
    place = ""
    for citation in answer.citations:
        above, place = place, f"  {f'[{citation.marker}] ' if citation.marker else ''}{citation.location}"
        lines += [
            *([place] if place != above else []),
            *(f"      {line}" for line in space_own_marks(citation.text).splitlines()),
        ]
    for dropped in answer.dropped:
        lines.append(f"  dropped: {dropped.text} ({dropped.reason})")
    lines += [f"  warning: {warning}" for warning in answer.warnings]
    lines.append(f"  {answer.model}, {answer.seconds:.2f} s")
    return "\n".join(lines) + "\n"


def _next_steps(project: Project, answer: Answer) -> Iterator[str]:
    """Yield the file of the first citation, and other ways to ask."""
    from opora.cli.documents import find_file
    from opora.corpus.settings import IngestSettings

    cited = {citation.passage_id for citation in answer.citations[:1]}
    for hit in answer.hits:
        if hit.passage.id in cited:
            source = str(hit.passage.metadata["source"])
            folders = [project.root / folder for folder in project.settings("ingest", IngestSettings).folders]
            yield f"Read the cited document: {find_file(source, folders) or source}"
    yield "Ask many questions, one per line: opora ask < questions.txt"


def _lines() -> Iterator[str]:
    if sys.stdin.isatty():
        note("One question per line; end with Ctrl-D.")
    return (line.strip() for line in sys.stdin if line.strip())
