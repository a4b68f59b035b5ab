"""Verdicts as they are kept: one row an answer, with what the judge wrote and what that took, or why there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from opora.artifacts import Manifest
from opora.bench.judge.parse import JudgeVerdict
from opora.bench.judge.session import Asked, Failure, Prompt
from opora.bench.judge.settings import JudgeSettings
from opora.models.revision import revision_of
from opora.models.spec import parse_spec
from opora.validation import Record

VERDICTS = "verdicts.jsonl"
Missing = Counter[Failure]
REASONS: dict[Failure, str] = {
    "unparseable": "without a verdict in the reply",
    "server": "that the server failed to give",
    "budget": "beyond the budget",
}


class About(NamedTuple):
    """What a prompt asks about: the model whose answer it is, where there is one, and the answer's id."""

    id: str
    model: str = ""


class VerdictRow(Record):
    """What the judge said of one answer, and what that took. `cost` is by the tokens that the server reported,
    `possible_cost` what failed calls may have cost at most. Where an earlier row has the same prompt, `attempts`,
    tokens and costs are 0: they are counted there."""

    model: str = ""
    id: str
    judge: str
    revision: str
    template: str
    prompt_hash: str
    verdict: JudgeVerdict | None
    failure: Failure = ""
    detail: str = ""
    raw: str
    attempts: int
    prompt_tokens: int
    completion_tokens: int
    cost: float
    possible_cost: float


def verdict_rows(
    settings: JudgeSettings, about: Sequence[About], prompts: Sequence[Prompt], asked: Mapping[str, Asked]
) -> list[VerdictRow]:
    """A row a prompt, in order."""
    revision = revision_of(parse_spec(settings.model))
    seen: set[str] = set()
    rows = []
    for what, prompt in zip(about, prompts, strict=True):
        one = asked[prompt.key]
        counted = one if prompt.key not in seen else Asked()
        seen.add(prompt.key)
        rows.append(
            VerdictRow(
                model=what.model,
                id=what.id,
                judge=settings.model,
                revision=revision,
                template=prompt.template,
                prompt_hash=prompt.hash,
                verdict=one.verdict,
                failure=one.failure,
                detail=one.detail,
                raw=one.raw,
                attempts=counted.attempts,
                prompt_tokens=counted.prompt_tokens,
                completion_tokens=counted.completion_tokens,
                cost=counted.cost,
                possible_cost=counted.lost,
            )
        )
    return rows


def missing_in(rows: Sequence[VerdictRow]) -> Missing:
    """Reason -> how many verdicts are missing for it."""
    return Counter(row.failure for row in rows if row.failure)


def dropped_by(missing: Missing) -> dict[str, int]:
    """The same for a manifest."""
    return {REASONS[failure]: count for failure, count in sorted(missing.items())}


def can_go_on(manifest: Manifest) -> bool:
    """Whether asking again may give a verdict that is missing: what the server failed to give."""
    return bool(manifest.dropped.get(REASONS["server"]))


def missing_notes(missing: Missing, total: int) -> tuple[str, ...]:
    """A line on the verdicts that are missing and how to have them, if any is."""
    if not missing:
        return ()
    parts = ", ".join(f"{missing[failure]} {reason}" for failure, reason in REASONS.items() if missing[failure])
    note = f"{missing.total()} of {total} verdicts are missing, and count for nothing: {parts}."
    if missing["budget"]:
        note += " Raise the budget and run the same command again: it asks for these only."
    elif missing["server"]:
        note += " Run the same command again: it asks for what the server failed to give."
    return (note,)
