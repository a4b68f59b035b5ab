"""Closed questions: options of which a model has to choose exactly the right ones.

In: questions with options, an index. Out: a scored row a model and question. The prompt says how many options are
right. They are chosen by the log-probabilities of their letters, or parsed from what the model writes.

    parse_letters("B, D", "ABCDE")          # {1, 3}
"""

from __future__ import annotations

import functools
import gc
import hashlib
import math
import re
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

from opora.answer.answerer import Asked, retrieve
from opora.answer.extractive import best_sentences
from opora.answer.prompt import WORDINGS, build_chat, prompt_language
from opora.artifacts import Journal
from opora.bench.results.table import ScoredRow, entries_of
from opora.bench.settings import ClosedBenchSettings
from opora.bench.tasks.base import Measured, about, tokens_of
from opora.errors import InputError, ModelError
from opora.models.base import Chat, Completion
from opora.models.registry import LoadModel
from opora.models.response_cache import Remembered
from opora.models.spec import parse_spec
from opora.records import Example, Message, Option
from opora.retrieval.search.searcher import Index

if TYPE_CHECKING:
    from jinja2 import Template

LETTERS = {"en": "ABCDEFGHIJ", "ru": "АБВГДЕЖЗИК"}
LOOKALIKES = {"ru": str.maketrans("ABEK", "АВЕК"), "en": str.maketrans("АВСЕ", "ABCE")}
"""A letter of the other alphabet that looks like one of the asked alphabet is taken for it."""


class Choice(NamedTuple):
    """What was chosen, as places from 0, and what the model wrote, if it wrote."""

    chosen: set[int]
    completion: Completion | None = None


class ChoiceRow(ScoredRow):
    """One closed question answered by one model. `chosen`: places of options, from 0; empty if none could be told."""

    options: tuple[Option, ...]
    chosen: tuple[int, ...]
    raw: str = ""


def choose_all(
    settings: ClosedBenchSettings,
    examples: Sequence[Example],
    index: Index,
    completions: Journal,
    load: LoadModel,
    name: str,
) -> Measured:
    """Raises InputError or ModelError that names the model."""
    most = min(map(len, LETTERS.values()))
    for example in examples:
        if not any(option.right for option in example.options) or len(example.options) > most:
            raise InputError(f"question {example.id!r}: options need a right one, and are at most {most}")
    asked = retrieve([example.question for example in examples], index, settings.ask.top_k)
    rows: list[ChoiceRow] = []
    for model, spec in settings.models.items():
        try:
            if spec == "extractive":
                choices = [Choice(_supported(*each, index)) for each in zip(examples, asked, strict=True)]
            else:
                remembered = Remembered(spec, settings.ask.generation, completions, f"bench {name} {model}", load)
                choices = _choose(settings, examples, asked, remembered)
        except (InputError, ModelError) as error:
            kind = ModelError if isinstance(error, ModelError) else InputError
            raise kind(f"bench row {model!r} ({spec}): {error}") from error
        rows += [_row(model, example, choice) for example, choice in zip(examples, choices, strict=True)]
        gc.collect()  # a model may stand in a cycle of references, and the next one needs its memory
    unread = sum(not row.chosen for row in rows)
    entries = entries_of(settings.models, settings.baseline)
    return Measured(rows, entries, counts={"answers without a choice": unread}, tokens=tokens_of(rows))


def closed_hashes() -> dict[str, str]:
    return {f"closed.{each}": hashlib.sha256(_source(each).encode()).hexdigest() for each in sorted(WORDINGS)}


