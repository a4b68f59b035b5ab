"""Parsing of many files by several sandboxed processes."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from opora.artifacts.journal import Journal
from opora.console.progress import Progress
from opora.corpus.parsers.base import ParseError
from opora.corpus.sandbox.process import SandboxedParser
from opora.corpus.settings import IngestSettings

UNCERTAIN = frozenset({"time limit", "memory limit", "crashed", "unreadable"})
"""Reasons that may lie in the machine and its other work, not in the document."""


def parse_files(paths: Mapping[str, Path], journal: Journal, settings: IngestSettings) -> None:
    """Parse the files that the journal lacks, by id, and put each result into it as it comes.

    A document that exceeds a limit or crashes its process is parsed once more, with nothing beside it.
    """
    pending = [key for key in paths if key not in journal]
    with Progress("ingest", len(paths), len(paths) - len(pending)) as progress:
        uncertain = _parse_in_parallel({key: paths[key] for key in pending}, journal, settings, progress)
    if uncertain:
        print(f"opora: trying {len(uncertain)} documents once more, one at a time", file=sys.stderr)
    for key in uncertain:
        with SandboxedParser(settings.limits, settings.parse) as parser:
            journal.put(key, parse_file(parser, paths[key]))


def _parse_in_parallel(
    paths: Mapping[str, Path], journal: Journal, settings: IngestSettings, progress: Progress
) -> list[str]:
    """Parse files and put their results into the journal, except uncertain ones, whose ids are returned."""
    uncertain: list[str] = []
    writing = threading.Lock()
    idle: queue.SimpleQueue[SandboxedParser] = queue.SimpleQueue()

    def parse(key: str) -> None:
        parser = idle.get()
        try:
            result = parse_file(parser, paths[key])
        finally:
            idle.put(parser)
        with writing:
            if result.get("reason") in UNCERTAIN:
                uncertain.append(key)
            else:
                journal.put(key, result)

    with ExitStack() as stack:
        parsers = [
            stack.enter_context(SandboxedParser(settings.limits, settings.parse)) for _ in range(settings.workers)
        ]
        for parser in parsers:
            idle.put(parser)
        with ThreadPoolExecutor(settings.workers) as pool:
            try:
                for future in as_completed([pool.submit(parse, key) for key in paths]):
                    future.result()
                    progress.advance()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for parser in parsers:
                    parser.kill()
                raise
    return sorted(uncertain)


def parse_file(parser: SandboxedParser, path: Path) -> dict[str, Any]:
    """Return the result of parsing a file: `{"parsed": {...}}`, or `{"reason": ..., "detail": ...}`."""
    try:
        return {"parsed": parser.parse(path).model_dump(mode="json")}
    except ParseError as error:
        return {"reason": error.reason, "detail": error.detail}
