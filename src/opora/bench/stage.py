"""Run a benchmark: questions, models or retrievers in; every answer, every score and a table out.

In: the settings of a task, a corpus and its index. Out: `answers.jsonl` (one scored row per entry of the table and
question), `timings.jsonl`, `table.json`, `table.md`, `table.tex`, a manifest. Completions are cached next to the
benchmarks in `completions.sqlite`, so a prompt is answered once, whichever benchmark uses it and even after a kill.

    BenchStage(RagBenchSettings(), Path("corpus"), Path("index"), Path("bench/main")).run()
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from opora.answer.prompt import prompt_hashes
from opora.artifacts import Build, Journal, Manifest, fingerprint_of_file, read_manifest
from opora.artifacts.stage import Estimate, Project, Stage
from opora.bench.estimate import estimate_task
from opora.bench.results.files import TABLE_TEXT, VOLATILE, headline_results, write_results
from opora.bench.results.table import make_table
from opora.bench.tasks.base import BenchSettings, TaskInputs
from opora.corpus.reader import read_documents, read_passages
from opora.corpus.settings import IngestSettings
from opora.errors import InputError
from opora.examples.evidence import resolve_gold
from opora.examples.reader import read_questions
from opora.examples.references import index_references
from opora.models.registry import LoadModel, load_model
from opora.models.revision import model_revision
from opora.models.spec import parse_spec
from opora.records import Example
from opora.retrieval.search.searcher import Index, open_index
from opora.train.settings import check_saved_checkpoints
from opora.validation import nearest

COMPLETIONS = "completions.sqlite"


class BenchStage(Stage):
    """Measures models or retrievers on questions, with the task that its settings name."""

    kind = "bench"
    settings: BenchSettings

    def __init__(
        self, settings: BenchSettings, corpus: Path, index: Path, out: Path, load: LoadModel = load_model
    ) -> None:
        self.settings, self.corpus, self.index, self.out, self.load = settings, corpus, index, out, load
        self.task = settings.open_task()

    @classmethod
    def of(cls, project: Project, name: str) -> Self:
        settings = project.settings(name, BenchSettings)
        out = project.root / "bench" / name.removeprefix("bench.")
        stage = cls(settings, project.root / "corpus", project.root / "index", out)
        check_saved_checkpoints(project, f"{name}.models", stage.task.models.values())
        return stage

    def needs(self, project: Project) -> tuple[str, ...]:
        return ("ingest", "index", *project.trained_by(self.task.models.values()))

    def inputs(self) -> Mapping[str, str]:
        self._check_baseline()
        if not self.settings.questions.is_file():
            raise InputError(
                f"{self.settings.questions}: no such file; set bench.NAME.questions to a file of questions"
            )
        inputs = {
            "corpus": read_manifest(self.corpus).fingerprint,
            "index": read_manifest(self.index).fingerprint,
            "questions": fingerprint_of_file(self.settings.questions),
        }
        inputs |= {f"model {name}": revision for name, revision in self._revisions().items()}
        return inputs | (self._prompt_hashes() if self.task.models else {})

    def estimate(self, project: Project) -> Estimate:
        count = len(select_questions(self.settings, project.root / self.settings.questions))
        return estimate_task(self.task, count, project.settings("ingest", IngestSettings).chunk)

    def make(self, build: Build) -> Manifest:
        """Answer, score, tabulate. Raises InputError for a wrong question or spec, ModelError if a model fails; the
        answers until then are kept for the next run."""
        settings = self.settings
        with tempfile.TemporaryDirectory() as folder, Journal(self.out.parent / COMPLETIONS) as completions:
            examples, index = self._resolve_gold(select_questions(settings, settings.questions), Path(folder))
            result = self.task.measure(TaskInputs(examples, index, completions, self.load, self.out.name))
            table = make_table(result.rows, result.entries, settings.seed, settings.resamples)
        write_results(build.path, result.rows, table)
        return build.publish(
            counts={"questions": table.questions, "rows": len(result.rows), **result.counts},
            dropped=result.dropped,
            models=self._revisions(),
            prompts=self._prompt_hashes(),
            results=headline_results(table),
            tokens=result.tokens,
            volatile=VOLATILE,
        )

    def result(self) -> Path:
        return self.out / TABLE_TEXT

    def _check_baseline(self) -> None:
        baseline, rows = self.settings.baseline, list(self.task.row_names)
        if baseline and not rows:
            raise InputError(
                f"baseline {baseline!r}: method {self.settings.method} compares each model with itself; remove baseline"
            )
        if baseline and baseline not in rows:
            raise InputError(f"baseline {baseline!r} is not a row of this benchmark; {nearest(baseline, rows)}")

    def _revisions(self) -> dict[str, str]:
        return {name: model_revision(parse_spec(spec)) for name, spec in self.task.models.items()}

    def _prompt_hashes(self) -> dict[str, str]:
        return {**prompt_hashes(), **self.task.prompt_hashes}

    def _resolve_gold(self, examples: Sequence[Example], folder: Path) -> tuple[Sequence[Example], Index]:
        """Return the examples with their gold passages, and the index to search for them."""
        if any(example.passages for example in examples):
            return examples, index_references(examples, folder)
        documents, passages = list(read_documents(self.corpus)), list(read_passages(self.corpus))
        return [resolve_gold(example, documents, passages) for example in examples], open_index(self.index)


def select_questions(settings: BenchSettings, path: Path) -> list[Example]:
    """Return the questions of `path` that a benchmark uses. Raises InputError if there are none."""
    task = settings.open_task()
    in_language = [
        example
        for example in read_questions(path)
        if (not settings.language or example.language == settings.language)
        and (settings.split == "all" or example.split in (None, settings.split))
    ]
    examples = [example for example in in_language if task.accepts(example)]
    if not examples:
        criteria = f"split {settings.split!r}" + (f" in language {settings.language!r}" if settings.language else "")
        criteria += f" that fits method {settings.method}" if in_language else ""
        raise InputError(f"{path}: has no question of {criteria}; check its rows, or set split to all")
    if settings.limit and settings.limit < len(examples):
        drawn = set(random.Random(settings.seed).sample(range(len(examples)), settings.limit))
        examples = [example for number, example in enumerate(examples) if number in drawn]
    return examples
