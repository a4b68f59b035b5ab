"""Stage that reads documents into a corpus.

Out: `documents.parquet`, `passages.parquet`, `lines.parquet` (place of each line on its page), `dropped.jsonl` (file
and reason), `suspect.jsonl` (documents and pages not to be trusted, with the figure), `report.html`, a manifest. Files
that the previous corpus parsed with the same parsers and limits are not parsed again.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

from opora.artifacts import (
    Build,
    Manifest,
    fingerprint_of_file,
    read_json_lines,
    read_parquet,
    read_records,
    write_json_lines,
    write_parquet,
)
from opora.artifacts.checksums import MANIFEST, hash_json
from opora.artifacts.stage import Estimate, Project, Stage
from opora.corpus.chunking.registry import chunk_document, covered_share
from opora.corpus.estimate import estimate_seconds
from opora.corpus.lines import LINES, LineWriter
from opora.corpus.parsers.base import Dropped, Parsed, Suspicion
from opora.corpus.reader import DOCUMENTS, PASSAGES
from opora.corpus.report.page import MAX_LINES, PAGE, render_page, summary_lines
from opora.corpus.report.summary import DROPPED, SUSPECT, summarise
from opora.corpus.results import access_labels, collect, make_documents
from opora.corpus.sandbox.pool import UNCERTAIN, parse_files
from opora.corpus.sandbox.version import installed_programs, parsing_fingerprint
from opora.corpus.settings import ChunkSettings, IngestSettings
from opora.corpus.sources.base import Listing, Source, UnreadableSource
from opora.corpus.sources.patterns import NamePatterns, ignores_case
from opora.corpus.sources.registry import find_sources
from opora.corpus.sources.removed import Exclusion, read_removed
from opora.corpus.suspicions import mark_suspect
from opora.errors import InputError
from opora.records import Document, Passage

PARSED = "parsed.jsonl"
"""Results of parsing by file hash, reused by the next run over the same folders."""
MIN_COVERED = 0.9
"""Minimum share of the letters of a document that its passages hold; a table of contents may be missing."""


class HashedSources(NamedTuple):
    """The files of a corpus with the hash of their bytes, and those that cannot be read."""

    ids: Mapping[Source, str]
    unreadable: list[UnreadableSource]


class IngestStage(Stage):
    """Parses documents and splits them into passages."""

    kind = "ingest"

    def __init__(self, settings: IngestSettings, root: Path, out: Path) -> None:
        self.settings: IngestSettings = settings
        self.root, self.out = root, out
        self._notes: list[str] = []
        ignore = ignores_case(root.resolve())
        self.removed = read_removed(root)
        self.excluded = Exclusion(NamePatterns(settings.exclude, ignore), self.removed)
        self.access = NamePatterns(settings.access, ignore)

    @classmethod
    def of(cls, project: Project, name: str) -> Self:
        return cls(project.settings(name, IngestSettings), project.root, project.root / "corpus")

    @cached_property
    def _listing(self) -> Listing:
        return find_sources(self.settings.folders, self.excluded, self.root)

    @cached_property
    def sources(self) -> HashedSources:
        """The files and their hashes. Raises InputError for a missing folder, one without files, or a glob of `access`
        or `exclude` that matches nothing."""
        listing = self._listing
        names = [source.name for source in listing.sources]
        for name in names:
            self.access.matching(name)
        self._check_patterns(names, is_final=False)
        ids: dict[Source, str] = {}
        unreadable = list(listing.unreadable)
        for source in listing.sources:
            try:
                ids[source] = fingerprint_of_file(source.path)
            except OSError as error:
                unreadable.append(UnreadableSource(source.name, error.strerror or str(error)))
        return HashedSources(ids, sorted(unreadable))

    def _check_patterns(self, names: Sequence[str], is_final: bool) -> None:
        self.access.check_used("ingest.access", names, is_final)
        self.excluded.patterns.check_used("ingest.exclude", names, is_final)

    def inputs(self) -> Mapping[str, str]:
        rows = [[source.name, digest] for source, digest in self.sources.ids.items()]
        documents = hash_json([*rows, *map(list, self.sources.unreadable), *self.removed])
        return {"documents": documents, "programs": " ".join(installed_programs())}

    def estimate(self, project: Project) -> Estimate:
        paths = (source.path for source in self._listing.sources)
        return Estimate(seconds=estimate_seconds(paths, self.settings.workers))

    def make(self, build: Build) -> Manifest:
        version = parsing_fingerprint(self.settings)
        ids = {source: digest[:16] for source, digest in self.sources.ids.items()}
        paths = {key: source.path for source, key in reversed(list(ids.items()))}
        with build.journal("parsed") as journal:
            missing = paths.keys() - {key for key, _ in journal.items()}
            journal.update(_reusable_results(build, version, missing))
            parse_files(paths, journal, self.settings)
            files = [(source.name, key) for source, key in ids.items()]
            drafts, dropped = collect(files, journal.get, self.excluded)
            for draft in drafts:
                access_labels(draft, self.settings.access, self.access)
            self._check_patterns([draft.source for draft in drafts], is_final=True)
            documents = make_documents(drafts, journal.get, self.settings, self.access)
            write_parquet(build.path / DOCUMENTS, _write_lines_beside(build.path / LINES, documents))
            results = ({"id": key, "parsers": version, "result": journal.get(key)} for key in sorted(paths))
            write_json_lines(build.path / PARSED, results)
        suspicions = {draft.id: list(draft.suspicions) for draft in drafts}
        passages = _passages(read_parquet(build.path / DOCUMENTS, Document), suspicions, self.settings.chunk)
        dropped += [
            Dropped(source=row.name, id="", reason="unreadable", detail=row.detail) for row in self.sources.unreadable
        ]
        count = write_parquet(build.path / PASSAGES, passages)
        suspect = [{"source": draft.source, **row.model_dump()} for draft in drafts for row in suspicions[draft.id]]
        write_json_lines(build.path / DROPPED, dropped)
        write_json_lines(build.path / SUSPECT, suspect)
        summary = summarise(build.path)
        (build.path / PAGE).write_text(render_page(summary, count), encoding="utf-8")
        self._notes = [*summary_lines(summary), f"  details: {self.out / PAGE}"]
        return build.publish(
            volatile=frozenset({PARSED, PAGE}),
            counts={"documents": len(drafts), "passages": count, "suspect": len(summary.suspect_texts)},
            dropped=Counter(drop.reason for drop in dropped),
            results={"languages": dict(sorted(summary.languages.items()))},
        )

    def notes(self) -> Sequence[str]:
        if self._notes:
            return self._notes
        dropped = read_records(self.out / DROPPED, Dropped) if (self.out / DROPPED).exists() else ()
        return [
            f"  still dropped, and not tried again before a document or setting changes: {drop.source} ({drop.detail})"
            for drop in dropped
            if drop.reason in UNCERTAIN
        ][:MAX_LINES]


def _write_lines_beside(path: Path, documents: Iterable[tuple[Document, Parsed]]) -> Iterator[Document]:
    """Yield the documents, and write their lines into the table `path` as they pass."""
    with LineWriter(path) as writer:
        for document, parsed in documents:
            writer.add(document.id, parsed.lines)
            yield document


def _passages(
    documents: Iterable[Document], suspicions: Mapping[str, list[Suspicion]], settings: ChunkSettings
) -> Iterator[Passage]:
    """Yield the passages, and add a suspicion for each document whose passages leave out much of its text."""
    for document in documents:
        passages = list(chunk_document(document, settings))
        share = covered_share(document, passages)
        if share < MIN_COVERED:
            detail = f"{share:.0%} of the text is in passages, the rest cannot be found"
            suspicions[document.id].append(Suspicion(reason="text lost", value=round(share, 3), detail=detail))
        for passage in passages:
            yield mark_suspect(passage, document, suspicions[document.id])


def _reusable_results(build: Build, version: str, missing: Set[str]) -> Iterator[tuple[str, Any]]:
    """Yield results of the existing corpus that the same parsers made under the same limits, by file hash."""
    path = build.out / PARSED
    if not (build.out / MANIFEST).exists() or not path.exists():
        return
    try:
        for _, row in read_json_lines(path):
            # a verdict that may have been the machine's is not kept for ever
            if row["parsers"] == version and row["id"] in missing and row["result"].get("reason") not in UNCERTAIN:
                yield row["id"], row["result"]
    except (InputError, LookupError) as error:
        print(f"opora: {path} is damaged ({error}); parsing the files again", file=sys.stderr)
