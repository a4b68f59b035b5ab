"""Stage that reads documents into a corpus.

Out: `documents.parquet`, `passages.parquet`, `dropped.jsonl` (file and reason), `suspect.jsonl` (pages without text),
a manifest. Files that the previous corpus parsed with the same parsers and limits are not parsed again.
"""

from __future__ import annotations

import queue
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from fnmatch import fnmatch
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, Self

from opora.artifacts import Build, Manifest, fingerprint_of_file, read_json_lines, write_json_lines, write_parquet
from opora.artifacts.checksums import MANIFEST, hash_json
from opora.artifacts.stage import Estimate, Project, Stage
from opora.console.progress import Progress
from opora.corpus.chunking.registry import chunk_document
from opora.corpus.parsers.base import Dropped, Parsed, ParseError
from opora.corpus.parsers.registry import FORMATS
from opora.corpus.reader import DOCUMENTS, PASSAGES
from opora.corpus.sandbox.process import SandboxedParser
from opora.corpus.settings import IngestSettings
from opora.corpus.sources.base import Source
from opora.corpus.sources.registry import find_sources
from opora.records import Document
from opora.text.language import detect_language
from opora.text.resources import language_text, languages
from opora.validation import parse_record

DROPPED, SUSPECT, PARSED = "dropped.jsonl", "suspect.jsonl", "parsed.jsonl"
"""PARSED holds the results of parsing by file hash, reused by the next run over the same folders."""
DOCUMENTS_PER_S, START_S = 8.0, 3.0
"""Parsing speed of a worker on our benchmark documents, and seconds before the first document is parsed."""


class IngestStage(Stage):
    """Parses documents and splits them into passages."""

    kind = "ingest"

    def __init__(self, settings: IngestSettings, root: Path, out: Path) -> None:
        self.settings: IngestSettings = settings
        self.root, self.out = root, out

    @classmethod
    def of(cls, project: Project, name: str) -> Self:
        return cls(project.settings(name, IngestSettings), project.root, project.root / "corpus")

    @cached_property
    def sources(self) -> dict[Source, str]:
        """Source -> SHA-256 of its bytes. Raises InputError for a missing folder, or one without files."""
        sources = find_sources(self.settings.folders, self.settings.exclude, self.root)
        return {source: fingerprint_of_file(source.path) for source in sources}

    def inputs(self) -> Mapping[str, str]:
        return {"documents": hash_json([[source.name, digest] for source, digest in self.sources.items()])}

    def estimate(self, project: Project) -> Estimate:
        sources = find_sources(self.settings.folders, self.settings.exclude, self.root)
        return Estimate(seconds=START_S + len(sources) / DOCUMENTS_PER_S)

    def make(self, build: Build) -> Manifest:
        ids = {source: digest[:16] for source, digest in self.sources.items()}
        version = _parsing_fingerprint(self.settings)
        results = _parse_all(build, ids, self.settings, version)
        documents, dropped = _read_results(ids, results, self.settings)
        passages = [passage for document in documents for passage in chunk_document(document, self.settings.chunk)]
        suspect = [
            {"source": document.source, **suspicion}
            for document in documents
            for suspicion in results[document.id]["parsed"]["suspicions"]
        ]
        reusable = ({"id": key, "parsers": version, "result": results[key]} for key in sorted(results))
        write_parquet(build.path / DOCUMENTS, documents)
        write_parquet(build.path / PASSAGES, passages)
        write_json_lines(build.path / DROPPED, dropped)
        write_json_lines(build.path / SUSPECT, suspect)
        write_json_lines(build.path / PARSED, reusable)
        return build.publish(
            counts={"documents": len(documents), "passages": len(passages), "suspect": len(suspect)},
            dropped=Counter(drop.reason for drop in dropped),
            results={"languages": dict(sorted(Counter(document.language for document in documents).items()))},
        )


def _parse_all(build: Build, ids: Mapping[Source, str], settings: IngestSettings, version: str) -> dict[str, Any]:
    """Return the result of parsing each distinct file, by id. New results are journalled as they come."""
    paths = {key: source.path for source, key in reversed(list(ids.items()))}
    with build.journal("parsed") as journal, ExitStack() as stack:
        earlier = {**_reusable_results(build, version), **dict(journal.items())}
        results = {key: value for key, value in earlier.items() if key in paths}
        pending = [key for key in paths if key not in results]
        parsers: queue.SimpleQueue[SandboxedParser] = queue.SimpleQueue()
        for _ in range(settings.workers):
            parsers.put(stack.enter_context(SandboxedParser(settings.limits, settings.parse)))

        def parse(key: str) -> tuple[str, dict[str, Any]]:
            parser = parsers.get()
            try:
                return key, {"parsed": parser.parse(paths[key]).model_dump(mode="json")}
            except ParseError as error:
                return key, {"reason": error.reason, "detail": error.detail}
            finally:
                parsers.put(parser)

        with ThreadPoolExecutor(settings.workers) as pool, Progress("ingest", len(paths), len(results)) as progress:
            for future in as_completed([pool.submit(parse, key) for key in pending]):
                key, result = future.result()
                journal.put(key, result)
                results[key] = result
                progress.advance()
    return results


def _read_results(
    ids: Mapping[Source, str], results: Mapping[str, Any], settings: IngestSettings
) -> tuple[list[Document], list[Dropped]]:
    """Return the documents, and the files that are dropped: those with a reason, and copies of an earlier file."""
    documents: dict[str, Document] = {}
    dropped: list[Dropped] = []
    for source, key in ids.items():
        result = results[key]
        if key in documents:
            result = {"reason": "duplicate", "detail": f"the same bytes as {documents[key].source}"}
        if "parsed" in result:
            documents[key] = _document(source, key, parse_record(Parsed, result["parsed"], source.name), settings)
        else:
            dropped.append(Dropped(source=source.name, id=key, **result))
    return list(documents.values()), dropped


def _document(source: Source, key: str, parsed: Parsed, settings: IngestSettings) -> Document:
    access = {label for glob, labels in settings.access.items() if fnmatch(source.name, glob) for label in labels}
    return Document(
        id=key,
        source=source.name,
        title=parsed.title or source.path.stem,
        text=parsed.text,
        language=detect_language(parsed.text, among=settings.languages),
        metadata={**parsed.metadata, "format": parsed.format},
        access=tuple(sorted(access)),
        pages=parsed.pages,
    )


def _reusable_results(build: Build, version: str) -> dict[str, Any]:
    """Return results of the existing corpus that the same parsers made under the same limits, by file hash."""
    path = build.out / PARSED
    if not (build.out / MANIFEST).exists() or not path.exists():
        return {}
    return {row["id"]: row["result"] for _, row in read_json_lines(path) if row["parsers"] == version}


def _parsing_fingerprint(settings: IngestSettings) -> str:
    """Return a hash of everything that parsing depends on: its code, package versions, language facts, settings."""
    folder = Path(__file__).parent
    code = [folder / "blocks.py", *(folder / "parsers").rglob("*.py"), *(folder / "sections").rglob("*.py")]
    files = [fingerprint_of_file(path) for path in sorted(code)]
    packages = sorted({package for document_format in FORMATS for package in document_format.packages})
    versions = [metadata.version(package) for package in packages]
    facts = [language_text(code, "language.yaml") for code in languages()]
    resolved = [settings.limits.model_dump(), settings.parse.model_dump()]
    return hash_json([files, versions, facts, resolved])[:16]
