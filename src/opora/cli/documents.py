"""Commands on the documents of the corpus: list them, show one, take one out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from opora.cli.options import AsJson, note, show_run
from opora.errors import InputError

if TYPE_CHECKING:
    from opora.corpus.settings import IngestSettings
    from opora.records import Document

CORPUS = Path("corpus")
NAME_CHARS = 60
NUMBER_COLUMNS = (3, 4)
"""Columns of the list that are aligned to the right."""


def list_documents(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Documents or folders; default: all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the documents of the corpus. Format, language, pages, passages, title, and whether one is suspect."""
    from opora.corpus.find import find_names
    from opora.corpus.reader import read_documents, read_passage_rows

    passages = Counter(row["document_id"] for row in read_passage_rows(CORPUS, ("document_id",)))
    rows = [_row(document, passages[document.id]) for document in read_documents(CORPUS)]
    if names:
        sources = [row["name"] for row in rows]
        chosen = {source for name in names for source in find_names(name, sources)}
        rows = [row for row in rows if row["name"] in chosen]
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    typer.echo(format_rows(rows))
    suspect = sum(bool(row["suspect"]) for row in rows)
    note(
        f"{len(rows)} document{'' if len(rows) == 1 else 's'}"
        + (f", {suspect} suspect (!): `opora show NAME` says why" if suspect else "")
    )


def show(
    name: Annotated[str, typer.Argument(metavar="DOCUMENT", help="Name of a document, or a part of it.")],
    page: Annotated[int | None, typer.Option(min=1, help="Print the text of this page.")] = None,
    text: Annotated[bool, typer.Option("--text", help="Print the whole text.")] = False,
    passages: Annotated[bool, typer.Option("--passages", help="Print the passages, with their places.")] = False,
    as_json: AsJson = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say how the format was told.")] = False,
) -> None:
    """Show a document of the corpus as opora read it. Metadata and headings; or a page, the text or the passages."""
    document = _find(name)
    if as_json:
        typer.echo(document.model_dump_json())
    elif page is not None:
        typer.echo(page_text(document, page))
    elif text:
        typer.echo(document.text)
    elif passages:
        typer.echo("\n\n".join(_passages(document)))
    else:
        typer.echo("\n".join(_describe(document)))
    if verbose:
        note(_explain_format(document))


def remove(
    names: Annotated[list[str], typer.Argument(metavar="DOCUMENT...", help="Documents, or parts of their names.")],
    undo: Annotated[bool, typer.Option("--undo", help="Bring removed documents back.")] = False,
) -> None:
    """Take documents out of the corpus. The files stay; their names go to removed.txt, which every ingest honours."""
    from opora.corpus.find import find_names
    from opora.corpus.reader import read_documents
    from opora.corpus.sources.removed import REMOVED, read_removed, write_removed
    from opora.corpus.stage import IngestStage
    from opora.recipe.plan import run_stage

    root = CORPUS.parent
    removed = read_removed(root)
    settings = _corpus_settings()
    known = removed if undo else [document.source for document in read_documents(CORPUS)]
    if undo and not removed:
        raise InputError(f"{REMOVED}: no document was removed")
    chosen = sorted({source for name in names for source in find_names(name, known)})
    write_removed(root, [name for name in removed if name not in chosen] if undo else [*removed, *chosen])
    for source in chosen:
        note(f"{source}: {'brought back' if undo else f'removed (see {REMOVED}; the file stays)'}")
    show_run(run_stage(IngestStage(settings, root, CORPUS)), as_json=False)
    note("Next: opora index")


def format_rows(rows: Sequence[dict[str, Any]]) -> str:
    """Return a table of documents for a terminal."""
    cells = [
        (
            ("! " if row["suspect"] else "  ") + _cut_middle(row["name"], NAME_CHARS),
            row["format"],
            row["language"],
            str(row["pages"] or ""),
            str(row["passages"]),
            _cut(row["title"], NAME_CHARS) if row["title"] != PurePosixPath(row["name"]).stem else "",
        )
        for row in rows
    ]
    table = [("  name", "format", "lang", "pages", "passages", "title"), *cells]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    aligned = [str.rjust if column in NUMBER_COLUMNS else str.ljust for column in range(len(table[0]))]
    return "\n".join(
        "  ".join(align(text, width) for align, text, width in zip(aligned, line, widths, strict=True)).rstrip()
        for line in table
    )


