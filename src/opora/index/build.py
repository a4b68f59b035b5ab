"""Corpus to index: a LanceDB table of terms and vectors of our own making, and the statistics that search needs.

In: a corpus. Out: an artefact: `passages.lance`, `terms.parquet` (how many passages hold each term), `lemmas.parquet`
(the same of the Russian passages and lemmas) and `components.npy` (of the dense vectors).

    build_index(IndexSettings(), Path("corpus"), Path("index"))
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opora.artifacts import Build, Manifest, fingerprint_of_file, read_manifest
from opora.corpus.read import read_passages
from opora.index.filters import Kind, column_of, metadata_kinds
from opora.index.settings import IndexSettings
from opora.progress import track
from opora.records import Passage, Scalar
from opora.text.terms import terms

if TYPE_CHECKING:
    import pyarrow as pa

    from opora.index.vectors import Encoder
    from opora.index.word_vectors import Vectors

TABLE = "passages"
DENSE_LANGUAGE = "ru"
"""The language of the word vectors; passages in others have no vector, and are found by their terms only."""


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
        languages = Counter(language_of(each) for each in passages)
        kinds = metadata_kinds(passages)
        encoder, vectors = _vectors(settings, passages)
        _write_counts(build.path / "terms.parquet", "term", frequencies)
        _write_counts(build.path / "lemmas.parquet", "lemma", encoder.counts)
        _write_components(build.path / "components.npy", encoder)
        _write_table(build.path, _arrow(passages, rows, vectors, kinds))
        return build.publish(
            counts={"passages": len(passages), "terms": len(frequencies)},
            models=_models() if DENSE_LANGUAGE in languages else {},
            results={"languages": dict(sorted(languages.items())), "metadata": kinds},
            content=_content(build.key, passages, rows),
        )


def passage_terms(passage: Passage, heading_weight: int) -> list[str]:
    """The terms that a passage is found by: its own, below its table's header, and those of its title and headings."""
    language = language_of(passage)
    around = " ".join(dict.fromkeys([str(passage.metadata.get("title", "")), *passage.heading]))
    return heading_weight * terms(around, language) + terms(passage.shown, language)


def language_of(passage: Passage) -> str:
    return str(passage.metadata["language"])


def _vectors(settings: IndexSettings, passages: Sequence[Passage]) -> tuple[Encoder, Vectors]:
    """An encoder fitted to the Russian passages, and a vector for every passage, zeros for the others."""
    import numpy as np

    from opora.index.vectors import fit_encoder, lemmas
    from opora.index.word_vectors import DIMENSIONS

    numbers = [n for n, each in enumerate(passages) if language_of(each) == DENSE_LANGUAGE]
    texts = [lemmas(" ".join([*passages[n].heading, passages[n].shown])) for n in numbers]
    encoder = fit_encoder(texts, settings.components)
    vectors = np.zeros((len(passages), DIMENSIONS), dtype=np.float32)
    if numbers:
        vectors[numbers] = encoder.encode(texts)
    return encoder, vectors


def _arrow(
    passages: Sequence[Passage], rows: Sequence[Sequence[str]], vectors: Vectors, kinds: Mapping[str, Kind]
) -> pa.Table:
    import pyarrow as pa

    columns: dict[str, Any] = {
        "id": pa.array([each.id for each in passages], pa.string()),
        "document_id": pa.array([each.document_id for each in passages], pa.string()),
        "language": pa.array([language_of(each) for each in passages], pa.string()),
        "access": pa.array([list(each.access) for each in passages], pa.list_(pa.string())),
        "terms": pa.array([" ".join(row) for row in rows], pa.string()),
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel(), pa.float32()), vectors.shape[1]),
        "record": pa.array([each.model_dump_json() for each in passages], pa.string()),
    }
    types = {"text": pa.string(), "number": pa.float64(), "bool": pa.bool_()}
    for key, kind in kinds.items():
        values = [_as_kind(each.metadata.get(key), kind) for each in passages]
        columns[column_of(key, kinds)] = pa.array(values, types[kind])
    return pa.table(columns)


def _as_kind(value: Scalar | None, kind: Kind) -> Scalar | None:
    return str(value) if kind == "text" and value is not None else value


def _write_table(folder: Path, rows: pa.Table) -> None:
    import lancedb
    from lancedb.index import FTS

    # an interrupted build may have left a table
    for leftover in folder.glob("*.lance"):
        shutil.rmtree(leftover)
    table = lancedb.connect(str(folder)).create_table(TABLE, rows)
    if rows.num_rows:
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


def _write_counts(path: Path, name: str, counts: Mapping[str, int]) -> None:
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


def _models() -> dict[str, str]:
    from opora.index.word_vectors import NAME, find_word_vectors

    return {NAME: fingerprint_of_file(find_word_vectors())}


def _content(key: str, passages: Sequence[Passage], rows: Sequence[Sequence[str]]) -> str:
    """What tells one index from another; the store writes other bytes each time."""
    digest = hashlib.sha256(key.encode())
    for passage, row in zip(passages, rows, strict=True):
        digest.update(json.dumps([passage.model_dump_json(), row], ensure_ascii=False).encode())
    return digest.hexdigest()
