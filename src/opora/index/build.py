"""Corpus to index: a LanceDB table of terms and vectors of our own making, and the statistics that search needs.

In: a corpus. Out: an artefact: `passages.lance`, `terms.parquet` (how many passages hold each term), `lemmas.parquet`
and `components.npy` (of the dense vectors).

    build_index(IndexSettings(), Path("corpus"), Path("index"))
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opora.artifacts import Build, Manifest, read_manifest
from opora.artifacts.folder import hash_json
from opora.corpus.read import read_passages
from opora.index.settings import IndexSettings
from opora.progress import track
from opora.records import Passage
from opora.text.terms import terms

if TYPE_CHECKING:
    import pyarrow as pa

    from opora.index.vectors import Encoder

TABLE = "passages"
DENSE_LANGUAGE = "ru"
"""The language of the word vectors."""


def index_build(settings: IndexSettings, corpus: Path, out: Path) -> Build:
    """The build of this index: what it is made from, and whether it is done."""
    return Build(out, "index", settings, {"corpus": read_manifest(corpus).fingerprint})


def build_index(settings: IndexSettings, corpus: Path, out: Path) -> Manifest:
    """Make the index. Raises InputError if the corpus is not there."""
    build = index_build(settings, corpus, out)
    if build.finished:
        return build.finished
    with build:
        passages = list(read_passages(corpus))
        rows = [passage_terms(each, settings.heading_weight) for each in track(passages, "index", len(passages))]
        frequencies = Counter(term for row in rows for term in set(row))
        encoder, vectors = _vectors(settings, passages)
        _write_counts(build.path / "terms.parquet", "term", frequencies)
        _write_counts(build.path / "lemmas.parquet", "lemma", encoder.counts)
        _write_components(build.path / "components.npy", encoder)
        _write_table(build.path, passages, rows, vectors)
        return build.publish(
            counts={"passages": len(passages), "terms": len(frequencies)},
            results={"languages": sorted({str(each.metadata["language"]) for each in passages})},
            content=hash_json([build.key, sorted(frequencies.items())]),
        )


def passage_terms(passage: Passage, heading_weight: int) -> list[str]:
    """The terms that a passage is found by: its own, below its table's header, and those of its title and headings."""
    language = str(passage.metadata["language"])
    around = " ".join(dict.fromkeys([str(passage.metadata.get("title", "")), *passage.heading]))
    return heading_weight * terms(around, language) + terms(passage.shown, language)


def _vectors(settings: IndexSettings, passages: Sequence[Passage]) -> tuple[Encoder, Any]:
    """An encoder fitted to the Russian passages, and a vector for every passage, zeros for the others."""
    import numpy as np

    from opora.index.vectors import DIMENSIONS, fit_encoder, lemmas

    numbers = [n for n, each in enumerate(passages) if each.metadata["language"] == DENSE_LANGUAGE]
    texts = [lemmas(" ".join([*passages[n].heading, passages[n].shown])) for n in numbers]
    encoder = fit_encoder(texts, settings.components)
    vectors = np.zeros((len(passages), DIMENSIONS), dtype=np.float32)
    if numbers:
        vectors[numbers] = encoder.encode(texts)
    return encoder, vectors


def _write_table(folder: Path, passages: Sequence[Passage], rows: Sequence[Sequence[str]], vectors: Any) -> None:
    import lancedb
    from lancedb.index import FTS

    for leftover in folder.glob("*.lance"):
        shutil.rmtree(leftover)
    table = lancedb.connect(str(folder)).create_table(TABLE, _arrow(passages, rows, vectors))
    if passages:
        # our terms are final: the store is to split them at blanks and do nothing else to them
        config = FTS(
            base_tokenizer="whitespace",
            lower_case=False,
            stem=False,
            remove_stop_words=False,
            ascii_folding=False,
            max_token_length=None,
            with_position=False,
        )
        table.create_index("terms", config=config)


def _arrow(passages: Sequence[Passage], rows: Sequence[Sequence[str]], vectors: Any) -> pa.Table:
    import pyarrow as pa

    columns: dict[str, Any] = {
        "id": pa.array([each.id for each in passages], pa.string()),
        "language": pa.array([str(each.metadata["language"]) for each in passages], pa.string()),
        "access": pa.array([list(each.access) for each in passages], pa.list_(pa.string())),
        "terms": pa.array([" ".join(row) for row in rows], pa.string()),
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel(), pa.float32()), vectors.shape[1]),
        "record": pa.array([each.model_dump_json() for each in passages], pa.string()),
    }
    for key in sorted({key for each in passages for key in each.metadata}):
        columns[f"meta_{key}"] = _metadata_column([each.metadata.get(key) for each in passages])
    return pa.table(columns)


def _metadata_column(values: Sequence[Any]) -> pa.Array:
    """A column of one type: of the values' own if they agree, else text."""
    import pyarrow as pa

    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int} or kinds <= {float} or kinds <= {int, float} or kinds <= {bool}:
        return pa.array(values)
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def _write_counts(path: Path, name: str, counts: dict[str, int]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    items = sorted(counts.items())
    columns = {
        name: pa.array([key for key, _ in items], pa.string()),
        "count": pa.array([n for _, n in items], pa.int64()),
    }
    pq.write_table(pa.table(columns), path)


def _write_components(path: Path, encoder: Encoder) -> None:
    import numpy as np

    np.save(path, encoder.components)
