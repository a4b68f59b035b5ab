"""Filters that ask and search share: documents, folders, formats, and any metadata or place."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from opora.cli.options import note
from opora.errors import InputError

if TYPE_CHECKING:
    from opora.retrieval.search.searcher import Index
    from opora.retrieval.store.schema import Filters

DocumentFilter = Annotated[
    list[str] | None,
    typer.Option("--document", metavar="NAME", help="Only this document; a part of its name is enough. Repeatable."),
]
FolderFilter = Annotated[
    list[str] | None, typer.Option("--folder", metavar="NAME", help="Only documents in this folder. Repeatable.")
]
TypeFilter = Annotated[
    list[str] | None, typer.Option("--type", metavar="FORMAT", help="Only this format, e.g. pdf. Repeatable.")
]
FieldFilter = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="KEY=VALUE", help="Only this page or place, e.g. article=186. Repeatable."),
]


def build_filters(
    index: Index,
    documents: Sequence[str] | None,
    folders: Sequence[str] | None,
    types: Sequence[str] | None,
    fields: Sequence[str] | None,
) -> Filters:
    """Return the filters of a search. Raises InputError, with the nearest name, for what the index does not hold."""
    from opora.corpus.find import find_folder, find_names
    from opora.validation import nearest

    filters: dict[str, Any] = parse_fields(fields or (), index.manifest.results["metadata"])
    if documents or folders:
        sources = list(map(str, index.values("source")))
        named = {source for name in documents or () for source in find_names(name, sources)}
        inside = {source for name in folders or () for source in find_folder(name, sources)}
        chosen = named & inside if documents and folders else named | inside
        if not chosen:
            raise InputError(f"--document {', '.join(documents or ())} is not in --folder {', '.join(folders or ())}")
        filters["source"] = sorted(chosen)
    if types:
        formats = list(map(str, index.values("format")))
        wanted = [name.lower().lstrip(".") for name in types]
        if unknown := [name for name in wanted if name not in formats]:
            raise InputError(f"--type {unknown[0]}: no document has this format; {nearest(unknown[0], formats)}")
        filters["format"] = wanted
    return filters


def parse_fields(fields: Sequence[str], types: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of each key, or its bounds; `types` holds the types of metadata keys.

    Text and numbers of places stay as they are written: clause 2.20 is not clause 2.2. Raises InputError.
    """
    import yaml

    values: dict[str, Any] = {}
    for text in fields:
        key, sign, given = (part.strip() for part in text.partition("="))
        if not sign or not key or not given:
            raise InputError(f"--filter {text}: expected KEY=VALUE, such as page=3 or article=186")
        is_text = types.get(key, "text") == "text"
        value = given
        if not is_text or given[0] in "[{":
            with contextlib.suppress(yaml.YAMLError):  # `[draft` is text
                value = yaml.load(given, yaml.BaseLoader if is_text else yaml.SafeLoader)
        if isinstance(value, dict):
            values[key] = value
        else:
            values.setdefault(key, []).extend(value if isinstance(value, list) else [value])
    return values


def warn_if_stale(index: Index) -> None:
    """Say in one line if the index is not of the present corpus, or documents have changed since."""
    from opora.corpus.freshness import staleness

    for line in staleness(index.folder, index.manifest.inputs.get("corpus", ""), Path("corpus")):
        note(f"opora: {line}")
