"""opora search: the passages that match a question, without an answer."""

from __future__ import annotations

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
from opora.cli.options import AsJson

if TYPE_CHECKING:
    from opora.records import Hit

SNIPPET_CHARS = 240


def search(
    query: Annotated[str, typer.Argument(help="Words or a question.")],
    top_k: Annotated[int, typer.Option(min=1, help="Number of passages.")] = 10,
    document: DocumentFilter = None,
    folder: FolderFilter = None,
    type_: TypeFilter = None,
    field: FieldFilter = None,
    as_json: AsJson = False,
) -> None:
    """Search the documents. Shows where each passage is, its score and the words around the match."""
    from opora.answer.answerer import check_question
    from opora.answer.extractive import best_sentences
    from opora.retrieval.search.searcher import open_index

    check_question(query)
    index = open_index(Path("index"))
    warn_if_stale(index)
    prepared = index.query(query, build_filters(index, document, folder, type_, field))
    hits = index.search(prepared, top_k)
    if as_json:
        for hit in hits:
            typer.echo(hit.model_dump_json())
        return
    for hit in hits:
        best = best_sentences(query, [hit], index.idf, prepared.language)
        typer.echo(format_hit(hit, best[0].start if best else 0))
    if not hits:
        typer.echo("nothing found")


def format_hit(hit: Hit, start: int = 0) -> str:
    """Return rank, place and score of a passage, its text from `start`, and a warning if it is suspect."""
    passage = hit.passage
    score = next(iter(hit.scores.values()), 0.0)
    suspect = passage.metadata.get("suspect")
    lines = [f"{hit.rank:>2}. {passage.location}  ({score:.2f})", f"    {_snippet(passage.text, start)}"]
    return "\n".join([*lines, *([f"    suspect: {suspect}"] if suspect else [])])


def _snippet(text: str, start: int) -> str:
    words = " ".join(text[start:].split())
    short = words if len(words) <= SNIPPET_CHARS else words[:SNIPPET_CHARS].rsplit(" ", 1)[0] + " ..."
    return f"... {short}" if start else short
