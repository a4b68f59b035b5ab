"""The benchmark of answers: each question, each model, every answer kept.

In: questions, a corpus and its index, models. Out: `answers.jsonl` (a row a model and question), `timings.jsonl`,
`table.json`, `table.md`, a manifest. Answers are journalled as they come: a run that was killed answers nothing twice.

    bench_rag(RagBenchSettings(questions=Path("questions.jsonl")), Path("corpus"), Path("index"), Path("bench/main"))
"""

from __future__ import annotations

import gc
import random
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from opora.answer.ask import Answerer, open_answerer
from opora.answer.prompt import prompt_hashes
from opora.answer.settings import AskSettings
from opora.artifacts import Build, Journal, Manifest, fingerprint_of_file, read_manifest, write_json_lines
from opora.bench.score import score_answer
from opora.bench.settings import RagBenchSettings
from opora.bench.table import AnswerRow, Table, format_table, make_table
from opora.corpus.read import read_documents, read_passages
from opora.dataset.questions import read_questions
from opora.dataset.references import index_references
from opora.errors import InputError, ModelError
from opora.index.gold import resolve_gold
from opora.index.search import Index, open_index
from opora.models.revision import revision_of
from opora.models.spec import parse_spec
from opora.progress import Progress
from opora.records import Answer, Example, nearest

STAGE = "bench rag"
OpenAnswerer = Callable[[str, Index, AskSettings], Answerer]
ANSWERS, TIMINGS, TABLE, TABLE_TEXT = "answers.jsonl", "timings.jsonl", "table.json", "table.md"


def rag_build(settings: RagBenchSettings, corpus: Path, index: Path, out: Path) -> Build:
    """The build of this benchmark: what it is made from, and whether it is done. Raises InputError for a wrong spec."""
    if settings.baseline and settings.baseline not in settings.models:
        raise InputError(
            f"baseline {settings.baseline!r} is no row; {nearest(settings.baseline, list(settings.models))}"
        )
    if not settings.questions.is_file():
        raise InputError(f"{settings.questions}: no such file; name the file of questions by bench.NAME.questions")
    inputs = {
        "corpus": read_manifest(corpus).fingerprint,
        "index": read_manifest(index).fingerprint,
        "questions": fingerprint_of_file(settings.questions),
        **{f"model {name}": revision_of(parse_spec(spec)) for name, spec in settings.models.items()},
        **prompt_hashes(),
    }
    return Build(out, STAGE, settings, inputs, seed=settings.seed)


def bench_rag(
    settings: RagBenchSettings, corpus: Path, index: Path, out: Path, open_with: OpenAnswerer = open_answerer
) -> Manifest:
    """Answer, score, tabulate. Raises InputError for a wrong question or spec, ModelError if a model fails; what was
    answered by then is kept for the next run."""
    build = rag_build(settings, corpus, index, out)
    if build.finished:
        return build.finished
    with build, tempfile.TemporaryDirectory() as folder:
        examples = _chosen(settings)
        if any(example.passages for example in examples):
            opened = index_references(examples, Path(folder))
        else:
            opened = open_index(index)
            documents, passages = list(read_documents(corpus)), list(read_passages(corpus))
            examples = [resolve_gold(example, documents, passages) for example in examples]
        with build.journal("answers") as journal:
            for name, spec in settings.models.items():
                _answer_all(name, spec, examples, journal, partial(open_with, spec, opened, settings.ask))
            rows, timings = _rows(settings, examples, journal)
        baseline = settings.baseline or next(iter(settings.models))
        table = make_table(_timed(rows, timings), settings.models, baseline, settings.seed, settings.resamples)
        write_json_lines(build.path / ANSWERS, rows)
        write_json_lines(build.path / TIMINGS, timings)
        (build.path / TABLE).write_text(table.model_dump_json(indent=1), encoding="utf-8")
        (build.path / TABLE_TEXT).write_text(format_table(table), encoding="utf-8")
        return build.publish(
            counts={"questions": len(examples), "answers": len(rows)},
            models={name: build.inputs[f"model {name}"] for name in settings.models},
            prompts=prompt_hashes(),
            results={row.name: {"key_facts": row.metrics["key_facts"].mean} for row in table.rows},
            tokens={
                "prompt": sum(row.answer.prompt_tokens for row in rows),
                "completion": sum(row.answer.completion_tokens for row in rows),
            },
            volatile=frozenset((TIMINGS, TABLE, TABLE_TEXT)),
        )


