"""References that come with questions, made searchable: a corpus and an index of them.

In: examples that carry their own passages. Out: an index of those passages, in a folder of the caller's.

    with tempfile.TemporaryDirectory() as folder:
        index = index_references(examples, Path(folder))
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from opora.artifacts import Build, write_parquet
from opora.records import Document, Example, Passage
from opora.retrieval.index.stage import build_index
from opora.retrieval.search.searcher import Index, open_index
from opora.retrieval.settings import IndexSettings
from opora.validation import Settings


def index_references(examples: Iterable[Example], folder: Path) -> Index:
    """An index of all passages that `examples` carry, each a document of its own."""
    passages = {passage.id: passage for example in examples for passage in example.passages}
    with Build(folder / "corpus", "references", Settings(), inputs={}) as build:
        write_parquet(build.path / "documents.parquet", map(_document, passages.values()))
        write_parquet(build.path / "passages.parquet", passages.values())
        build.publish(counts={"passages": len(passages)})
    build_index(IndexSettings(), folder / "corpus", folder / "index")
    return open_index(folder / "index")


def _document(passage: Passage) -> Document:
    return Document(
        id=passage.document_id,
        source=str(passage.metadata["source"]),
        title=str(passage.metadata["title"]),
        text=passage.text,
        language=str(passage.metadata["language"]),
    )
