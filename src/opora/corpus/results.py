"""Documents of a corpus, from the results of parsing its files.

Documents inside a file (attachments, members of an archive) become documents of their own, `archive.zip/inner.docx`.
Titles and languages depend on all documents, so that results are read twice, one at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from opora.corpus.parsers.base import Dropped, Parsed, Suspicion
from opora.corpus.parsers.storage.names import clean_name
from opora.corpus.settings import IngestSettings
from opora.corpus.sources.patterns import NamePatterns
from opora.corpus.sources.removed import Exclusion
from opora.corpus.suspicions import describe_suspicions
from opora.records import Document
from opora.text.language import MAX_SAMPLE_CHARS, detect_languages
from opora.validation import parse_record

ReadResult = Callable[[str], Mapping[str, Any]]
"""Returns the result of parsing a file by its id, `{"parsed": {...}}` or `{"reason": ..., "detail": ...}`."""


class DocumentDraft(NamedTuple):
    """A document whose text is still in the result of its file; `place` leads there through the parts."""

    source: str
    id: str
    file_id: str
    place: tuple[int, ...]
    containers: tuple[str, ...]
    """Names of the files and documents around it."""
    titles: tuple[str, ...]
    """Titles that it may have, best first."""
    sample: str
    """Beginning of the text, by which the language is detected."""
    suspicions: tuple[Suspicion, ...]


class Collected(NamedTuple):
    """Documents by name, and all that is left out, with the reasons."""

    drafts: list[DocumentDraft]
    dropped: list[Dropped]


def collect(files: Iterable[tuple[str, str]], read: ReadResult, excluded: Exclusion) -> Collected:
    """Return the documents in `files`, which are pairs of name and id, and inside them.

    Of documents with the same bytes the first file stays, or the first part if there is no such file.
    """
    drafts: dict[str, DocumentDraft] = {}
    dropped: list[Dropped] = []
    inner: list[DocumentDraft | Dropped] = []
    names: dict[str, str] = {}
    for name, file_id in files:
        if file_id in names:
            dropped.append(_duplicate(name, file_id, names[file_id]))
            continue
        names[file_id] = name
        for row in _flatten(name, file_id, read(file_id)):
            if row.source != name:
                inner.append(row)
            elif isinstance(row, DocumentDraft):
                drafts[row.id] = row
            else:
                dropped.append(row)
    for row in inner:
        if excluded.match(row.source):
            continue
        if row.id in names:
            dropped.append(_duplicate(row.source, row.id, names[row.id]))
        elif isinstance(row, DocumentDraft):
            names[row.id], drafts[row.id] = row.source, row
        else:
            dropped.append(row)
    return Collected(
        sorted(drafts.values(), key=lambda draft: draft.source), sorted(dropped, key=lambda drop: drop.source)
    )


def make_documents(
    drafts: Sequence[DocumentDraft], read: ReadResult, settings: IngestSettings, access: NamePatterns
) -> Iterator[tuple[Document, Parsed]]:
    """Yield the documents, in order, each with all that was parsed."""
    folders = [draft.source.rpartition("/")[0] for draft in drafts]
    languages = detect_languages([draft.sample for draft in drafts], folders, settings.languages)
    file_id, file = "", Parsed(format="")
    for draft, title, language in zip(drafts, choose_titles(drafts), languages, strict=True):
        if draft.file_id != file_id:
            file_id, file = draft.file_id, parse_record(Parsed, read(draft.file_id)["parsed"], draft.source)
        parsed = _part_at(file, draft.place)
        metadata = {**parsed.metadata, "format": parsed.format}
        if draft.containers:
            metadata["container"] = draft.containers[-1]
        if draft.suspicions:
            metadata["suspect"] = describe_suspicions(draft.suspicions)
        document = Document(
            id=draft.id,
            source=draft.source,
            title=title,
            text=parsed.text,
            language=language,
            metadata=metadata,
            access=access_labels(draft, settings.access, access),
            pages=parsed.pages,
        )
        yield document, parsed


def access_labels(draft: DocumentDraft, rules: Mapping[str, Sequence[str]], patterns: NamePatterns) -> tuple[str, ...]:
    """Return the labels of all rules for the name of a document and the names of the files around it."""
    globs = {glob for name in (draft.source, *draft.containers) for glob in patterns.matching(name)}
    return tuple(sorted({label for glob in globs for label in rules[glob]}))


def choose_titles(drafts: Sequence[DocumentDraft]) -> list[str]:
    """Return the title of each document: its best title that no other document has as its best, else its best."""
    shared = Counter(draft.titles[0].casefold() for draft in drafts)
    taken = set(shared)
    titles = []
    for draft in drafts:
        best, *others = draft.titles
        if shared[best.casefold()] > 1:
            best = next((title for title in others if title.casefold() not in taken), best)
            taken.add(best.casefold())
        titles.append(best)
    return titles


def _flatten(name: str, file_id: str, result: Mapping[str, Any]) -> Iterator[DocumentDraft | Dropped]:
    """Yield a file and, in depth first order, all that is inside it. A file of parts alone is no document."""
    if "parsed" not in result:
        yield Dropped(source=name, id=file_id, reason=result["reason"], detail=result["detail"])
        return
    parsed = parse_record(Parsed, result["parsed"], name)
    yield from _flatten_parsed(parsed, DocumentDraft(name, file_id, file_id, (), (), (), "", ()))


def _flatten_parsed(parsed: Parsed, draft: DocumentDraft) -> Iterator[DocumentDraft | Dropped]:
    if parsed.text:
        titles = tuple(filter(None, (parsed.title, *parsed.other_titles))) or (PurePath(draft.source).stem,)
        sample = parsed.text[:MAX_SAMPLE_CHARS]
        yield draft._replace(titles=titles, sample=sample, suspicions=parsed.suspicions)
    names = Counter[str]()
    for number, part in enumerate(parsed.parts):
        name = clean_name(part.name) or f"part {number + 1}"
        names[name] += 1
        if names[name] > 1:
            path = PurePath(name)
            name = str(path.with_name(f"{path.stem} ({names[name]}){path.suffix}"))
        source = f"{draft.source}/{name}"
        if part.parsed is None:
            yield Dropped(source=source, id=part.id, reason=part.reason or "corrupt", detail=part.detail)
            continue
        containers, place = (*draft.containers, draft.source), (*draft.place, number)
        inner = DocumentDraft(source, part.id, draft.file_id, place, containers, (), "", ())
        yield from _flatten_parsed(part.parsed, inner)


def _part_at(parsed: Parsed, place: Sequence[int]) -> Parsed:
    for number in place:
        inner = parsed.parts[number].parsed
        assert inner
        parsed = inner
    return parsed


def _duplicate(name: str, file_id: str, first: str) -> Dropped:
    return Dropped(source=name, id=file_id, reason="duplicate", detail=f"the same bytes as {first}")
