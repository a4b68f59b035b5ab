"""Can a judge be trusted? It judges answers whose worth is known, and chooses between two in both orders.

In: a judge. Out: `check.json` and `check.md` (agreement, bias), `verdicts.jsonl`, a manifest.

    check_judge(JudgeCheckSettings(model="openai:gpt@http://localhost:8000/v1"), Path("judge-check/gpt"))
"""

from __future__ import annotations

from pathlib import Path

from opora.artifacts import Build, Manifest, fingerprint_of_file, write_json_lines
from opora.bench.judge.agreement import format_agreement, measure
from opora.bench.judge.labels import Labelled, Pair, labels_path, pairs_of, read_labels
from opora.bench.judge.prompt import judge_prompt_hashes
from opora.bench.judge.rows import (
    VERDICTS,
    About,
    can_go_on,
    dropped_by,
    missing_in,
    missing_notes,
    verdict_rows,
)
from opora.bench.judge.session import Prompt, ask_judge, check_price, make_prompts, open_verdicts
from opora.bench.judge.settings import JudgeCheckSettings, JudgeSettings
from opora.models.registry import LoadModel, load_model
from opora.models.revision import revision_of
from opora.models.spec import parse_spec
from opora.validation import parse_record

STAGE = "bench judge-check"
CHECK, CHECK_TEXT = "check.json", "check.md"


def check_settings(judge: JudgeSettings, language: str, labels: Path | None) -> JudgeCheckSettings:
    """The settings that check this judge. Raises InputError for a language without labels."""
    own = judge.model_dump(include=set(JudgeSettings.model_fields))
    return parse_record(JudgeCheckSettings, {**own, "language": language, "labels": labels}, "judge-check")


def check_build(settings: JudgeCheckSettings, out: Path) -> Build:
    """The build of this check. Raises InputError for a wrong spec, or a budget without a price."""
    check_price(settings)
    inputs = {
        "labels": fingerprint_of_file(labels_path(settings.labels)),
        "judge": revision_of(parse_spec(settings.model)),
        **judge_prompt_hashes(settings.template),
        **judge_prompt_hashes("pair"),
    }
    return Build(out, STAGE, settings, inputs, seed=settings.seed)


def check_judge(settings: JudgeCheckSettings, out: Path, load: LoadModel = load_model) -> Manifest:
    """Judge, compare. A verdict that is not to be had is missing and counted. Raises InputError, ModelError; what was
    paid for by then is kept."""
    build = check_build(settings, out)
    if build.finished and not can_go_on(build.finished):
        return build.finished
    labels, pairs = _cases(settings)
    prompts, compared = _label_prompts(settings, labels), _pair_prompts(settings, pairs)
    with build, open_verdicts(out) as journal:
        asked = ask_judge(settings, prompts, journal, load)
        asked |= ask_judge(settings, compared, journal, load)
        about = [About(each.id) for each in labels] + [About(f"{one.first.id} {one.second.id}") for one in pairs]
        rows = verdict_rows(settings, about, prompts + compared, asked)
        given = [row.verdict for row in rows]
        judged, chosen = zip(labels, given, strict=False), zip(pairs, given[len(labels) :], strict=True)
        found = measure(list(judged), list(chosen), settings.template, settings.seed, settings.resamples)
        missing = missing_in(rows)
        text = "\n".join([format_agreement(found), *missing_notes(missing, len(rows))])
        write_json_lines(build.path / VERDICTS, rows)
        (build.path / CHECK).write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")
        (build.path / CHECK_TEXT).write_text(text, encoding="utf-8")
        return build.publish(
            counts={"answers": len(labels), "pairs": len(pairs), "verdicts": len(rows) - missing.total()},
            dropped=dropped_by(missing),
            models={"judge": build.inputs["judge"]},
            prompts=judge_prompt_hashes(settings.template) | judge_prompt_hashes("pair"),
            results={"kappa": found.kappa.mean, "accuracy": found.accuracy.mean},
            tokens={
                "prompt": sum(each.prompt_tokens for each in asked.values()),
                "completion": sum(each.completion_tokens for each in asked.values()),
            },
            cost=sum(each.spent for each in asked.values()),
            volatile=frozenset((VERDICTS,)),
        )


def check_prompts(settings: JudgeCheckSettings) -> list[Prompt]:
    """All that the judge is asked. Raises InputError if there is no labelled answer."""
    labels, pairs = _cases(settings)
    return _label_prompts(settings, labels) + _pair_prompts(settings, pairs)


def _cases(settings: JudgeCheckSettings) -> tuple[list[Labelled], list[Pair]]:
    labels = read_labels(settings.labels, settings.language)
    return labels, pairs_of(labels)


def _label_prompts(settings: JudgeCheckSettings, labels: list[Labelled]) -> list[Prompt]:
    return make_prompts(settings, [(each.case(), each.language) for each in labels], settings.template)


def _pair_prompts(settings: JudgeCheckSettings, pairs: list[Pair]) -> list[Prompt]:
    cases = [(one.first.case(rival=one.second.answer), one.first.language) for one in pairs]
    return make_prompts(settings, cases, "pair")
