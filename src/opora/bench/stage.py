"""Run a benchmark: questions, models or retrievers in; every answer, every score and a table out.

In: a task, a corpus and its index. Out: `answers.jsonl` (one scored row per entry of the table and question),
`timings.jsonl`, `table.json`, `table.md`, `table.tex`, a manifest. Completions are cached next to the benchmarks in
`completions.sqlite`, so a prompt is answered once, whichever benchmark uses it and even after a kill.

    BenchStage(RagTask(), Path("corpus"), Path("index"), Path("bench/main")).run()
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from opora.answer import throughput as rates
from opora.answer.prompt import prompt_hashes
from opora.artifacts import Build, Journal, Manifest, fingerprint_of_file, read_manifest
from opora.artifacts.stage import Estimate, Project, Stage
from opora.bench.results.files import TABLE_TEXT, VOLATILE, headline_results, write_results
from opora.bench.results.table import ScoredRow, make_table
from opora.bench.tasks.base import BenchTask, TaskInputs
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
    """Measures models or retrievers on questions; its settings are the task."""

    kind = "bench"
    settings: BenchTask

    def __init__(self, settings: BenchTask, corpus: Path, index: Path, out: Path, load: LoadModel = load_model) -> None:
        self.settings, self.corpus, self.index, self.out, self.load = settings, corpus, index, out, load

    @classmethod
    def of(cls, project: Project, name: str) -> Self:
        settings = project.settings(name, BenchTask)
        out = project.root / "bench" / name.removeprefix("bench.")
        stage = cls(settings, project.root / "corpus", project.root / "index", out)
        check_saved_checkpoints(project, f"{name}.models", settings.specs.values())
        return stage

    def needs(self, project: Project) -> tuple[str, ...]:
        return ("ingest", "index", *project.trained_by(self.settings.specs.values()))

    def inputs(self) -> Mapping[str, str]:
        self._check_baseline()
        questions = self.settings.questions
        if not questions.is_file():
            raise InputError(f"{questions}: no such file; set bench.NAME.questions to a file of questions")
        return {
            "corpus": read_manifest(self.corpus).fingerprint,
            "index": read_manifest(self.index).fingerprint,
            "questions": fingerprint_of_file(questions),
            **{f"model {name}": revision for name, revision in self._revisions().items()},
            **(self._prompt_hashes() if self.settings.specs else {}),
        }

    def estimate(self, project: Project) -> Estimate:
        """Expect time only for the models whose rates are known: `smollm2` and `extractive`."""
        task, chunk = self.settings, project.settings("ingest", IngestSettings).chunk
        questions = len(select_questions(task, project.root / task.questions))
        if not task.specs:
            return Estimate(seconds=questions / rates.QUESTIONS_PER_S)
        models = [spec for spec in task.specs.values() if spec != "extractive"]
        passages = task.passages_per_prompt
        prompts = questions * len(passages)
        prompt_tokens = questions * sum(rates.estimate_prompt_tokens(chunk, count) for count in passages)
        answer_tokens = prompts * rates.ANSWER_TOKENS
        generating = prompt_tokens / rates.PREFILL_TOKENS_PER_S + answer_tokens / rates.DECODE_TOKENS_PER_S
        seconds = prompts * len(task.specs) / rates.QUESTIONS_PER_S
        seconds += len(models) * (rates.MODEL_LOADING_S + generating)
        has_rates = all(spec.startswith("smollm2") for spec in models)
        tokens = int(len(models) * (prompt_tokens + answer_tokens))
        return Estimate(prompts * len(models), tokens, seconds if has_rates else None)

    def make(self, build: Build) -> Manifest:
        """Answer, score, tabulate. Raises InputError for a wrong question or spec, ModelError if a model fails; the
        answers until then are kept for the next run."""
        settings = self.settings
        with tempfile.TemporaryDirectory() as folder, Journal(self.out.parent / COMPLETIONS) as completions:
            examples, index = self._resolve_gold(select_questions(settings, settings.questions), Path(folder))
            result = settings.measure(TaskInputs(examples, index, completions, self.load, self.out.name))
            table = make_table(result.rows, result.entries, settings.seed, settings.resamples)
        write_results(build.path, result.rows, table)
        return build.publish(
            counts={"questions": table.questions, "rows": len(result.rows), **result.counts},
            dropped=result.dropped,
            models=self._revisions(),
            prompts=self._prompt_hashes(),
            results=headline_results(table),
            tokens=_count_tokens(result.rows) if settings.specs else {},
            volatile=VOLATILE,
        )

    def result(self) -> Path:
        return self.out / TABLE_TEXT

    def _check_baseline(self) -> None:
        baseline, rows = self.settings.baseline, list(self.settings.row_names)
        if baseline and not rows:
            raise InputError(
                f"baseline {baseline!r}: method {self.settings.method} compares each model with itself; remove baseline"
            )
        if baseline and baseline not in rows:
            raise InputError(f"baseline {baseline!r} is not a row of this benchmark; {nearest(baseline, rows)}")

    def _revisions(self) -> dict[str, str]:
        return {name: model_revision(parse_spec(spec)) for name, spec in self.settings.specs.items()}

    def _prompt_hashes(self) -> dict[str, str]:
        return {**prompt_hashes(), **self.settings.prompt_hashes}

    def _resolve_gold(self, examples: Sequence[Example], folder: Path) -> tuple[Sequence[Example], Index]:
        """Return the examples with their gold passages, and the index to search for them."""
        if any(example.passages for example in examples):
            return examples, index_references(examples, folder)
        documents, passages = list(read_documents(self.corpus)), list(read_passages(self.corpus))
        return [resolve_gold(example, documents, passages) for example in examples], open_index(self.index)


def select_questions(task: BenchTask, path: Path) -> list[Example]:
    """Return the questions of `path` that a benchmark uses. Raises InputError if there are none."""
    in_language = [
        example
        for example in read_questions(path)
        if (not task.language or example.language == task.language)
        and (task.split == "all" or example.split in (None, task.split))
    ]
    examples = [example for example in in_language if task.accepts(example)]
    if not examples:
        criteria = f"split {task.split!r}" + (f" in language {task.language!r}" if task.language else "")
        criteria += f" that fits method {task.method}" if in_language else ""
        raise InputError(f"{path}: has no question of {criteria}; check its rows, or set split to all")
    if task.limit and task.limit < len(examples):
        drawn = set(random.Random(task.seed).sample(range(len(examples)), task.limit))
        examples = [example for number, example in enumerate(examples) if number in drawn]
    return examples


def _count_tokens(rows: Sequence[ScoredRow]) -> dict[str, int]:
    """Return the tokens that all answers read and wrote."""
    metrics = {"prompt": "prompt_tokens", "completion": "answer_tokens"}
    return {name: int(sum(row.scores.get(metric) or 0 for row in rows)) for name, metric in metrics.items()}
