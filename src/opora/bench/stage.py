"""One benchmark: questions, models or retrievers, scores, a table.

In: settings of any method, a corpus and its index. Out: `answers.jsonl` (a scored row an entry of the table and
question), `timings.jsonl`, `table.json`, `table.md`, `table.tex`, a manifest. What a model wrote is kept beside the
benchmarks in `completions.sqlite`: no prompt is answered twice, in whichever benchmark, nor after a kill.

    run_bench(RagBenchSettings(questions=Path("questions.jsonl")), Path("corpus"), Path("index"), Path("bench/main"))
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opora.answer.prompt import prompt_hashes
from opora.artifacts import Build, Journal, Manifest, fingerprint_of_file, read_manifest, write_json_lines
from opora.bench.results.latex import format_latex
from opora.bench.results.markdown import format_table
from opora.bench.results.table import ScoredRow, Table, headline, make_table
from opora.bench.settings import (
    AnswerBenchSettings,
    BenchSettings,
    ClosedBenchSettings,
    DistractorsBenchSettings,
    PositionBenchSettings,
    RetrieverBenchSettings,
)
from opora.bench.tasks.base import Measured
from opora.bench.tasks.multiple_choice import choose_all, closed_hashes
from opora.bench.tasks.rag import answer_all
from opora.bench.tasks.retrieval import search_all
from opora.corpus.reader import read_documents, read_passages
from opora.errors import InputError
from opora.examples.evidence import resolve_gold
from opora.examples.reader import read_questions
from opora.examples.references import index_references
from opora.models.registry import LoadModel, load_model
from opora.models.revision import revision_of
from opora.models.spec import parse_spec
from opora.records import Example
from opora.retrieval.search.searcher import Index, open_index
from opora.validation import nearest

STAGE = "bench"
ANSWERS, TIMINGS, TABLE, TABLE_TEXT, TABLE_LATEX = (
    "answers.jsonl", "timings.jsonl", "table.json", "table.md", "table.tex",
)  # fmt: skip
COMPLETIONS = "completions.sqlite"


def bench_build(settings: BenchSettings, corpus: Path, index: Path, out: Path) -> Build:
    """The build of this benchmark: what it is made from, and whether it is done. Raises InputError for a wrong spec."""
    rows = names_of(settings)
    if settings.baseline and isinstance(settings, PositionBenchSettings | DistractorsBenchSettings):
        raise InputError(
            f"baseline {settings.baseline!r}: method {settings.method} compares each model with itself; leave it out"
        )
    if settings.baseline and settings.baseline not in rows:
        raise InputError(f"baseline {settings.baseline!r} is no row; {nearest(settings.baseline, rows)}")
    if not settings.questions.is_file():
        raise InputError(f"{settings.questions}: no such file; name the file of questions by bench.NAME.questions")
    inputs = {
        "corpus": read_manifest(corpus).fingerprint,
        "index": read_manifest(index).fingerprint,
        "questions": fingerprint_of_file(settings.questions),
    }
    if isinstance(settings, AnswerBenchSettings):
        inputs |= {f"model {name}": revision_of(parse_spec(spec)) for name, spec in settings.models.items()}
        inputs |= _prompts(settings)
    return Build(out, STAGE, settings, inputs, seed=settings.seed)


def run_bench(settings: BenchSettings, corpus: Path, index: Path, out: Path, load: LoadModel = load_model) -> Manifest:
    """Answer, score, tabulate. Raises InputError for a wrong question or spec, ModelError if a model fails; what was
    answered by then is kept for the next run."""
    build = bench_build(settings, corpus, index, out)
    if build.finished:
        return build.finished
    with build, tempfile.TemporaryDirectory() as folder, Journal(out.parent / COMPLETIONS) as completions:
        examples, opened = _with_gold(_chosen(settings), corpus, index, Path(folder))
        measured = _measure(settings, examples, opened, completions, load, out.name)
        table = make_table(measured.rows, measured.entries, settings.seed, settings.resamples)
        write_results(build.path, measured.rows, table)
        return build.publish(
            counts={"questions": table.questions, "rows": len(measured.rows), **measured.counts},
            dropped=measured.dropped,
            models={
                name.removeprefix("model "): key for name, key in build.inputs.items() if name.startswith("model ")
            },
            prompts=_prompts(settings),
            results=results_of(table),
            tokens=measured.tokens,
            volatile=VOLATILE,
        )


def names_of(settings: BenchSettings) -> list[str]:
    """The names that a baseline is chosen from: models, or retrievers."""
    if isinstance(settings, AnswerBenchSettings):
        return list(settings.models)
    return list(settings.retrievers) if isinstance(settings, RetrieverBenchSettings) else []


def read_table(bench: Path) -> Table:
    """The table of a finished benchmark. Raises InputError if it is unfinished or something else."""
    stage = read_manifest(bench).stage
    if stage != STAGE:
        raise InputError(f"{bench}: is the artefact of `{stage}`; a benchmark is expected")
    return Table.model_validate_json((bench / TABLE).read_text(encoding="utf-8"))


VOLATILE = frozenset((TIMINGS, TABLE, TABLE_TEXT, TABLE_LATEX))
"""Files that hold seconds, which differ between equal runs."""


def write_results(folder: Path, rows: Sequence[ScoredRow], table: Table) -> None:
    """The files of a finished benchmark. Seconds stand apart: all else is the same in every run."""
    timings: list[dict[str, Any]] = []
    stable = []
    for row in rows:
        timings.append({"model": row.model, **row.condition, "id": row.id, "seconds": row.scores.get("seconds")})
        stable.append(row.without_seconds())
    write_json_lines(folder / ANSWERS, stable)
    write_json_lines(folder / TIMINGS, timings)
    (folder / TABLE).write_text(table.model_dump_json(indent=1), encoding="utf-8")
    (folder / TABLE_TEXT).write_text(format_table(table), encoding="utf-8")
    (folder / TABLE_LATEX).write_text(format_latex(table), encoding="utf-8")


def results_of(table: Table) -> dict[str, dict[str, float | None]]:
    """Row -> its headline metric, for the manifest."""
    metric = headline(table).metric
    return {row.name: {metric: row.metrics[metric].mean} for row in table.rows}


def _measure(
    settings: BenchSettings, examples: Sequence[Example], index: Index, completions: Journal, load: LoadModel, name: str
) -> Measured:
    if isinstance(settings, RetrieverBenchSettings):
        return search_all(settings, examples, index)
    if isinstance(settings, ClosedBenchSettings):
        return choose_all(settings, examples, index, completions, load, name)
    assert isinstance(settings, AnswerBenchSettings)
    return answer_all(settings, examples, index, completions, load, name)


def _prompts(settings: BenchSettings) -> dict[str, str]:
    return prompt_hashes() | (closed_hashes() if isinstance(settings, ClosedBenchSettings) else {})


def _with_gold(examples: Sequence[Example], corpus: Path, index: Path, folder: Path) -> tuple[Sequence[Example], Index]:
    """The examples with their gold passages, and the index that they are asked over."""
    if any(example.passages for example in examples):
        return examples, index_references(examples, folder)
    documents, passages = list(read_documents(corpus)), list(read_passages(corpus))
    return [resolve_gold(example, documents, passages) for example in examples], open_index(index)


def _chosen(settings: BenchSettings) -> list[Example]:
    examples = [
        example
        for example in read_questions(settings.questions)
        if (not settings.language or example.language == settings.language)
        and (settings.split == "all" or example.split in (None, settings.split))
        and (example.options or not isinstance(settings, ClosedBenchSettings))
    ]
    if not examples:
        wanted = f"split {settings.split!r}" + (f" in language {settings.language!r}" if settings.language else "")
        wanted += " with options" if isinstance(settings, ClosedBenchSettings) else ""
        raise InputError(f"{settings.questions}: holds no question of {wanted}; see its rows, or set split to all")
    if settings.limit and settings.limit < len(examples):
        chosen = set(random.Random(settings.seed).sample(range(len(examples)), settings.limit))
        examples = [example for number, example in enumerate(examples) if number in chosen]
    return examples