def page_text(document: Document, page: int) -> str:
    """Return the text of a page. Raises InputError if the document has no such page."""
    count = len(document.pages)
    if page > count:
        has = f"has {count} pages" if count else "has no pages in its format"
        raise InputError(f"{document.source} {has}; --page is {page}")
    ends = [*document.pages[1:], len(document.text)]
    return document.text[document.pages[page - 1] : ends[page - 1]].strip()


def find_file(source: str, folders: Sequence[Path]) -> Path | None:
    """Return the file of a document, or the file that holds it, below one of `folders`."""
    steps = PurePosixPath(source)
    candidates = (folder / path for path in (steps, *steps.parents) for folder in folders)
    return next((path for path in candidates if path.is_file()), None)


def _row(document: Document, passages: int) -> dict[str, Any]:
    return {
        "name": document.source,
        "title": document.title,
        "format": document.metadata.get("format", ""),
        "language": document.language,
        "pages": len(document.pages),
        "passages": passages,
        "characters": len(document.text),
        "suspect": document.metadata.get("suspect", ""),
        "access": list(document.access),
        "id": document.id,
    }


def _find(name: str) -> Document:
    """Return a document by a part of its name. Raises InputError, with the reason if it was left out."""
    from opora.corpus.find import UnknownNameError, find_name
    from opora.corpus.reader import read_documents

    sources = [document.source for document in read_documents(CORPUS)]
    try:
        source = find_name(name, sources)
    except UnknownNameError:
        if reason := _reason_for_dropping(name):
            raise InputError(reason) from None
        raise
    return next(document for document in read_documents(CORPUS) if document.source == source)


def _reason_for_dropping(name: str) -> str:
    """Return why the document of this name is not in the corpus; empty if nothing of the name was left out."""
    from opora.artifacts import read_records
    from opora.corpus.find import find_name
    from opora.corpus.parsers.base import Dropped
    from opora.corpus.report.summary import DROPPED

    path = CORPUS / DROPPED
    dropped = {drop.source: drop for drop in (read_records(path, Dropped) if path.exists() else ())}
    try:
        drop = dropped[find_name(name, dropped)]
    except InputError:
        return ""
    return f"{drop.source} is not in the corpus: {drop.reason}" + (f": {drop.detail}" if drop.detail else "")


def _describe(document: Document) -> Iterator[str]:
    """Yield the metadata of a document and the outline of its headings, with pages."""
    from bisect import bisect_right

    facts = {"title": document.title, "language": document.language, **document.metadata}
    if document.access:
        facts["access"] = ", ".join(document.access)
    yield document.source
    yield from (f"  {key}: {value}" for key, value in facts.items())
    yield f"  characters: {len(document.text)}" + (f", pages: {len(document.pages)}" if document.pages else "")
    yield ""
    offset, is_code, count = 0, False, 0
    for line in document.text.splitlines(keepends=True):
        is_code ^= line.startswith("```")
        marks = len(line) - len(line.lstrip("#"))
        if not is_code and 0 < marks <= 6 and line[marks : marks + 1] == " ":
            page = bisect_right(document.pages, offset)
            yield "  " * (marks - 1) + _cut(line[marks:].strip(), 100) + (f"  p. {page}" if page else "")
            count += 1
        offset += len(line)
    if not count:
        yield "no headings"


def _passages(document: Document) -> Iterator[str]:
    from opora.corpus.reader import read_passages

    for passage in read_passages(CORPUS):
        if passage.document_id == document.id:
            suspect = passage.metadata.get("suspect")
            yield f"[{passage.location}]" + (f" suspect: {suspect}" if suspect else "") + f"\n{passage.full_text}"


def _explain_format(document: Document) -> str:
    from opora.corpus.sandbox.process import SandboxedParser

    settings = _corpus_settings()
    file = find_file(document.source, [CORPUS.parent / folder for folder in settings.folders])
    if file is None:
        return f"{document.source}: the file is not there any more"
    with SandboxedParser(settings.limits, settings.parse) as parser:
        return f"{file}: {parser.explain_format(file)}"


def _corpus_settings() -> IngestSettings:
    """Return the settings that the corpus was made with."""
    from opora.artifacts import read_manifest
    from opora.corpus.settings import IngestSettings
    from opora.validation import parse_record

    return parse_record(IngestSettings, read_manifest(CORPUS).settings, str(CORPUS))


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _cut_middle(text: str, length: int) -> str:
    """Return a name that keeps its beginning and its end, by which files in one folder differ."""
    half = length // 2
    return text if len(text) <= length else f"{text[: length - half - 1]}…{text[-half:]}"
