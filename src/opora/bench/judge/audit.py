"""Audit of a judge: it scores answers with known labels, and compares pairs of answers in both orders.

In: a judge. Out: `check.json` and `check.md` (agreement with the labels, length and position bias), `verdicts.jsonl`, a
manifest.

    settings = JudgeAuditSettings(model="openai:gpt@http://localhost:8000/v1")
    JudgeAuditStage(settings, Path("judge-check/gpt")).run()
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from opora.artifacts import Build, Manifest, fingerprint_of_file, write_json_lines
from opora.artifacts.stage import Estimate, Project, Stage
from opora.bench.judge.agreement import format_agreement, measure_agreement
from opora.bench.judge.forecast import Forecast, forecast_cost
from opora.bench.judge.labels import AnswerPair, LabelledAnswer, find_pairs, labels_path, read_labels
from opora.bench.judge.prompt import judge_prompt_hashes
from opora.bench.judge.rows import (
    VERDICTS,
    VerdictSubject,
    count_missing,
    dropped_counts,
    is_resumable,
    missing_notes,
    total_cost,
    total_tokens,
    verdict_rows,
)
from opora.bench.judge.session import JudgePrompt, ask_judge, check_price, make_prompts, open_verdicts
from opora.bench.judge.settings import JudgeAuditSettings, JudgeBenchSettings, JudgeSettings
from opora.models.registry import LoadModel, load_model
from opora.models.revision import model_revision
from opora.models.spec import parse_spec
from opora.validation import parse_record

CHECK, CHECK_TEXT = "check.json", "check.md"


def audit_settings(judge: JudgeSettings, language: str = "", labels: Path | None = None) -> JudgeAuditSettings:
    """Return the settings that audit a judge. Raises InputError for a language without labels."""
    own = judge.model_dump(include=set(JudgeSettings.model_fields))
    return parse_record(JudgeAuditSettings, {**own, "language": language, "labels": labels}, "judge-check")


class JudgeAuditStage(Stage):
    """Measures how far a judge agrees with labels. A verdict that cannot be had is missing and counted."""

    kind = "bench judge-check"
    settings: JudgeAuditSettings

    def __init__(self, settings: JudgeAuditSettings, out: Path, load: LoadModel = load_model) -> None:
        self.settings, self.out, self.load = settings, out, load

    @classmethod
    def of(cls, project: Project, name: str) -> Self:
        """Return the audit of the judge of section `name`."""
        settings = audit_settings(project.settings(name, JudgeBenchSettings))
        return cls(settings, project.root / "judge-check" / name.removeprefix("bench."))

    def needs(self, project: Project) -> tuple[str, ...]:
        return project.trained_by([self.settings.model])

    def inputs(self) -> Mapping[str, str]:
        check_price(self.settings)
        return {
            "labels": fingerprint_of_file(labels_path(self.settings.labels)),
            "judge": model_revision(parse_spec(self.settings.model)),
            **self._prompt_hashes(),
        }

    def find_fault(self, manifest: Manifest) -> str:
        """Return a fault while another run could get verdicts that a server failed to give."""
        return "verdicts are missing" if is_resumable(manifest) else ""

    def estimate(self, project: Project) -> Estimate:
        return self.forecast().estimate

    def forecast(self) -> Forecast:
        """Return the expected calls, tokens and cost of the verdicts that are still missing."""
        return forecast_cost(self.settings, self.prompts(), self.out)

    def make(self, build: Build) -> Manifest:
        """Judge, compare with the labels. Raises InputError, ModelError; paid verdicts are kept for the next run."""
        settings = self.settings
        labels, pairs = self._cases()
        label_prompts, pair_prompts = self._label_prompts(labels), self._pair_prompts(pairs)
        with open_verdicts(self.out) as journal:
            replies = ask_judge(settings, label_prompts, journal, self.load)
            replies |= ask_judge(settings, pair_prompts, journal, self.load)
        subjects = [VerdictSubject(label.id) for label in labels]
        subjects += [VerdictSubject(f"{pair.first.id} {pair.second.id}") for pair in pairs]
        rows = verdict_rows(settings, subjects, label_prompts + pair_prompts, replies)
        verdicts = [row.verdict for row in rows]
        agreement = measure_agreement(
            list(zip(labels, verdicts, strict=False)),
            list(zip(pairs, verdicts[len(labels) :], strict=True)),
            settings.template,
            settings.seed,
            settings.resamples,
        )
        missing = count_missing(rows)
        text = "\n".join([format_agreement(agreement), *missing_notes(missing, len(rows))])
        write_json_lines(build.path / VERDICTS, rows)
        (build.path / CHECK).write_text(agreement.model_dump_json(indent=2) + "\n", encoding="utf-8")
        (build.path / CHECK_TEXT).write_text(text, encoding="utf-8")
        return build.publish(
            counts={"answers": len(labels), "pairs": len(pairs), "verdicts": len(rows) - missing.total()},
            dropped=dropped_counts(missing),
            models={"judge": build.inputs["judge"]},
            prompts=self._prompt_hashes(),
            results={"kappa": agreement.kappa.mean, "accuracy": agreement.accuracy.mean},
            tokens=total_tokens(replies.values()),
            cost=total_cost(replies.values()),
            volatile=frozenset((VERDICTS,)),
        )

    def result(self) -> Path:
        return self.out / CHECK_TEXT

    def prompts(self) -> list[JudgePrompt]:
        """Return all prompts of the audit. Raises InputError if there is no labelled answer."""
        labels, pairs = self._cases()
        return self._label_prompts(labels) + self._pair_prompts(pairs)

    def _cases(self) -> tuple[list[LabelledAnswer], list[AnswerPair]]:
        labels = read_labels(self.settings.labels, self.settings.language)
        return labels, find_pairs(labels)

    def _label_prompts(self, labels: list[LabelledAnswer]) -> list[JudgePrompt]:
        cases = [(label.case(), label.language) for label in labels]
        return make_prompts(self.settings, cases, self.settings.template)

    def _pair_prompts(self, pairs: list[AnswerPair]) -> list[JudgePrompt]:
        cases = [(pair.first.case(rival=pair.second.answer), pair.first.language) for pair in pairs]
        return make_prompts(self.settings, cases, "pair")

    def _prompt_hashes(self) -> dict[str, str]:
        return judge_prompt_hashes(self.settings.template) | judge_prompt_hashes("pair")
