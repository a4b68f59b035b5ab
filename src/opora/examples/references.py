"""Index of the passages that examples bring along."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from opora.artifacts import Build, write_parquet
from opora.corpus.reader import DOCUMENTS, PASSAGES
from opora.records import Document, Example, Passage
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.search.searcher import Index, open_index
from opora.retrieval.settings import IndexSettings
from opora.validation import Settings


def index_references(examples: Iterable[Example], folder: Path) -> Index:
    """Return an index, built in `folder`, of all passages of `examples`; each passage is a document of its own."""
    passages = {passage.id: passage for example in examples for passage in example.passages}
    with Build(folder / "corpus", "references", Settings(), inputs={}) as build:
        write_parquet(build.path / DOCUMENTS, map(_document, passages.values()))
        write_parquet(build.path / PASSAGES, passages.values())
        build.publish(counts={"passages": len(passages)})
    IndexStage(IndexSettings(), folder / "corpus", folder / "index").run()
    return open_index(folder / "index")


def _document(passage: Passage) -> Document:
    return Document(
        id=passage.document_id,
        source=str(passage.metadata["source"]),
        title=str(passage.metadata["title"]),
        text=passage.text,
        language=str(passage.metadata["language"]),
    )
