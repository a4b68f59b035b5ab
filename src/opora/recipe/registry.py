"""Registry of the sections of a recipe: the settings and the stage behind each name in opora.yaml.

Recipe, plan and command line read this table. A new kind of stage is one class and one row; a package outside opora
adds rows through entry points of the group `opora.stages`, each of which loads a `RegistryEntry`.

    find_entry("train", "sft").load_stage()      # <class 'opora.train.llm.stage.AdapterStage'>
"""

from __future__ import annotations

import functools
from importlib import import_module, metadata
from typing import TYPE_CHECKING, NamedTuple, cast

from opora.errors import InputError
from opora.train.objectives.registry import OBJECTIVES

if TYPE_CHECKING:
    from opora.artifacts.stage import Stage
    from opora.validation import Settings

PLUGINS = "opora.stages"
"""Group of entry points."""


class RegistryEntry(NamedTuple):
    """One kind of section. Classes are named as `module:Class` and imported when they are used."""

    section: str
    method: str
    """Empty for a section that has one artefact (`ingest`); otherwise its entries have names and a method each."""
    settings: str
    stage: str = ""
    """Empty for a section that only configures a command (`ask`)."""
    help: str = ""
    flags: tuple[str, ...] = ()
    """Settings that are options of the command, dotted where they are nested."""
    argument: str = ""
    """Setting that the positional arguments of the command give."""
    requires: str = ""
    """Section without whose entries a run leaves this stage out."""

    def load_settings(self) -> type[Settings]:
        """Import the settings class."""
        return cast("type[Settings]", _load(self.settings))

    def load_stage(self) -> type[Stage]:
        """Import the stage class."""
        return cast("type[Stage]", _load(self.stage))


ENTRIES = [
    RegistryEntry(
        "ingest", "", "opora.corpus.settings:IngestSettings", "opora.corpus.stage:IngestStage",
        "Read documents into corpus/. PDF, Word, HTML, e-mail and many other formats.", argument="folders",
    ),
    RegistryEntry(
        "index", "", "opora.retrieval.settings:IndexSettings", "opora.retrieval.index.stage:IndexStage",
        "Build or update the search index. BM25 terms and dense vectors of corpus/ go to index/.", ("runner",),
    ),
    RegistryEntry("ask", "", "opora.answer.settings:AskSettings"),
    RegistryEntry(
        "dataset", "raft", "opora.dataset.raft.settings:RaftSettings", "opora.dataset.raft.stage:RaftStage",
        "Gold passages among distractors, and refusals. Zhang et al. 2024, arXiv:2403.10131.", ("questions",),
    ),
    *(
        RegistryEntry("train", name, row.settings, "opora.train.llm.stage:AdapterStage", row.help, ("model", "dataset"))
        for name, row in OBJECTIVES.items()
    ),
    RegistryEntry(
        "train", "embedder", "opora.train.embedder.settings:EmbedderTrainSettings",
        "opora.train.embedder.stage:EmbedderStage",
        "Fine-tune an embedder on the corpus. Inverse cloze task.", ("base", "questions"),
    ),
    RegistryEntry(
        "train", "reranker", "opora.train.reranker.settings:RerankerTrainSettings",
        "opora.train.reranker.stage:RerankerStage",
        "Train a reranker. LambdaMART over features, or a cross-encoder.", ("base", "questions"),
    ),
    RegistryEntry(
        "bench", "rag", "opora.bench.tasks.rag:RagTask", "opora.bench.stage:BenchStage",
        "Retrieve, answer and score. Each question with each model.", ("questions", "models"),
    ),
    RegistryEntry(
        "bench", "position", "opora.bench.tasks.position:PositionTask", "opora.bench.stage:BenchStage",
        "Vary number, order and gold position of passages.", ("questions", "models"),
    ),
    RegistryEntry(
        "bench", "distractors", "opora.bench.tasks.distractors:DistractorsTask",
        "opora.bench.stage:BenchStage",
        "Vary number and hardness of distractors.", ("questions", "models"),
    ),
    RegistryEntry(
        "bench", "multiple_choice", "opora.bench.tasks.multiple_choice:MultipleChoiceTask",
        "opora.bench.stage:BenchStage",
        "Multiple-choice questions over retrieved passages.", ("questions", "models"),
    ),
    RegistryEntry(
        "bench", "retrieval", "opora.bench.tasks.retrieval:RetrievalTask", "opora.bench.stage:BenchStage",
        "Recall@k, MRR and nDCG of each retriever.", ("questions",),
    ),
    RegistryEntry(
        "bench", "judge", "opora.bench.judge.settings:JudgeBenchSettings", "opora.bench.judge.stage:JudgeStage",
        "Have a language model score the answers of a benchmark.",
        ("benchmark", "model", "template", "price.prompt", "price.completion", "budget"),
    ),
    RegistryEntry(
        "report", "", "opora.report.settings:ReportSettings", "opora.report.stage:ReportStage",
        "Write the report of benchmarks. HTML with all answers, Markdown, LaTeX, JSON and PNG in report/.",
        requires="bench",
    ),
]  # fmt: skip
"""In the order of a run. The first method of a section is its default."""

SECTION_HELP = {
    "dataset": "Make training examples from questions.",
    "train": "Fine-tune a language model, embedder or reranker.",
    "bench": "Measure models and retrievers on questions.",
}
"""Help of sections with several methods."""
RENAMED_METHODS = {("bench", "closed"): "multiple_choice", ("bench", "retriever"): "retrieval"}
"""(section, method of the last release) -> method now."""


def register(entry: RegistryEntry) -> None:
    """Add a kind of section. Raises ValueError if it is registered already."""
    if any((entry.section, entry.method) == (row.section, row.method) for row in ENTRIES):
        raise ValueError(f"{entry.section} {entry.method}".strip() + " is registered already")
    ENTRIES.append(entry)


def entries(section: str = "") -> list[RegistryEntry]:
    """Return the rows of a section, or all rows, with those of plug-ins."""
    _register_plugins()
    return [entry for entry in ENTRIES if section in ("", entry.section)]


def sections() -> list[str]:
    """Return the names of the sections, in the order of a run."""
    return list(dict.fromkeys(entry.section for entry in entries()))


def find_entry(section: str, method: str = "", where: str = "") -> RegistryEntry:
    """Return the row of a section and a method; the section's first if `method` is empty. Raises InputError, with
    `where` in front of its message."""
    from opora.validation import nearest, warn_of_old_name

    rows = {entry.method: entry for entry in entries(section)}
    if not rows:
        raise InputError(f"{section} is unknown; {nearest(section, sections())}")
    if current := RENAMED_METHODS.get((section, method)):
        warn_of_old_name(f"{section} method {method}", current)
        method = current
    if not method:
        return next(iter(rows.values()))
    if method not in rows:
        raise InputError(f"{where or section}.method is {method!r}, which is unknown; {nearest(method, list(rows))}")
    return rows[method]


@functools.cache
def _register_plugins() -> None:
    for point in metadata.entry_points(group=PLUGINS):
        register(point.load())


def _load(path: str) -> object:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
