"""Prompts of a judge: rules and scale, then one answer with the evidence and the reference.

The judge never learns which model wrote the answer.

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
from opora.text.language_pack import language_with_file
from opora.text.resources import language_text, languages
from opora.validation import Record

if TYPE_CHECKING:
    from jinja2 import Environment

BASE = "judge_base.jinja"
"""Template in the folder of a language that the templates of the scales extend."""
PARTS = ("system", "user", "again")
"""Parts of a template: rules, case, reminder after a reply without a verdict."""


class Case(Record):
    """One answer to judge; for the template `pair`, `rival` is the second of two answers."""

    question: str
    reference: str
    answer: str
    rival: str = ""
    behavior: Behavior = "answer"
    evidence: tuple[str, ...] = ()


EMPTY = Case(question="", reference="", answer="")


def case_of_row(row: AnswerRow) -> Case:
    """Return the case of an answer; its evidence is the quotes of the question, or else the gold passages shown."""
    gold = tuple(hit.passage.full_text for hit in row.answer.hits if hit.passage.id in row.gold)
    return Case(
        question=row.question,
        reference=row.reference,
        answer=row.answer.text,
        behavior=row.behavior,
        evidence=row.quotes or gold,
    )


def build_judge_chat(case: Case, template: str, language: str) -> list[Message]:
    """Return a system message with rules and scale, the same for all cases, and a user message with the case."""
    return [
        Message(role="system", content=_render(template, language, part="system")),
        Message(role="user", content=_render(template, language, part="user", case=case)),
    ]


def add_reminder(chat: Sequence[Message], reply: str, template: str, language: str) -> list[Message]:
    """Return the chat with a reply that held no verdict, and a reminder of the format."""
    reminder = Message(role="user", content=_render(template, language, part="again"))
    return [*chat, Message(role="assistant", content=reply or "…"), reminder]


def prompt_hash(chat: Sequence[Message]) -> str:
    """Return the SHA-256 of a chat, in hex."""
    text = json.dumps([[message.role, message.content] for message in chat], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def judge_prompt_hashes(template: str) -> dict[str, str]:
    """Return template and language -> SHA-256 of its wording, for manifests."""
    hashes = {}
    for language in languages():
        if language_text(language, BASE):
            text = "\n".join(_render(template, language, part) for part in PARTS)
            hashes[f"judge.{template}.{language}"] = hashlib.sha256(text.encode()).hexdigest()
    return hashes


def _render(template: str, language: str, part: str, case: Case = EMPTY) -> str:
    folder = language_with_file(language, BASE)
    text = _environment().get_template(f"{folder}/judge_{template}.jinja").render(part=part, case=case)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


@functools.cache
def _environment() -> Environment:
    """Return an environment in which the templates of a language extend its base."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(lambda name: language_text(*name.split("/")) or None),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # an answer cannot close the tag around it
    environment.filters["inside"] = lambda text: text.strip().replace("</", "< /")
    return environment
