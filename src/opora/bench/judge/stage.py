"""The answers of a benchmark, judged: every verdict kept, the judge's metrics beside the others in the table.

In: a finished benchmark, a judge. Out: `answers.jsonl` (its rows with the judge's scores and verdicts),
`verdicts.jsonl` (what each call came to), `table.json`, `table.md`, a manifest.

    bench_judge(JudgeBenchSettings(of="main", model="openai:gpt@http://localhost:8000/v1"), Path("bench"), out)
"""

from __future__ import annotations

from pathlib import Path

from opora.artifacts import Build, Manifest, read_json_lines, read_manifest, read_records, write_json_lines
from opora.bench.judge.prompt import case_of, judge_prompt_hashes
from opora.bench.judge.rows import (
    VERDICTS,
    About,
    VerdictRow,
    can_go_on,
    dropped_by,
    missing_in,
    missing_notes,
    verdict_rows,
)
from opora.bench.judge.session import Prompt, ask_judge, check_price, make_prompts, open_verdicts
from opora.bench.judge.settings import JudgeBenchSettings
from opora.bench.results.table import AnswerRow, Entry, Table, make_table
from opora.bench.stage import ANSWERS, STAGE, TIMINGS, VOLATILE, read_table, results_of, write_results
from opora.errors import InputError
from opora.models.registry import LoadModel, load_model
from opora.models.revision import revision_of
from opora.models.spec import parse_spec
from opora.validation import nearest

JUDGED = ("rag", "position", "distractors")
"""Methods that leave answers in words."""


class JudgeBuild(Build):
    """A build that is not finished while asking again may give a verdict that a server failed to give."""

    @property
    def finished(self) -> Manifest | None:
        manifest = super().finished
        return None if manifest and can_go_on(manifest) else manifest


def judge_build(settings: JudgeBenchSettings, benches: Path, out: Path) -> Build:
    """The build of this benchmark: what it is made from, and whether it is done. Raises InputError for a wrong spec, a
    budget without a price, or a benchmark that has no answers to judge."""
    check_price(settings)
    judged = benches / settings.of
    if not settings.of or not judged.exists():
        known = sorted(each.parent.name for each in benches.glob("*/manifest.json"))
        raise InputError(f"{out}: of is {settings.of!r}, which is no benchmark to judge; {nearest(settings.of, known)}")
    manifest = read_manifest(judged)
    method = manifest.settings.get("method")
    if method not in JUDGED:
        what = f"method {method}" if method else f"`opora {manifest.stage}`"
        raise InputError(f"{judged}: is made by {what}; a benchmark of method {', '.join(JUDGED)} is expected")
    _entries(settings, read_table(judged))
    inputs = {
        f"bench {settings.of}": manifest.fingerprint,
        "judge": revision_of(parse_spec(settings.model)),
        **judge_prompt_hashes(settings.template),
    }
    return JudgeBuild(out, STAGE, settings, inputs, seed=settings.seed)


def bench_judge(settings: JudgeBenchSettings, benches: Path, out: Path, load: LoadModel = load_model) -> Manifest:
    """Judge, tabulate. A verdict that is not to be had is missing and counted; one that the server failed to give is
    asked for again by the next call. Raises InputError, ModelError; what was paid for by then is kept."""
    build = judge_build(settings, benches, out)
    if build.finished:
        return build.finished
    judged = benches / settings.of
    with build, open_verdicts(out) as journal:
        rows, prompts = judged_rows(settings, benches)
        asked = ask_judge(settings, prompts, journal, load)
        verdicts = verdict_rows(settings, [About(row.id, row.model) for row in rows], prompts, asked)
        timings = [timing["seconds"] for _, timing in read_json_lines(judged / TIMINGS)]
        scored = [_scored(*each) for each in zip(rows, verdicts, timings, strict=True)]
        missing = missing_in(verdicts)
        table = make_table(scored, _entries(settings, read_table(judged)), settings.seed, settings.resamples)
        table = table.model_copy(update={"notes": missing_notes(missing, len(rows))})
        write_results(build.path, scored, table)
        write_json_lines(build.path / VERDICTS, verdicts)
        return build.publish(
            counts={"answers": len(rows), "verdicts": len(rows) - missing.total(), "prompts": len(asked)},
            dropped=dropped_by(missing),
            models={"judge": build.inputs["judge"]},
            prompts=judge_prompt_hashes(settings.template),
            results=results_of(table),
            tokens={
                "prompt": sum(each.prompt_tokens for each in asked.values()),
                "completion": sum(each.completion_tokens for each in asked.values()),
            },
            cost=sum(each.spent for each in asked.values()),
            volatile=VOLATILE | {VERDICTS},  # how often a server had to be asked differs
        )


def judged_rows(settings: JudgeBenchSettings, benches: Path) -> tuple[list[AnswerRow], list[Prompt]]:
    """The answers to be judged, and the prompt of each."""
    rows = list(read_records(benches / settings.of / ANSWERS, AnswerRow))
    return rows, make_prompts(settings, [(case_of(row), row.language) for row in rows], settings.template)


def _scored(row: AnswerRow, given: VerdictRow, seconds: float | None) -> AnswerRow:
    """The row with the judge's metrics; without a verdict they have no value."""
    verdict = given.verdict
    value = None if verdict is None else float(verdict.value)
    correct = None if verdict is None or verdict.correct is None else float(verdict.correct)
    judged = {f"judge_{given.template}": value, "judge_correct": correct, "seconds": seconds}
    return row.model_copy(update={"scores": {**row.scores, **judged}, "verdict": verdict})


def _entries(settings: JudgeBenchSettings, before: Table) -> list[Entry]:
    """The rows of the judged benchmark's table. Raises InputError if the baseline is none of them."""
    names = [row.name for row in before.rows]
    if settings.baseline and settings.baseline not in names:
        raise InputError(f"baseline {settings.baseline!r} is no row; {nearest(settings.baseline, names)}")
    if settings.baseline and any(row.condition for row in before.rows):
        raise InputError(f"baseline {settings.baseline!r}: {settings.of} compares each model with itself; leave it out")
    against = {row.name: settings.baseline or row.against for row in before.rows}
    return [
        Entry(row.name, row.spec, row.model, row.condition, "" if against[row.name] == row.name else against[row.name])
        for row in before.rows
    ]
