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
from opora.bench.judge.rows import VERDICTS, count_verdicts, find_missing, missing_notes, sum_up, verdict_rows
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
        return find_missing(manifest)

    def estimate(self, project: Project) -> Estimate:
        return self.forecast().estimate

    def forecast(self) -> Forecast:
        """Return the expected calls, tokens and cost of the verdicts that are still missing."""
        return forecast_cost(self.settings, self.prompts(), self.out)

    def make(self, build: Build) -> Manifest:
        """Judge, compare with the labels. Raises InputError, ModelError; paid verdicts are kept for the next run."""
        settings = self.settings
        labels, pairs, prompts = self._cases()
        with open_verdicts(self.out) as journal:
            replies = ask_judge(settings, prompts[: len(labels)], journal, self.load)
            replies |= ask_judge(settings, prompts[len(labels) :], journal, self.load)
        ids = [label.id for label in labels] + [f"{pair.first.id} {pair.second.id}" for pair in pairs]
        rows = verdict_rows(settings, [("", id_) for id_ in ids], prompts, replies)
        verdicts = [row.verdict for row in rows]
        judged = list(zip(labels, verdicts, strict=False))
        judged_pairs = list(zip(pairs, verdicts[len(labels) :], strict=True))
        agreement = measure_agreement(judged, judged_pairs, settings.template, settings.seed, settings.resamples)
        text = "\n".join([format_agreement(agreement), *missing_notes(rows)])
        write_json_lines(build.path / VERDICTS, rows)
        (build.path / CHECK).write_text(agreement.model_dump_json(indent=2) + "\n", encoding="utf-8")
        (build.path / CHECK_TEXT).write_text(text, encoding="utf-8")
        return build.publish(
            **sum_up(rows),
            counts={"answers": len(labels), "pairs": len(pairs), "verdicts": count_verdicts(rows)},
            models={"judge": build.inputs["judge"]},
            prompts=self._prompt_hashes(),
            results={"kappa": agreement.kappa.mean, "accuracy": agreement.accuracy.mean},
            volatile=frozenset((VERDICTS,)),
        )

    def result(self) -> Path:
        return self.out / CHECK_TEXT

    def prompts(self) -> list[JudgePrompt]:
        """Return all prompts of the audit. Raises InputError if there is no labelled answer."""
        return self._cases()[2]

    def _cases(self) -> tuple[list[LabelledAnswer], list[AnswerPair], list[JudgePrompt]]:
        """Return the answers and the pairs to judge, and the prompts of both."""
        settings = self.settings
        labels = read_labels(settings.labels, settings.language)
        pairs = find_pairs(labels)
        cases = [(label.case(), label.language) for label in labels]
        prompts = make_prompts(settings, cases, settings.template)
        cases = [(pair.first.case(rival=pair.second.answer), pair.first.language) for pair in pairs]
        return labels, pairs, prompts + make_prompts(settings, cases, "pair")

    def _prompt_hashes(self) -> dict[str, str]:
        return judge_prompt_hashes(self.settings.template) | judge_prompt_hashes("pair")
