"""Rows of `verdicts.jsonl`: one per answer, with the verdict, the raw reply and its cost, or why there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from opora.artifacts import Manifest
from opora.bench.judge.session import Failure, JudgePrompt, JudgeReply
from opora.bench.judge.settings import JudgeSettings
from opora.bench.results.table import JudgeVerdict
from opora.models.revision import model_revision
from opora.models.spec import parse_spec
from opora.validation import Record

VERDICTS = "verdicts.jsonl"
MissingCounts = Counter[Failure]
REASONS: dict[Failure, str] = {
    "unparseable": "no verdict in the reply",
    "server": "server failure",
    "budget": "beyond the budget",
}


_REPLY_FIELDS = {"verdict", "failure", "detail", "raw"}
_COUNTED_FIELDS = {"attempts", "prompt_tokens", "completion_tokens", "cost"}


class VerdictSubject(NamedTuple):
    """Id of a judged answer, and the row of the table that it belongs to, if any."""

    id: str
    model: str = ""


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


def verdict_rows(
    settings: JudgeSettings,
    subjects: Sequence[VerdictSubject],
    prompts: Sequence[JudgePrompt],
    replies: Mapping[str, JudgeReply],
) -> list[VerdictRow]:
    """Return one row per prompt, in order."""
    revision = model_revision(parse_spec(settings.model))
    seen: set[str] = set()
    rows = []
    for subject, prompt in zip(subjects, prompts, strict=True):
        reply = replies[prompt.key]
        counted = reply if prompt.key not in seen else JudgeReply()
        seen.add(prompt.key)
        fields = reply.model_dump(include=_REPLY_FIELDS) | counted.model_dump(include=_COUNTED_FIELDS)
        rows.append(
            VerdictRow(
                **subject._asdict(),
                judge=settings.model,
                revision=revision,
                template=prompt.template,
                prompt_hash=prompt.hash,
                possible_cost=counted.lost,
                **fields,
            )
        )
    return rows


def total_tokens(replies: Iterable[JudgeReply]) -> dict[str, int]:
    """Return the tokens of all replies, for the manifest."""
    pairs = [(reply.prompt_tokens, reply.completion_tokens) for reply in replies]
    return {"prompt": sum(prompt for prompt, _ in pairs), "completion": sum(completion for _, completion in pairs)}


def total_cost(replies: Iterable[JudgeReply]) -> float:
    """Return the cost of all replies, with what failed calls may have cost."""
    return sum(reply.spent for reply in replies)


def count_missing(rows: Sequence[VerdictRow]) -> MissingCounts:
    """Count the missing verdicts by reason."""
    return Counter(row.failure for row in rows if row.failure)


def dropped_counts(missing: MissingCounts) -> dict[str, int]:
    """Return the missing verdicts by the wording of their reason, for the manifest."""
    return {REASONS[failure]: count for failure, count in sorted(missing.items())}


def is_resumable(manifest: Manifest) -> bool:
    """Return True if another run may get missing verdicts: those that the server failed to give."""
    return bool(manifest.dropped.get(REASONS["server"]))


def missing_notes(missing: MissingCounts, total: int) -> tuple[str, ...]:
    """Return a sentence on the missing verdicts and how to get them; none if there are none."""
    if not missing:
        return ()
    parts = ", ".join(f"{missing[failure]} {reason}" for failure, reason in REASONS.items() if missing[failure])
    note = f"{missing.total()} of {total} verdicts are missing and not counted: {parts}."
    if missing["budget"]:
        note += " Raise the budget and run the same command again: it requests only these."
    elif missing["server"]:
        note += " Run the same command again: it requests only the verdicts that the server failed to give."
    return (note,)
