"""What a judge is asked: the rules and the scale, then one answer with all that it is to be measured by.

In: a case, a template, a language. Out: a chat. The judge never learns whose answer it is.

    build_judge_chat(Case(question="What is the fee?", reference="12 EUR.", answer="It is 12 EUR. [1]"), "score", "en")
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from opora.bench.results.table import AnswerRow
from opora.records import Behavior, Message
from opora.validation import Record

if TYPE_CHECKING:
    from jinja2 import Environment

LANGUAGES = ("en", "ru")


class Case(Record):
    """One answer to be judged; for the template `pair`, `rival` is the second of two."""

    question: str
    reference: str
    answer: str
    rival: str = ""
    behavior: Behavior = "answer"
    evidence: tuple[str, ...] = ()


def case_of(row: AnswerRow) -> Case:
    """The evidence is the question's quotes, or else the gold passages that the model was shown; without either the
    reference stands alone."""
    gold = tuple(hit.passage.shown for hit in row.answer.hits if hit.passage.id in row.gold)
    return Case(
        question=row.question,
        reference=row.reference,
        answer=row.answer.text,
        behavior=row.behavior,
        evidence=row.quotes or gold,
    )


def build_judge_chat(case: Case, template: str, language: str) -> list[Message]:
    """System message: rules and scale, the same for all cases. User message: the case, its evidence first."""
    return [
        Message(role="system", content=_render(template, language, part="system")),
        Message(role="user", content=_render(template, language, part="user", case=case)),
    ]


def ask_again(chat: Sequence[Message], reply: str, template: str, language: str) -> list[Message]:
    """The chat after a reply that held no verdict."""
    reminder = Message(role="user", content=_render(template, language, part="again"))
    return [*chat, Message(role="assistant", content=reply or "…"), reminder]


def prompt_hash(chat: Sequence[Message]) -> str:
    """SHA-256 of a chat, hex."""
    text = json.dumps([[message.role, message.content] for message in chat], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def judge_prompt_hashes(template: str) -> dict[str, str]:
    """Template and language -> SHA-256 of its wording, for manifests."""
    parts = {language: [_render(template, language, part=part) for part in PARTS] for language in LANGUAGES}
    return {
        f"judge.{template}.{language}": hashlib.sha256("\n".join(texts).encode()).hexdigest()
        for language, texts in parts.items()
    }


PARTS = ("system", "user", "again")
EMPTY = Case(question="", reference="", answer="")


def _render(template: str, language: str, part: str, case: Case = EMPTY) -> str:
    spoken = language if language in LANGUAGES else "en"
    text = _environment().get_template(f"{template}.{spoken}.jinja").render(part=part, case=case)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("opora.bench.judge", "."),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # an answer cannot close the tag that it stands in
    environment.filters["inside"] = lambda text: text.strip().replace("</", "< /")
    return environment
