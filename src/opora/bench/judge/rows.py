"""Rows of `verdicts.jsonl`: one per answer, with the verdict, the raw reply and its cost, or why there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypedDict

from opora.artifacts import Manifest
from opora.bench.judge.session import Failure, JudgePrompt, JudgeReply
from opora.bench.judge.settings import JudgeSettings
from opora.bench.results.table import JudgeVerdict
from opora.models.revision import model_revision
from opora.models.spec import parse_spec
from opora.validation import Record

VERDICTS = "verdicts.jsonl"
REASONS: dict[Failure, str] = {
    "unparseable": "no verdict in the reply", "server": "server failure", "budget": "beyond the budget",
}  # fmt: skip
_REPLY_FIELDS = {"verdict", "failure", "detail", "raw"}
_COUNTED_FIELDS = {"attempts", "prompt_tokens", "completion_tokens", "cost"}


class VerdictRow(Record):
    """Verdict on one answer. Where an earlier row has the same prompt, `attempts`, tokens and costs are 0, because they
    are counted there."""

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
    """Cost by the tokens that the server reported."""
    possible_cost: float
    """Upper bound of the cost of failed calls."""


class VerdictTotals(TypedDict):
    """Fields of a manifest that sum up verdicts."""

    dropped: dict[str, int]
    """Reason -> number of missing verdicts."""
    tokens: dict[str, int]
    cost: float
    """With the possible cost of failed calls."""


def verdict_rows(
    settings: JudgeSettings,
    answers: Sequence[tuple[str, str]],
    prompts: Sequence[JudgePrompt],
    replies: Mapping[str, JudgeReply],
) -> list[VerdictRow]:
    """Return one row per prompt; `answers` are the row of the table (or nothing) and the id of each answer."""
    revision = model_revision(parse_spec(settings.model))
    seen: set[str] = set()
    rows = []
    for (model, id_), prompt in zip(answers, prompts, strict=True):
        reply = replies[prompt.key]
        counted = reply if prompt.key not in seen else JudgeReply()
        seen.add(prompt.key)
        row = VerdictRow(
            model=model,
            id=id_,
            judge=settings.model,
            revision=revision,
            template=prompt.template,
            prompt_hash=prompt.hash,
            possible_cost=counted.lost,
            **reply.model_dump(include=_REPLY_FIELDS),
            **counted.model_dump(include=_COUNTED_FIELDS),
        )
        rows.append(row)
    return rows


def count_verdicts(rows: Sequence[VerdictRow]) -> int:
    return sum(not row.failure for row in rows)


def sum_up(rows: Sequence[VerdictRow]) -> VerdictTotals:
    missing = _count_missing(rows)
    return {
        "dropped": {REASONS[failure]: count for failure, count in sorted(missing.items())},
        "tokens": {
            "prompt": sum(row.prompt_tokens for row in rows),
            "completion": sum(row.completion_tokens for row in rows),
        },
        "cost": sum(row.cost + row.possible_cost for row in rows),
    }


def find_missing(manifest: Manifest) -> str:
    """Return a fault if another run may get missing verdicts: those that the server failed to give."""
    return "verdicts are missing" if manifest.dropped.get(REASONS["server"]) else ""


def missing_notes(rows: Sequence[VerdictRow]) -> tuple[str, ...]:
    """Return a sentence on the missing verdicts and how to get them; none if there are none."""
    missing = _count_missing(rows)
    if not missing:
        return ()
    parts = ", ".join(f"{missing[failure]} {reason}" for failure, reason in REASONS.items() if missing[failure])
    note = f"{missing.total()} of {len(rows)} verdicts are missing and not counted: {parts}."
    if missing["budget"]:
        note += " Raise the budget and run the same command again: it requests only these."
    elif missing["server"]:
        note += " Run the same command again: it requests only the verdicts that the server failed to give."
    return (note,)


def _count_missing(rows: Sequence[VerdictRow]) -> Counter[Failure]:
    return Counter(row.failure for row in rows if row.failure)
