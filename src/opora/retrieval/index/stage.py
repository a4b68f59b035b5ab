"""Stage that makes or updates the index of a corpus.

The artefact is self-contained: the table `passages.lance` (or the name of a Milvus collection),
`embedder/` and `reranker/` if they have files, `terms.parquet` (document frequencies), `documents.parquet` (hashes).

    IndexStage(IndexSettings(), Path("corpus"), Path("index")).run()

An existing index is updated: new and changed documents are written and removed ones are deleted in a copy that shares
its files. Readers see the old index until the new one replaces it.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from opora.artifacts import Build, Manifest, fingerprint_of_file, read_manifest
from opora.artifacts.checksums import hash_json
from opora.artifacts.manifest import check_files
from opora.artifacts.stage import Estimate, Project, Stage
from opora.corpus.reader import read_metadata
from opora.errors import InputError, OporaError
from opora.retrieval.index.runners import RUNNERS
from opora.retrieval.index.statistics import (
    CHECKSUM_COLUMNS,
    DocumentDigest,
    IndexStatistics,
    compute_digests,
    read_digests,
    write_digests,
)
from opora.retrieval.index.table import RERANKER, SYNONYMS, IndexDraft, TableBuilder, find_changes
from opora.retrieval.rerankers.registry import save_reranker
from opora.retrieval.settings import IndexSettings
from opora.retrieval.store.registry import STORES, drop_store
from opora.retrieval.store.schema import ColumnType, infer_metadata_types
from opora.retrieval.trained_models import ModelRole, trained_manifest

ROW_FORMAT = 5
"""Increased whenever the same passages give other rows or other files, so that older indexes are rebuilt."""


class IndexStage(Stage):
    """Builds the index, or updates it if only documents or search settings changed."""

    kind = "index"

    def __init__(self, settings: IndexSettings, corpus: Path, out: Path) -> None:
        self.settings: IndexSettings = settings
        self.corpus, self.out = corpus, out

    @classmethod
    def of(cls, project: Project, name: str) -> Self:
        return cls(project.settings(name, IndexSettings), project.root / "corpus", project.root / "index")

    def needs(self, project: Project) -> tuple[str, ...]:
        return ("ingest", *project.trained_by((self.settings.embedder, self.settings.reranker)))

    def inputs(self) -> Mapping[str, str]:
        # a wrong name fails here, before any work
        STORES.parse(self.settings.store)
        RUNNERS.parse(self.settings.runner)
        inputs = {"corpus": read_manifest(self.corpus).fingerprint}
        specs: dict[ModelRole, str] = {"embedder": self.settings.embedder, "reranker": self.settings.reranker}
        for role, spec in specs.items():
            if spec.startswith("train/"):
                inputs[role] = trained_manifest(role, spec, self.corpus.parent).fingerprint
        if synonyms := self.settings.synonyms:
            if not synonyms.is_file():
                raise InputError(f"index.synonyms is {synonyms}, which does not exist; give the path of a text file")
            inputs["synonyms"] = fingerprint_of_file(synonyms)
        return inputs

    def estimate(self, project: Project) -> Estimate:
        from opora.corpus.stage import IngestStage

        # the built-in embedder indexes a document in less time than it takes to parse
        return IngestStage.of(project, "ingest").estimate(project)

    def find_fault(self, manifest: Manifest) -> str:
        return "" if has_current_rows(manifest) else "made by another version of opora"

    def make(self, build: Build) -> Manifest:
        """Write the index. Raises OporaError if the stored rows are not the ones that were written."""
        previous = load_valid_index(self.out)
        _remove_leftovers(build.path)
        digests, types = compute_digests(self.corpus), infer_metadata_types(read_metadata(self.corpus))
        builder = TableBuilder(build, self.settings, self.corpus)
        updates = previous and self._has_same_rows(previous, build, types)
        changes = find_changes(read_digests(self.out), digests) if updates else None
        draft = builder.update(previous, changes) if previous and changes else builder.create(types)
        manifest = self._publish(build, draft, digests)
        if previous and previous.results["table"] != draft.table:
            drop_store(previous.settings["store"], previous.results["table"])
        return manifest

    def _has_same_rows(self, previous: Manifest, build: Build, types: Mapping[str, ColumnType]) -> bool:
        """Return True if unchanged documents would give the rows of the previous index again."""
        return (
            IndexSettings.model_validate(previous.settings).row_fields == self.settings.row_fields
            and previous.inputs.get("embedder") == build.inputs.get("embedder")
            and previous.results["metadata"] == types
        )

    def _publish(self, build: Build, draft: IndexDraft, digests: Mapping[str, DocumentDigest]) -> Manifest:
        """Finish the store, verify it, write everything beside it, and replace the previous index."""
        draft.store.finish()
        _verify_rows(self.out, draft, expected=sum(digest.passages for digest in digests.values()))
        statistics, models = draft.statistics, dict(draft.embedder.identity()) if draft.embedder else {}
        statistics.write(build.path)
        write_digests(build.path, digests)
        save_reranker(self.settings.reranker, build.path / RERANKER, self.out.parent)
        if self.settings.synonyms:
            shutil.copyfile(self.settings.synonyms, build.path / SYNONYMS)
        return build.publish(
            counts={"passages": statistics.passages, "terms": len(statistics.frequencies)},
            models=models,
            results={
                "languages": dict(sorted(statistics.languages.items())),
                "metadata": dict(draft.schema.metadata),
                "row_format": ROW_FORMAT,
                "dimensions": draft.schema.dimensions,
                "table": draft.table,
                "checksum": statistics.checksum,
            },
            content=hash_json([build.key, statistics.checksum, models]),
        )


def _remove_leftovers(folder: Path) -> None:
    """Remove the files of an interrupted build, except its journals."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "key" and ".journal" not in path.name:
            path.unlink()


def _verify_rows(out: Path, draft: IndexDraft, expected: int) -> None:
    """Raise OporaError unless the store returns exactly the rows that were written, one per passage of the corpus."""
    stored = IndexStatistics()
    for rows in draft.store.scan([], CHECKSUM_COLUMNS):
        stored.add_checksums(rows)
    written = draft.statistics
    if stored.checksum != written.checksum or not stored.passages == written.passages == expected:
        raise OporaError(
            f"{out}: the corpus has {expected} passages, {written.passages} were written and {stored.passages} can be"
            " read back, or their contents differ; run `opora index` again and check the disk"
        )


def check_index(folder: Path) -> Manifest:
    """Return the manifest of a usable index. Reads a sample of every file, in well under a second.

    Raises InputError if there is no finished index, OporaError if it is damaged or of another version.
    """
    manifest, damaged = check_files(folder)
    if manifest.stage != "index":
        raise InputError(f"{folder}: not an index but the artefact of `{manifest.stage}`")
    if not has_current_rows(manifest):
        raise OporaError(f"{folder}: the index was made by another version of opora; run `opora index`")
    if damaged:
        raise damaged_error(folder, f"{damaged[0]} has changed")
    return manifest


def load_valid_index(folder: Path) -> Manifest | None:
    """Return the manifest of the index in `folder`; None if there is none or it is unusable."""
    with contextlib.suppress(OporaError):
        return check_index(folder)
    return None


def has_current_rows(manifest: Manifest) -> bool:
    """Return True if the rows of an index have the format of this version."""
    return manifest.results.get("row_format") == ROW_FORMAT


def damaged_error(folder: Path, reason: str) -> OporaError:
    """Return the error for a damaged index, with what to run."""
    line = " ".join(reason.split())[:200]
    return OporaError(f"{folder}: the index is damaged ({line}); run `opora index`")
