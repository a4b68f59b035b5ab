"""Judge the answers of a benchmark: every verdict kept, the judge's metrics next to the others in the table.

In: a finished benchmark, a judge. Out: `answers.jsonl` (its rows with the judge's scores and verdicts),
`verdicts.jsonl` (one row per call), `table.json`, `table.md`, a manifest.

    settings = JudgeBenchSettings(benchmark="main", model="openai:gpt@http://localhost:8000/v1")
    JudgeStage(settings, Path("bench"), Path("bench/judged")).run()
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from opora.answer.throughput import ANSWER_TOKENS
from opora.artifacts import Build, Manifest, read_json_lines, read_manifest, read_records, write_json_lines
from opora.artifacts.stage import Estimate, Project, Stage
from opora.bench.judge.forecast import Forecast, forecast_cost
from opora.bench.judge.prompt import case_of_row, judge_prompt_hashes
from opora.bench.judge.rows import (
    VERDICTS,
    VerdictRow,
    count_verdicts,
    find_missing,
    missing_notes,
    sum_up,
    verdict_rows,
)
from opora.bench.judge.session import JudgePrompt, ask_judge, check_price, make_prompts, open_verdicts
from opora.bench.judge.settings import JudgeBenchSettings
from opora.bench.results import files
from opora.bench.results.table import AnswerRow, Entry, Table, make_table
from opora.errors import InputError
from opora.models.registry import LoadModel, load_model
from opora.models.revision import model_revision
from opora.models.spec import parse_spec
from opora.validation import nearest

JUDGEABLE = ("rag", "position", "distractors")
"""Methods whose answers are texts."""
JUDGE_PROMPT_TOKENS = 800
"""Tokens of a typical judge prompt, for estimates before the answers exist."""


class JudgeStage(Stage):
    """Judges the answers of another benchmark. A verdict that cannot be had is missing and counted."""

    kind = "bench"
    settings: JudgeBenchSettings

    def __init__(self, settings: JudgeBenchSettings, benches: Path, out: Path, load: LoadModel = load_model) -> None:
        self.settings, self.benches, self.out, self.load = settings, benches, out, load

    @property
    def judged(self) -> Path:
        """Folder of the judged benchmark."""
        return self.benches / self.settings.benchmark

    @classmethod
    def of(cls, project: Project, name: str) -> Self:
        settings = project.settings(name, JudgeBenchSettings)
        stage = cls(settings, project.root / "bench", project.root / "bench" / name.removeprefix("bench."))
        candidates = [entry for entry in project.entries("bench") if f"bench.{entry}" != name]
        if settings.benchmark not in candidates and not (settings.benchmark and stage.judged.exists()):
            raise InputError(
                f"{name}.benchmark: {settings.benchmark!r} is unknown; {nearest(settings.benchmark, candidates)}"
            )
        return stage

    def needs(self, project: Project) -> tuple[str, ...]:
        judged = self.settings.benchmark
        benches = (f"bench.{judged}",) if judged in project.entries("bench") else ()
        return benches + project.trained_by([self.settings.model])

    def inputs(self) -> Mapping[str, str]:
        settings = self.settings
        check_price(settings)
        if not settings.benchmark or not self.judged.exists():
            benches = sorted(path.parent.name for path in self.benches.glob("*/manifest.json"))
            raise InputError(
                f"{self.out}: benchmark is {settings.benchmark!r}, which does not exist;"
                f" {nearest(settings.benchmark, benches)}"
            )
        manifest = read_manifest(self.judged)
        method = manifest.settings.get("method")
        if method not in JUDGEABLE:
            source = f"method {method}" if method else f"`opora {manifest.stage}`"
            raise InputError(f"{self.judged}: made by {source}; a benchmark of method {', '.join(JUDGEABLE)} is needed")
        self._entries(files.read_table(self.judged))
        return {
            f"bench {settings.benchmark}": manifest.fingerprint,
            "judge": model_revision(parse_spec(settings.model)),
            **judge_prompt_hashes(settings.template),
        }

    def find_fault(self, manifest: Manifest) -> str:
        return find_missing(manifest)

    def estimate(self, project: Project) -> Estimate:
        """Forecast from the answers of the judged benchmark, or from the number of answers that it will have."""
        if (self.judged / "manifest.json").exists():
            return self.forecast().estimate
        answers = self._expected_answers(project)
        return Estimate(calls=answers, tokens=answers * (JUDGE_PROMPT_TOKENS + ANSWER_TOKENS), seconds=None)

    def forecast(self) -> Forecast:
        """Return the expected calls, tokens and cost of the verdicts that are still missing."""
        return forecast_cost(self.settings, self.prompts()[1], self.out)

    def make(self, build: Build) -> Manifest:
        """Judge, tabulate. Raises InputError, ModelError; paid verdicts are kept for the next run."""
        settings = self.settings
        with open_verdicts(self.out) as journal:
            rows, prompts = self.prompts()
            replies = ask_judge(settings, prompts, journal, self.load)
        verdicts = verdict_rows(settings, [(row.model, row.id) for row in rows], prompts, replies)
        timings = [timing["seconds"] for _, timing in read_json_lines(self.judged / files.TIMINGS)]
        scored = [_with_verdict(*columns) for columns in zip(rows, verdicts, timings, strict=True)]
        table = make_table(scored, self._entries(files.read_table(self.judged)), settings.seed, settings.resamples)
        table = table.model_copy(update={"notes": missing_notes(verdicts)})
        files.write_results(build.path, scored, table)
        write_json_lines(build.path / VERDICTS, verdicts)
        return build.publish(
            **sum_up(verdicts),
            counts={"answers": len(rows), "verdicts": count_verdicts(verdicts), "prompts": len(replies)},
            models={"judge": build.inputs["judge"]},
            prompts=judge_prompt_hashes(settings.template),
            results=files.headline_results(table),
            volatile=files.VOLATILE | {VERDICTS},  # the number of attempts differs between runs
        )

    def result(self) -> Path:
        return self.out / files.TABLE_TEXT

    def prompts(self) -> tuple[list[AnswerRow], list[JudgePrompt]]:
        """Return the answers to judge, and the prompt of each."""
        rows = list(read_records(self.judged / files.ANSWERS, AnswerRow))
        cases = [(case_of_row(row), row.language) for row in rows]
        return rows, make_prompts(self.settings, cases, self.settings.template)

    def _entries(self, judged: Table) -> list[Entry]:
        """Return the rows of the judged benchmark. Raises InputError if the baseline is not one of them."""
        names, baseline = [row.name for row in judged.rows], self.settings.baseline
        if baseline and baseline not in names:
            raise InputError(f"baseline {baseline!r} is not a row of this benchmark; {nearest(baseline, names)}")
        if baseline and any(row.condition for row in judged.rows):
            raise InputError(
                f"baseline {baseline!r}: {self.settings.benchmark} compares each model with itself; remove baseline"
            )
        entries = [Entry(row.name, row.spec, row.model, row.condition, baseline or row.baseline) for row in judged.rows]
        return [entry._replace(baseline="") if entry.baseline == entry.name else entry for entry in entries]

    def _expected_answers(self, project: Project) -> int:
        """Return how many answers the judged benchmark will have; 0 if it is not in the recipe."""
        from opora.bench.stage import BenchStage, select_questions

        if self.settings.benchmark not in project.entries("bench"):
            return 0
        bench = BenchStage.of(project, f"bench.{self.settings.benchmark}")
        questions = select_questions(bench.settings, project.root / bench.settings.questions)
        return len(questions) * len(bench.settings.passages_per_prompt) * len(bench.settings.specs)


def _with_verdict(row: AnswerRow, verdict_row: VerdictRow, seconds: float | None) -> AnswerRow:
    """Return the row with the judge's metrics; without a verdict they have no value."""
    verdict = verdict_row.verdict
    value = None if verdict is None else float(verdict.value)
    correct = None if verdict is None or verdict.correct is None else float(verdict.correct)
    scores = {f"judge_{verdict_row.template}": value, "judge_correct": correct, "seconds": seconds}
    return row.model_copy(update={"scores": {**row.scores, **scores}, "verdict": verdict})