def parse_letters(text: str, letters: str) -> set[int]:
    """The letters that an answer chooses, as places: those of a line of nothing else, else those behind a word that
    announces them, else those marked like an option, `B)`, else those that stand alone; none if there are none.

    A letter before a word in lower case is a word itself: `A pump`, `В документе`.
    """
    folded = text.translate(LOOKALIKES["ru" if letters[0] in LETTERS["ru"] else "en"]).replace("*", "")
    one = rf"(?<!\w)[{letters}](?!\w)(?!\s+(?!and\b|or\b|и\b|или\b)[a-zа-яё])"
    several = rf"{one}[\])]?(?:(?:\s*[,;/]\s*|\s+)(?:(?:and|or|и|или)\s+)?[\[(]?{one}[\])]?)*"
    for pattern in (
        rf"^[\W_]*({several})[\W_]*$",
        rf"(?i:\b(?:answers?|options?|letters?|choices?|ответ\w*|вариант\w*|букв\w*|верн\w+))"
        rf"(?:\W+(?:is|are|это))?\W+({several})",
        rf"(?<!\w)([{letters}])[).:]",
        rf"({one})",
    ):
        if found := re.findall(pattern, folded, re.MULTILINE):
            return {letters.index(each) for each in re.findall(one, "\n".join(found)) or found}
    return set()


def closed_chat(example: Example, asked: Asked) -> Chat:
    """The passages first, the question and its options after them, as in every prompt; only the task is another."""
    language = prompt_language(asked.language)
    right = sum(option.right for option in example.options)
    lines = zip(LETTERS[language], example.options, strict=False)
    words = {"options": [(letter, option.text) for letter, option in lines], "right": right}
    context = _template(language).new_context({"question": example.question, **words})
    blocks = {name: "".join(block(context)) for name, block in _template(language).blocks.items()}
    [_, user] = build_chat(blocks["question"], [hit.passage for hit in asked.hits], asked.language)
    return [Message(role="system", content=blocks["system"]), user]


def _choose(
    settings: ClosedBenchSettings, examples: Sequence[Example], asked: Sequence[Asked], model: Remembered
) -> list[Choice]:
    chats = [closed_chat(*each) for each in zip(examples, asked, strict=True)]
    letters = [
        LETTERS[prompt_language(each.language)][: len(e.options)] for e, each in zip(examples, asked, strict=True)
    ]
    by_letters = settings.by == "letters" or (settings.by == "auto" and parse_spec(model.spec).kind == "openai")
    if by_letters:
        written = zip(model.generate(chats), letters, strict=True)
        return [Choice(parse_letters(completion.text, known), completion) for completion, known in written]
    pairs = [(chat, letter) for chat, known in zip(chats, letters, strict=True) for letter in known]
    values = iter(model.logprobs([chat for chat, _ in pairs], [letter for _, letter in pairs]))
    scored = [[next(values) for _ in known] for known in letters]
    return [Choice(_best(example, each)) for example, each in zip(examples, scored, strict=True)]


def _supported(example: Example, asked: Asked, index: Index) -> set[int]:
    """Without a model: the options that some sentence of the passages supports best, together with the question."""
    scores = []
    for option in example.options:
        text = f"{example.question} {option.text}"
        found = best_sentences(text, asked.hits, index.idf, asked.language)
        scores.append(found[0].support if found else 0.0)
    return _best(example, scores)


def _best(example: Example, scores: Sequence[float]) -> set[int]:
    """As many options as are right, the best scored."""
    order = sorted(range(len(scores)), key=lambda number: (-scores[number], number))
    return set(order[: sum(option.right for option in example.options)])


def _row(model: str, example: Example, choice: Choice) -> ChoiceRow:
    right = {number for number, option in enumerate(example.options) if option.right}
    scores: dict[str, float | None] = {
        "chosen": float(choice.chosen == right),
        "by_chance": 1.0 / math.comb(len(example.options), len(right)),
    }
    if written := choice.completion:
        scores["prompt_tokens"] = float(written.prompt_tokens)
        scores["answer_tokens"] = float(written.completion_tokens)
        scores["seconds"] = written.seconds
    places, raw = tuple(sorted(choice.chosen)), written.text if written else ""
    return ChoiceRow(**about(example), model=model, scores=scores, options=example.options, chosen=places, raw=raw)


@functools.cache
def _template(language: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_source(language))


def _source(language: str) -> str:
    return resources.files(__package__).joinpath(f"closed.{language}.jinja").read_text(encoding="utf-8")
