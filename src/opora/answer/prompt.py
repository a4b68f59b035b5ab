"""Prompt of a question, and the format of its answer. Training and inference use the same functions.

format_answer(AnswerForm(final="The fee is 12 EUR. [1]", quotes=(("A fee of 12 EUR is due.", 1),)), "en")
# 'Quote: "A fee of 12 EUR is due." [1]\\nAnswer: The fee is 12 EUR. [1]'
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from opora.records import Message, Passage
from opora.text.language_pack import language_with_file, wording
from opora.text.resources import language_template, language_text, languages

PROMPT = "answer.jinja"
"""Template in the folder of each language, with the blocks `system` and `user`."""


class AnswerForm(NamedTuple):
    """The parts of an answer: the final answer, and the quotes before it with the numbers of their passages."""

    final: str
    quotes: tuple[tuple[str, int | None], ...] = ()


def build_chat(question: str, passages: Sequence[Passage], language: str) -> list[Message]:
    """Return the system and user message that ask `question` over `passages`, which are numbered from 1."""
    template = language_template(language_with_file(language, PROMPT), PROMPT)
    numbered = [{"heading_line": _heading_line(passage), "full_text": passage.full_text} for passage in passages]
    context = template.new_context({"question": question, "passages": numbered, "refusal": wording(language).refusal})
    return [
        Message(role="system", content="".join(template.blocks["system"](context))),
        Message(role="user", content="".join(template.blocks["user"](context))),
    ]


def format_answer(form: AnswerForm, language: str) -> str:
    """Return the text of an answer as models learn to write it; without quotes, it is the final answer alone."""
    if not form.quotes:
        return form.final
    labels = wording(language)
    lines = [f'{labels.quote}: "{quote}" [{number}]' for quote, number in form.quotes]
    return "\n".join([*lines, f"{labels.answer}: {form.final}"])


def parse_answer(text: str) -> AnswerForm:
    """Parse an answer with labels in any language. Without an answer label, all text but the quotes is final."""
    quote_line, answer_label = _label_patterns()
    quotes, remaining = [], []
    for line in text.strip().splitlines():
        if quote := quote_line.fullmatch(line.strip()):
            quotes.append((quote["text"].strip(), int(quote["number"]) if quote["number"] else None))
        else:
            remaining.append(line)
    final = "\n".join(remaining).strip()
    if label := answer_label.search(final):
        final = final[label.end() :].strip()
    return AnswerForm(final, tuple(quotes))


def prompt_hashes(name: str = "answer") -> dict[str, str]:
    """Return the SHA-256 of the prompt template `name` of each language, for manifests."""
    sources = {code: language_text(code, f"{name}.jinja") for code in languages()}
    return {f"{name}.{code}": hashlib.sha256(text.encode()).hexdigest() for code, text in sources.items() if text}


def _heading_line(passage: Passage) -> str:
    """Return title and headings without repetition."""
    parts = dict.fromkeys([str(passage.metadata.get("title", "")), *passage.heading])
    return " > ".join(filter(None, parts))


@functools.cache
def _label_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a quote line and of the answer label, in all languages."""
    labels = [wording(code) for code in languages()]
    quote = "|".join(re.escape(label.quote) for label in labels)
    answer = "|".join(re.escape(label.answer) for label in labels)
    quote_line = rf"(?:{quote}):\s*[\"“«](?P<text>.*)[\"”»]\.?\s*(?:\[(?P<number>\d+)\])?\.?"
    return re.compile(quote_line), re.compile(rf"^(?:{answer}):", re.MULTILINE)
