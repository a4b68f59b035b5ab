"""Comparison of an index with the corpus, and of a corpus with the documents on disk, in well under a second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from opora.artifacts import Manifest, read_manifest
from opora.artifacts.checksums import MANIFEST
from opora.artifacts.tables import read_json_lines, read_parquet_rows
from opora.corpus.reader import DOCUMENTS
from opora.corpus.report.summary import DROPPED
from opora.corpus.settings import IngestSettings
from opora.corpus.sources.patterns import NamePatterns, ignores_case
from opora.corpus.sources.registry import find_sources
from opora.corpus.sources.removed import Exclusion, read_removed
from opora.errors import OporaError
from opora.validation import parse_record

MAX_DOCUMENTS = 2_000
"""Documents up to which the folders are listed to find changes; more would take longer than an answer."""


def staleness(index: Path, made_of: str, corpus: Path) -> Iterator[str]:
    """Yield a warning if the corpus is not the one that an index was `made_of`, and one if documents have changed since
    the corpus was made. A corpus that cannot be read gives none."""
    try:
        manifest = read_manifest(corpus)
    except OporaError:
        return
    if manifest.fingerprint != made_of:
        yield f"{index} was made of an older {corpus}; answers may be out of date: run `opora index`"
    if changed := changed_documents(corpus, manifest):
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        yield f"documents have changed since `opora ingest`: {changed[0]}{more}; run `opora ingest` and `opora index`"


def changed_documents(corpus: Path, manifest: Manifest) -> list[str]:
    """Return the names of files that are new, gone, or newer than the corpus; none for a corpus that is large, damaged
    or of another version, and if the folders are not there."""
    if manifest.counts.get("documents", 0) > MAX_DOCUMENTS or not manifest.settings.get("folders"):
        return []
    root = corpus.parent
    try:
        settings = parse_record(IngestSettings, manifest.settings, str(corpus))
        excluded = Exclusion(NamePatterns(settings.exclude, ignores_case(root.resolve())), read_removed(root))
        sources = find_sources(settings.folders, excluded, root).sources
        made = (corpus / MANIFEST).stat().st_mtime - manifest.seconds
        # a file from the future would be newer for ever
        newer = {source.name for source in sources if made < source.path.stat().st_mtime <= time.time()}
        known = {row["source"] for row in read_parquet_rows(corpus / DOCUMENTS, ["source"])}
        known |= {row["source"] for _, row in read_json_lines(corpus / DROPPED) if row["reason"] != "unreadable"}
    except (OporaError, OSError, ValueError, LookupError):
        return []
    names = {source.name for source in sources}
    gone = {name for name in known if not names.intersection(_containers(name))}
    expected = {container for name in known for container in _containers(name)}
    return sorted((names - expected) | (newer & names) | gone)


def _containers(name: str) -> Iterator[str]:
    """Yield a name and those of the files that may hold it: `a.zip/b/c.txt`, `a.zip/b`, `a.zip`."""
    while name:
        yield name
        name = name.rpartition("/")[0]
