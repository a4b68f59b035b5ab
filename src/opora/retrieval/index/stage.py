"""Corpus to index: rows in a store, and what search needs beside them.

In: a corpus. Out: an artefact that is complete by itself: the table `passages.lance` (or the name of a collection of
Milvus), `embedder/` and `reranker/` where they have files, `terms.parquet` (how many passages hold each term),
`documents.parquet` (a hash of each document as it was indexed).

    build_index(IndexSettings(), Path("corpus"), Path("index"))

An index that is there is brought up to date: documents that are new or changed are written, those that are gone are
taken out, in a copy that shares its files. Whatever happens meanwhile, who reads sees the old index or the new one.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from opora.artifacts import Build, Manifest, fingerprint_of_file, read_manifest
from opora.artifacts.build import hash_json
from opora.artifacts.checksums import find_damage
from opora.console.progress import Progress
from opora.corpus.reader import count_passages, read_metadata, read_passages
from opora.errors import InputError, OporaError
from opora.retrieval.embedders.cached import JournalledEmbedder, is_costly
from opora.retrieval.embedders.fingerprint import SAVED
from opora.retrieval.embedders.registry import fit_or_load, open_embedder
from opora.retrieval.index.rows import RowMaker, batches, text_of, width_of
from opora.retrieval.index.runners import Source, make_rows, parse_runner, write_rows
from opora.retrieval.index.statistics import (
    COUNTED,
    SUMMED,
    Digest,
    Tally,
    document_digests,
    read_digests,
    write_digests,
)
from opora.retrieval.rerankers.registry import save_reranker
from opora.retrieval.settings import IndexSettings
from opora.retrieval.store.base import Shape, Store
from opora.retrieval.store.filters import Kind, OneOf, metadata_kinds
from opora.retrieval.store.idf import Idf
from opora.retrieval.store.registry import copy_store, create_store, drop_store, open_store, table_name, table_place
from opora.retrieval.trained_models import Part, trained_manifest
from opora.text.terms.index_terms import search_terms

if TYPE_CHECKING:
    import pyarrow as pa

    from opora.retrieval.embedders.base import Embedder

SAMPLE = 20_000
"""Passages that word vectors are fitted to."""
REBUILD_SHARE = 0.5
"""Share of the documents that may come, go or change before everything is fitted and built anew."""
COUNTED_SAMPLE = 2_000
"""Passages of the sample that tell how rare a term is, for the keywords of each passage."""
BATCH = 1024
ROWS = 3
"""Raised when other rows are made from the same passages, so that an older index is built anew."""
RERANKER, SYNONYMS = "reranker", "synonyms.txt"


class IndexBuild(Build):
    """The build of an index, which is finished only while its files are what was written."""

    @property
    def finished(self) -> Manifest | None:
        return None if not self.out.is_dir() or damage_of(self.out) else super().finished


def index_build(settings: IndexSettings, corpus: Path, out: Path) -> IndexBuild:
    """The build of this index: what it is made from, and whether it is done."""
    inputs = {"corpus": read_manifest(corpus).fingerprint}
    specs: dict[Part, str] = {"embedder": settings.embedder, "reranker": settings.reranker}
    for part, spec in specs.items():
        if spec.startswith("train/"):
            inputs[part] = trained_manifest(part, spec, corpus.parent).fingerprint
    if settings.synonyms:
        if not settings.synonyms.is_file():
            raise InputError(f"index: synonyms is {settings.synonyms}: no such file")
        inputs["synonyms"] = fingerprint_of_file(settings.synonyms)
    return IndexBuild(out, "index", settings, inputs)


def build_index(settings: IndexSettings, corpus: Path, out: Path) -> Manifest:
    """Make the index, or bring the one in `out` up to date. Raises InputError if the corpus is not there, OporaError if
    what was written cannot be read back."""
    build = index_build(settings, corpus, out)
    old = whole_index(out)
    if old and old.key == build.key:
        return old
    with build:
        _clear(build.path)
        digests, kinds = document_digests(corpus), metadata_kinds(read_metadata(corpus))
        changes = _changes(read_digests(out), digests) if old and _fits(old, settings, build.inputs, kinds) else None
        if old and changes:
            made = _update(build, settings, corpus, old, changes)
        else:
            made = _create(build, settings, corpus, kinds)
        manifest = _publish(build, settings, made, digests)
    if old and old.results.get("table", made.table) != made.table:
        drop_store(old.settings["store"], old.results["table"])
    return manifest


def whole_index(folder: Path) -> Manifest | None:
    """The manifest of the index in `folder`; None if there is none, and also, with a line that says so, if it is
    damaged."""
    if not folder.is_dir():
        return None
    damage = damage_of(folder)
    if damage:
        print(f"opora: {folder}: {damage}; building it anew", file=sys.stderr)
    return None if damage else read_manifest(folder)


def damage_of(folder: Path) -> str:
    """Why the index in `folder` cannot be used; empty if it can."""
    try:
        manifest = read_manifest(folder)
        damage = find_damage(folder, manifest.marks)
        while damage and (newer := read_manifest(folder)) != manifest:  # another index took its place meanwhile
            manifest, damage = newer, find_damage(folder, newer.marks)
    except InputError as error:
        return str(error)
    if manifest.stage == "index" and manifest.results.get("rows") != ROWS:
        return "the index was made by another version of opora"
    return f"the index is damaged ({damage[0]} is not what was written)" if damage else ""


class Changes(NamedTuple):
    """Ids of documents to take out and to write; one that has changed is among both."""

    gone: frozenset[str]
    new: frozenset[str]
    passages: int
    """Of the documents to write."""


def _changes(old: Mapping[str, Digest], new: Mapping[str, Digest]) -> Changes | None:
    """What happened to the documents, given the digest of each; None if it is so much that all is to be built anew."""
    gone = frozenset(each for each in old if new.get(each) != old[each])
    added = frozenset(each for each in new if new[each] != old.get(each))
    passages = sum(new[each].passages for each in added)
    return Changes(gone, added, passages) if len(gone | added) <= REBUILD_SHARE * len(old) else None


def _fits(old: Manifest, settings: IndexSettings, inputs: Mapping[str, str], kinds: Mapping[str, Kind]) -> bool:
    """True if the rows of the index that is there are those that would be made now."""
    return (
        IndexSettings.model_validate(old.settings).of_rows == settings.of_rows
        and old.inputs.get("embedder") == inputs.get("embedder")
        and old.results["metadata"] == kinds
    )


def _clear(folder: Path) -> None:
    """Remove what a killed build left, but for what it journalled."""
    for each in folder.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        elif each.name != "key" and ".journal" not in each.name:
            each.unlink()


class Made(NamedTuple):
    """A table that is written, and what is known of it."""

    store: Store
    table: str
    shape: Shape
    tally: Tally
    embedder: Embedder | None
    idf: Callable[[str], float]
    """Of terms, by a sample of the passages."""


def _create(build: Build, settings: IndexSettings, corpus: Path, kinds: Mapping[str, Kind]) -> Made:
    """A new table of all passages."""
    size = count_passages(corpus)
    numbers = random.Random(0).sample(range(size), min(SAMPLE, size))
    sample = [text_of(each) for each in read_passages(corpus, numbers)]
    counts = Counter(term for each in sample[:COUNTED_SAMPLE] for term in set(search_terms(each.text, each.language)))
    embedder = fit_or_load(settings.embedder, sample, settings, root=corpus.parent)
    if embedder:
        embedder.save(build.path / SAVED)
    shape = Shape(width_of(embedder), kinds)
    table = table_name(settings.store, build.key)
    made = Made(
        create_store(settings.store, build.path, table, shape),
        table,
        shape,
        Tally(),
        embedder,
        Idf(counts, len(sample[:COUNTED_SAMPLE])),
    )
    return _write(build, made, settings, Source(corpus), size)


def _update(build: Build, settings: IndexSettings, corpus: Path, old: Manifest, changes: Changes) -> Made:
    """A copy of the index that is there, its files shared, with the changes made in it."""
    for each in build.out.iterdir():
        if each.is_dir() and each.name != RERANKER:
            shutil.copytree(each, build.path / each.name, copy_function=os.link)
    embedder = open_embedder(settings.embedder, build.path)
    shape = Shape(width_of(embedder), old.results["metadata"])
    table = table_name(settings.store, build.key)
    store = copy_store(settings.store, build.path, (old.results["table"], table), shape)
    tally = Tally.read(build.out)
    made = Made(store, table, shape, tally, embedder, Idf(dict(tally.frequencies), tally.passages))
    for some in batches(sorted(changes.gone), BATCH):
        for rows in store.rows([OneOf("document_id", tuple(some))], COUNTED):
            made.tally.remove(rows)
    if changes.gone:
        store.delete(changes.gone)
    return _write(build, made, settings, Source(corpus, changes.new), changes.passages) if changes.new else made


def _write(build: Build, made: Made, settings: IndexSettings, source: Source, total: int) -> Made:
    """Passages become rows of the store, which are counted. `total`: how many they are."""
    place = table_place(settings.store, build.path, made.table)
    if place and parse_runner(settings.runner) is not None:
        return _write_by_workers(build, made, settings, source, place)
    with contextlib.ExitStack() as stack:
        embedder = made.embedder
        if embedder and is_costly(embedder) and settings.runner == "local":
            embedder = JournalledEmbedder(embedder, stack.enter_context(build.journal("vectors")))
        maker = RowMaker(embedder, made.shape, settings.heading_weight, made.idf)
        progress = stack.enter_context(Progress("index", total))

        def rows() -> Iterator[pa.RecordBatch]:
            for some in make_rows(settings.runner, source, lambda: maker):
                made.tally.add(some)
                yield some
                progress.advance(some.num_rows)

        made.store.write(rows())
    return made


def _write_by_workers(build: Build, made: Made, settings: IndexSettings, source: Source, place: str) -> Made:
    """The same on a cluster, whose workers write the files of the table themselves; what they wrote is counted."""
    maker = RowMaker(made.embedder, made.shape, settings.heading_weight, made.idf)
    write_rows(settings.runner, source, lambda: maker, place)
    store, tally = open_store(settings.store, build.path, made.table, made.shape), Tally()
    for rows in store.rows([], COUNTED):
        tally.add(rows)
    return made._replace(store=store, tally=tally)


def _publish(build: Build, settings: IndexSettings, made: Made, digests: Mapping[str, Digest]) -> Manifest:
    """Index what was written, see that all of it is there and nothing else, and put it in the place of the old."""
    made.store.finish()
    found = Tally()
    for rows in made.store.rows([], SUMMED):
        found.sum(rows)
    wanted = sum(each.passages for each in digests.values())
    if found.checksum != made.tally.checksum or not found.passages == made.tally.passages == wanted:
        raise OporaError(
            f"{build.out}: {wanted} passages are in the corpus, {made.tally.passages} were written and {found.passages}"
            " can be read back, or others; run `opora index` again, and look whether the disk is sound"
        )
    made.tally.write(build.path)
    write_digests(build.path, digests)
    save_reranker(settings.reranker, build.path / RERANKER, build.out.parent)
    if settings.synonyms:
        shutil.copyfile(settings.synonyms, build.path / SYNONYMS)
    return build.publish(
        counts={"passages": made.tally.passages, "terms": len(made.tally.frequencies)},
        models=made.embedder.identity() if made.embedder else {},
        results={
            "languages": dict(sorted(made.tally.languages.items())),
            "metadata": dict(made.shape.kinds),
            "rows": ROWS,
            "dimensions": made.shape.dimensions,
            "table": made.table,
            "checksum": made.tally.checksum,
        },
        content=hash_json([build.key, made.tally.checksum, dict(made.embedder.identity()) if made.embedder else None]),
    )