def read_table(bench: Path) -> Table:
    """The table of a finished benchmark. Raises InputError if it is unfinished or something else."""
    stage = read_manifest(bench).stage
    if stage != STAGE:
        raise InputError(f"{bench}: is the artefact of `{stage}`; a benchmark is expected")
    return Table.model_validate_json((bench / TABLE).read_text(encoding="utf-8"))


def _chosen(settings: RagBenchSettings) -> list[Example]:
    examples = [
        example
        for example in read_questions(settings.questions)
        if (not settings.language or example.language == settings.language)
        and (settings.split == "all" or example.split in (None, settings.split))
    ]
    if not examples:
        wanted = f"split {settings.split!r}" + (f" in language {settings.language!r}" if settings.language else "")
        raise InputError(f"{settings.questions}: holds no question of {wanted}; see its rows, or set split to all")
    if settings.limit and settings.limit < len(examples):
        chosen = set(random.Random(settings.seed).sample(range(len(examples)), settings.limit))
        examples = [example for number, example in enumerate(examples) if number in chosen]
    return examples


def _answer_all(
    name: str, spec: str, examples: Sequence[Example], journal: Journal, open_model: Callable[[], Answerer]
) -> None:
    """Answer what the journal does not hold; the model is loaded only if there is something to answer."""
    todo = [example for example in examples if _key(name, example.id) not in journal]
    if not todo:
        return
    try:
        _answer_each(name, todo, len(examples), journal, open_model())
    except (InputError, ModelError) as error:
        kind = ModelError if isinstance(error, ModelError) else InputError
        raise kind(f"bench row {name!r} ({spec}): {error}") from error
    # a model may stand in a cycle of references, and the next one needs its memory
    gc.collect()


def _answer_each(name: str, todo: Sequence[Example], total: int, journal: Journal, answerer: Answerer) -> None:
    with Progress(f"bench {name}", total, total - len(todo)) as progress:

        def keep(number: int, answer: Answer) -> None:
            journal.put(_key(name, todo[number].id), answer.model_dump(mode="json"))
            progress.advance()

        answerer.answer([example.question for example in todo], keep)


def _rows(
    settings: RagBenchSettings, examples: Iterable[Example], journal: Journal
) -> tuple[list[AnswerRow], list[dict[str, Any]]]:
    """Scored rows, their seconds apart: all but the seconds is the same in every run."""
    rows, timings = [], []
    for example in examples:
        for name in settings.models:
            answer = Answer.model_validate(journal.get(_key(name, example.id)))
            timings.append({"model": name, "id": example.id, "seconds": answer.seconds})
            answer = answer.model_copy(update={"seconds": 0.0})
            scores = {metric: score.value for metric, score in score_answer(example, answer).items()}
            rows.append(
                AnswerRow(
                    model=name,
                    id=example.id,
                    question=example.question,
                    reference=example.answer,
                    behavior=example.behavior,
                    kind=example.kind,
                    domain=example.domain,
                    language=example.language,
                    gold=example.gold,
                    answer=answer,
                    scores=scores,
                )
            )
    return rows, timings


def _timed(rows: Sequence[AnswerRow], timings: Sequence[dict[str, Any]]) -> list[AnswerRow]:
    return [
        row.model_copy(update={"scores": {**row.scores, "seconds": timing["seconds"]}})
        for row, timing in zip(rows, timings, strict=True)
    ]


def _key(name: str, example_id: str) -> str:
    return f"{name}\n{example_id}"
