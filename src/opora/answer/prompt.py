"""The words around a question: the chat that a model is asked with, and the form that its answer has.

In: a question, its passages, a language. Out: messages, the passages first and the question after them. Training
examples are written with the same functions, so that a model meets at work what it was taught with.

    chat = build_chat("What is the fee?", passages, "en")
    format_answer(AnswerForm(final="The fee is 12 EUR. [1]", quotes=(("A fee of 12 EUR is due.", 1),)), "en")
    # 'Quote: "A fee of 12 EUR is due." [1]\\nAnswer: The fee is 12 EUR. [1]'
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from opora.records import Message, Passage

if TYPE_CHECKING:
    from jinja2 import Template


class Wording(NamedTuple):
    """The fixed words of one language."""

    quote: str
    answer: str
    refusal: str


WORDINGS = {
    "en": Wording("Quote", "Answer", "The documents do not contain an answer to this question."),
    "ru": Wording("Цитата", "Ответ", "В документах нет ответа на этот вопрос."),
}


class AnswerForm(NamedTuple):
    """An answer taken apart: the final answer, and the quotes before it with the number of the passage of each."""

    final: str
    quotes: tuple[tuple[str, int | None], ...] = ()


def prompt_language(language: str) -> str:
    """The language that opora has a prompt in: `language` if it has one, else English."""
    return language if language in WORDINGS else "en"


def wording(language: str) -> Wording:
    return WORDINGS[prompt_language(language)]


def build_chat(question: str, passages: Sequence[Passage], language: str) -> list[Message]:
    """System and user message that ask `question` over `passages`, which are numbered from 1."""
    template = _template(prompt_language(language))
    shown = [{"heading_line": _heading_line(passage), "shown": passage.shown} for passage in passages]
    context = template.new_context({"question": question, "passages": shown, "refusal": wording(language).refusal})
    return [
        Message(role="system", content="".join(template.blocks["system"](context))),
        Message(role="user", content="".join(template.blocks["user"](context))),
    ]


def format_answer(form: AnswerForm, language: str) -> str:
    """The text of an answer, as a model is taught to write it; without quotes it is the final answer alone."""
    words = wording(language)
    if not form.quotes:
        return form.final
    lines = [f'{words.quote}: "{quote}" [{number}]' for quote, number in form.quotes]
    return "\n".join([*lines, f"{words.answer}: {form.final}"])


def parse_answer(text: str) -> AnswerForm:
    """Take apart what a model wrote, in whichever language of `WORDINGS`; without an answer line, all is final."""
    quotes, rest = [], []
    for line in text.strip().splitlines():
        if quote := _QUOTE_LINE.fullmatch(line.strip()):
            quotes.append((quote["text"].strip(), int(quote["number"]) if quote["number"] else None))
        else:
            rest.append(line)
    final = "\n".join(rest).strip()
    if mark := _ANSWER_MARK.search(final):
        final = final[mark.end() :].strip()
    return AnswerForm(final, tuple(quotes))


def prompt_hashes() -> dict[str, str]:
    """Language -> SHA-256 of its prompt's template, for manifests."""
    return {f"answer.{each}": hashlib.sha256(_source(each).encode()).hexdigest() for each in sorted(WORDINGS)}


def _heading_line(passage: Passage) -> str:
    """Title and headings, each once: what a reader needs to know where a passage comes from."""
    parts = dict.fromkeys([str(passage.metadata.get("title", "")), *passage.heading])
    return " > ".join(part for part in parts if part)


@functools.cache
def _template(language: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    return Environment(undefined=StrictUndefined, autoescape=False).from_string(_source(language))


def _source(language: str) -> str:
    return resources.files(__package__).joinpath(f"prompt.{language}.jinja").read_text(encoding="utf-8")


_QUOTE_LINE = re.compile(
    rf"(?:{'|'.join(each.quote for each in WORDINGS.values())}):"
    r"\s*[\"“«](?P<text>.*)[\"”»]\.?\s*(?:\[(?P<number>\d+)\])?\.?"
)
_ANSWER_MARK = re.compile(rf"^(?:{'|'.join(each.answer for each in WORDINGS.values())}):", re.MULTILINE)
