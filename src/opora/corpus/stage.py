"""Documents to corpus: every file is read in a process of its own, cut into passages, or dropped for a stated reason.

In: folders. Out: `documents.parquet`, `passages.parquet`, `dropped.jsonl` (file and reason), `suspect.jsonl` (pages
without text), a manifest. What an earlier corpus in the same place has parsed is not parsed again.

    ingest(IngestSettings(folders=("documents",)), Path("."), Path("corpus"))
"""

from __future__ import annotations

import hashlib
import queue
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from opora.artifacts import Build, Manifest, fingerprint_of_file, read_json_lines, write_json_lines, write_parquet
from opora.artifacts.build import hash_json
from opora.artifacts.checksums import MANIFEST
from opora.console.progress import Progress
from opora.corpus.chunking.structural import cut
from opora.corpus.parsers.base import Dropped, Parsed, ParseError
from opora.corpus.reader import DOCUMENTS, DROPPED, PASSAGES, SUSPECT
from opora.corpus.sandbox.process import Parser
from opora.corpus.settings import IngestSettings, LimitSettings
from opora.corpus.sources.files import Source, find_sources
from opora.records import Document, Passage
from opora.text.language import detect_language
from opora.validation import Record, parse_record

PARSED = "parsed.jsonl"
"""What the parsers said of each file, by the hash of its bytes, for the next run over the same folder."""
PARSERS = ("pdfplumber", "pdfminer.six", "python-docx", "lxml", "charset-normalizer")


class Suspect(Record):
    """A page that may hold something that is no text: a scan, a picture."""

    source: str
    page: int
    reason: str = "no text on the page"


def ingest_build(settings: IngestSettings, root: Path, out: Path) -> Build:
    """The build of this corpus: what it is made from, and whether it is done. Raises InputError for missing folders."""
    sources = find_sources(settings.folders, settings.exclude, root)
    files = [[source.name, fingerprint_of_file(source.path)] for source in sources]
    return Build(out, "ingest", settings, {"documents": hash_json(files)})


def ingest(settings: IngestSettings, root: Path, out: Path) -> Manifest:
    """Make the corpus. Raises InputError for a folder that is not there, or holds no file."""
    build = ingest_build(settings, root, out)
    if build.finished:
        return build.finished
    sources = find_sources(settings.folders, settings.exclude, root)
    with build:
        ids = {source: fingerprint_of_file(source.path)[:16] for source in sources}
        known = {key: value for key, value in _known(build, settings.limits).items() if key in set(ids.values())}
        results = _parse_all(build, ids, known, settings)
        documents, dropped = _documents(ids, results, settings)
        passages = [passage for document in documents for passage in cut(document, settings.chunk)]
        _write(build, documents, passages, dropped)
        write_json_lines(build.path / PARSED, _to_keep(results, settings.limits))
        suspect = list(_suspect(ids, results, documents))
        write_json_lines(build.path / SUSPECT, suspect)
        return build.publish(
            counts={"documents": len(documents), "passages": len(passages), "suspect_pages": len(suspect)},
            dropped=Counter(each.reason for each in dropped),
            results={"languages": dict(sorted(Counter(each.language for each in documents).items()))},
        )


def _parse_all(
    build: Build, ids: Mapping[Source, str], known: Mapping[str, Any], settings: IngestSettings
) -> dict[str, Any]:
    """What the parsers say of each distinct file, by id; what is known is taken, the rest journalled as it comes."""
    paths = {key: source.path for source, key in reversed(list(ids.items()))}
    with build.journal("parsed") as journal:
        results = {**known, **{key: value for key, value in journal.items() if key in paths}}
        todo = [key for key in paths if key not in results]
        parsers: queue.SimpleQueue[Parser] = queue.SimpleQueue()
        for _ in range(settings.workers):
            parsers.put(Parser(settings.limits))

        def parse(key: str) -> tuple[str, dict[str, Any]]:
            parser = parsers.get()
            try:
                return key, {"parsed": parser.parse(paths[key]).model_dump(mode="json")}
            except ParseError as error:
                return key, {"reason": error.reason, "detail": error.detail}
            finally:
                parsers.put(parser)

        with ThreadPoolExecutor(settings.workers) as pool, Progress("ingest", len(paths), len(results)) as progress:
            for future in as_completed([pool.submit(parse, key) for key in todo]):
                key, result = future.result()
                journal.put(key, result)
                results[key] = result
                progress.advance()
        while not parsers.empty():
            parsers.get().stop()
    return results


def _documents(
    ids: Mapping[Source, str], results: Mapping[str, Any], settings: IngestSettings
) -> tuple[list[Document], list[Dropped]]:
    documents: dict[str, Document] = {}
    dropped: list[Dropped] = []
    for source, key in ids.items():
        result = results[key]
        if "parsed" not in result:
            dropped.append(Dropped(source=source.name, id=key, reason=result["reason"], detail=result["detail"]))
        elif key in documents:
            same = f"the same bytes as {documents[key].source}"
            dropped.append(Dropped(source=source.name, id=key, reason="duplicate", detail=same))
        else:
            documents[key] = _document(source, key, parse_record(Parsed, result["parsed"], source.name), settings)
    return list(documents.values()), dropped


def _document(source: Source, key: str, parsed: Parsed, settings: IngestSettings) -> Document:
    labels = {label for glob, each in settings.access.items() if fnmatch(source.name, glob) for label in each}
    return Document(
        id=key,
        source=source.name,
        title=parsed.title or source.path.stem,
        text=parsed.text,
        language=detect_language(parsed.text, among=settings.languages),
        metadata={"format": parsed.format},
        access=tuple(sorted(labels)),
        pages=parsed.pages,
    )


def _suspect(ids: Mapping[Source, str], results: Mapping[str, Any], documents: Sequence[Document]) -> Iterator[Suspect]:
    sources = {document.source for document in documents}
    for source, key in ids.items():
        if source.name in sources:
            for page in results[key]["parsed"]["suspect_pages"]:
                yield Suspect(source=source.name, page=page)


def _write(
    build: Build, documents: Sequence[Document], passages: Sequence[Passage], dropped: Sequence[Dropped]
) -> None:
    write_parquet(build.path / DOCUMENTS, documents)
    write_parquet(build.path / PASSAGES, passages)
    write_json_lines(build.path / DROPPED, dropped)


def _known(build: Build, limits: LimitSettings) -> dict[str, Any]:
    """What the corpus that is there now was told by the same parsers under the same limits."""
    path = build.out / PARSED
    if not (build.out / MANIFEST).exists() or not path.exists():
        return {}
    rows = [row for _, row in read_json_lines(path)]
    return {row["id"]: row["result"] for row in rows if row["parsers"] == _parsers(limits)}


def _to_keep(results: Mapping[str, Any], limits: LimitSettings) -> Iterator[dict[str, Any]]:
    for key in sorted(results):
        yield {"id": key, "parsers": _parsers(limits), "result": results[key]}


def _parsers(limits: LimitSettings) -> str:
    """What a parser's word depends on: its version, our code around it, the limits."""
    from importlib import metadata

    here = Path(__file__).parent / "parsers"
    own = [fingerprint_of_file(here / f"{name}.py") for name in ("registry", "pdf", "docx", "html", "markdown")]
    versions = [metadata.version(name) for name in PARSERS]
    return hashlib.sha256(repr((own, versions, limits.model_dump())).encode()).hexdigest()[:16]
