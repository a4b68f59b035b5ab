"""Functions of the Python API; `import opora` offers them and the records.

import opora

opora.ingest("documents")
opora.build_index()
answer = opora.ask("What is the daily fee?")
print(answer.text, [citation.location for citation in answer.citations])
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opora.answer.answerer import open_answerer, retrieve
from opora.answer.settings import AskSettings
from opora.artifacts.manifest import Manifest
from opora.bench.results.metrics import score_answer
from opora.corpus.reader import read_documents, read_passages
from opora.corpus.settings import IngestSettings
from opora.corpus.stage import IngestStage
from opora.examples.evidence import resolve_gold
from opora.models import registry as models
from opora.models.base import LanguageModel
from opora.models.settings import ModelSettings
from opora.records import Answer, Example, Score
from opora.retrieval.index.stage import IndexStage
from opora.retrieval.search import searcher
from opora.retrieval.search.searcher import Index
from opora.retrieval.settings import IndexSettings

StrPath = str | Path


def ingest(
    folders: StrPath | Sequence[StrPath], out: StrPath = "corpus", settings: IngestSettings | None = None
) -> Manifest:
    """Read documents into a corpus.

    `folders` are folders, files or globs, relative to the current folder; they replace those of `settings`. Returns the
    manifest with the counts; an unchanged corpus is not made again. Raises InputError for a missing or empty folder.
    """
    paths = [folders] if isinstance(folders, str | Path) else folders
    settings = (settings or IngestSettings()).model_copy(update={"folders": tuple(map(str, paths))})
    return IngestStage(settings, Path(), Path(out)).run()


def build_index(corpus: StrPath = "corpus", out: StrPath = "index", settings: IndexSettings | None = None) -> Manifest:
    """Build the search index of a corpus, or update it. Raises InputError if there is no corpus."""
    return IndexStage(settings or IndexSettings(), Path(corpus), Path(out)).run()


def open_index(folder: StrPath = "index") -> Index:
    """Open an index: `open_index().search("daily fee", top_k=4)` returns hits. Raises InputError if it is missing."""
    return searcher.open_index(Path(folder))


def load_model(spec: str, settings: ModelSettings | None = None) -> LanguageModel:
    """Load a language model, such as `smollm2` or `openai:MODEL@URL`. Raises InputError for an unknown spec."""
    return models.load_model(spec, settings or ModelSettings())


def ask(
    question: str,
    index: StrPath | Index = "index",
    model: str | LanguageModel = "extractive",
    settings: AskSettings | None = None,
) -> Answer:
    """Answer a question from an index, with citations, or refuse.

    Pass an opened index and a loaded model to answer many questions. Raises InputError for an empty question.
    """
    opened = index if isinstance(index, Index) else open_index(index)
    settings = settings or AskSettings()
    if isinstance(model, str):
        answerer = open_answerer(model, opened, settings)
    else:
        loaded = model
        answerer = open_answerer(loaded.spec, opened, settings, lambda spec, settings: loaded)
    [answer] = answerer.answer(retrieve([question], opened, settings.top_k))
    return answer


def score(answer: Answer, example: Example, corpus: StrPath | None = None) -> dict[str, Score]:
    """Return metric -> score of an answer: key facts, ROUGE-L, refusal, citations.

    A score without a value says why. Citations are scored against gold passages; with `corpus` they are found by the
    quotes of the example. Raises InputError for a quote that is not in the corpus.
    """
    if corpus is not None:
        example = resolve_gold(example, list(read_documents(Path(corpus))), list(read_passages(Path(corpus))))
    return score_answer(example, answer)
