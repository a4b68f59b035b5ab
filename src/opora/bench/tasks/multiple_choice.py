"""Questions with options, of which a model has to choose exactly the right ones.

The prompt says how many options are right. The choice is read from the log-probabilities of the option letters, or
parsed from the text of the model.

    parse_letters("B, D", "ABCDE")          # {1, 3}
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple

from opora.answer.answerer import RetrievedQuestion, retrieve
from opora.answer.extractive import best_sentences
from opora.answer.prompt import build_chat, prompt_hashes
from opora.bench.results.table import ScoredRow, entries_of
from opora.bench.tasks.base import ModelTask, TaskInputs, TaskResult, row_fields
from opora.errors import InputError
from opora.models.base import Chat, Completion, LanguageModel
from opora.models.spec import parse_spec
from opora.records import Example, Message, Option
from opora.retrieval.search.searcher import Index
from opora.text.language_pack import language_packs, language_with_file, multiple_choice
from opora.text.resources import language_template

PROMPT = "multiple_choice.jinja"


class MultipleChoiceTask(ModelTask):
    """Choose the right options of each question that has options. A choice counts only if it is exactly right."""

    renamed: ClassVar = {"by": "scoring"}

    method: Literal["multiple_choice"] = "multiple_choice"
    """Name of the task."""
    scoring: Literal["auto", "logprobs", "letters"] = "auto"
    """`logprobs`: choose the options whose letters have the highest log-probability; `letters`: parse the letters that
    the model writes; `auto`: logprobs, or letters for servers, which do not report them."""

    @property
    def prompt_hashes(self) -> Mapping[str, str]:
        return prompt_hashes("multiple_choice")

    def accepts(self, example: Example) -> bool:
        return bool(example.options)

    def measure(self, inputs: TaskInputs) -> TaskResult:
        max_options = count_letters()
        for example in inputs.examples:
            if not any(option.right for option in example.options) or len(example.options) > max_options:
                raise InputError(f"question {example.id!r}: options need a right one, and at most {max_options} fit")
        queries = retrieve([example.question for example in inputs.examples], inputs.index, self.ask.top_k)
        rows = self.rows_of_models(functools.partial(self._answer, inputs, queries))
        unparsed = sum(not row.chosen for row in rows)
        entries = entries_of(self.models, self.baseline)
        return TaskResult(rows, entries, counts={"answers without a choice": unparsed})

    def _answer(self, inputs: TaskInputs, queries: Sequence[RetrievedQuestion], row: str, spec: str) -> list[ChoiceRow]:
        pairs = list(zip(inputs.examples, queries, strict=True))
        if spec == "extractive":
            choices = [Choice(_choose_supported(example, query, inputs.index)) for example, query in pairs]
        else:
            choices = self._choose(pairs, inputs.cached_model(row, spec, self.ask.generation))
        return [_row(row, example, choice) for example, choice in zip(inputs.examples, choices, strict=True)]

    def _choose(self, pairs: Sequence[tuple[Example, RetrievedQuestion]], model: LanguageModel) -> list[Choice]:
        chats = [build_choice_chat(example, query) for example, query in pairs]
        letters = [multiple_choice(query.language).letters[: len(example.options)] for example, query in pairs]
        scoring = self.scoring
        if scoring == "letters" or (scoring == "auto" and parse_spec(model.spec).kind == "openai"):
            completions = zip(model.generate(chats), letters, strict=True)
            return [Choice(parse_letters(completion.answer, own), completion) for completion, own in completions]
        continuations = [(chat, letter) for chat, own in zip(chats, letters, strict=True) for letter in own]
        values = iter(model.logprobs([chat for chat, _ in continuations], [letter for _, letter in continuations]))
        scores = [[next(values) for _ in own] for own in letters]
        return [Choice(_best_options(example, own)) for (example, _), own in zip(pairs, scores, strict=True)]


class Choice(NamedTuple):
    chosen: set[int]
    """Positions of the options, from 0."""
    completion: Completion | None = None


class ChoiceRow(ScoredRow):
    """One multiple-choice question answered by one model."""

    options: tuple[Option, ...]
    chosen: tuple[int, ...]
    """Positions of the chosen options, from 0; empty if the answer could not be parsed."""
    raw: str = ""
    """Text that the model wrote."""


def parse_letters(text: str, letters: str) -> set[int]:
    """Return the positions of the option letters that an answer chooses; empty if there are none.

    Tried in order: a line of letters only; letters after a word that announces them; letters marked like an option,
    `B)`; letters that stand alone. A letter before a lower-case word is a word itself: `A pump`, `В документе`.
    """
    packs = language_packs()
    words = [pack.multiple_choice for pack in packs if pack.multiple_choice]
    lookalikes = next((own.lookalikes for own in words if letters[0] in own.letters), {})
    folded = text.translate({ord(letter): option for letter, option in lookalikes.items()}).replace("*", "")
    conjunctions = "|".join(word for pack in packs for word in pack.conjunctions)
    announcements = "|".join(word for own in words for word in own.announcements)
    verbs = "|".join(word for own in words for word in own.verbs)
    letter = rf"(?<!\w)[{letters}](?!\w)(?!\s+(?!(?:{conjunctions})\b)[a-zа-яё])"
    several = rf"{letter}[\])]?(?:(?:\s*[,;/]\s*|\s+)(?:(?:{conjunctions})\s+)?[\[(]?{letter}[\])]?)*"
    for pattern in (
        rf"^[\W_]*({several})[\W_]*$",
        rf"(?i:\b(?:{announcements}))(?:\W+(?:{verbs}))?\W+({several})",
        rf"(?<!\w)([{letters}])[).:]",
        rf"({letter})",
    ):
        if matches := re.findall(pattern, folded, re.MULTILINE):
            return {letters.index(match) for match in re.findall(letter, "\n".join(matches)) or matches}
    return set()


def count_letters() -> int:
    """Return the number of options that have a letter in every language."""
    return min(len(pack.multiple_choice.letters) for pack in language_packs() if pack.multiple_choice)


def build_choice_chat(example: Example, query: RetrievedQuestion) -> Chat:
    """Return the prompt of a multiple-choice question: passages, then question and options."""
    template = language_template(language_with_file(query.language, PROMPT), PROMPT)
    letters = multiple_choice(query.language).letters
    options = [(letter, option.text) for letter, option in zip(letters, example.options, strict=False)]
    right = sum(option.right for option in example.options)
    context = template.new_context({"question": example.question, "options": options, "right": right})
    question, system = ("".join(template.blocks[block](context)) for block in ("question", "system"))
    [_, user] = build_chat(question, [hit.passage for hit in query.hits], query.language)
    return [Message(role="system", content=system), user]


def _choose_supported(example: Example, query: RetrievedQuestion, index: Index) -> set[int]:
    """Return the options that, together with the question, a sentence of the passages supports best."""
    scores = []
    for option in example.options:
        text = f"{example.question} {option.text}"
        sentences = best_sentences(text, query.hits, index.idf, query.language)
        scores.append(sentences[0].support if sentences else 0.0)
    return _best_options(example, scores)


def _best_options(example: Example, scores: Sequence[float]) -> set[int]:
    """Return the positions of the highest scores, as many as there are right options."""
    order = sorted(range(len(scores)), key=lambda number: (-scores[number], number))
    return set(order[: sum(option.right for option in example.options)])


def _row(model: str, example: Example, choice: Choice) -> ChoiceRow:
    right = {number for number, option in enumerate(example.options) if option.right}
    scores: dict[str, float | None] = {
        "exact_set_accuracy": float(choice.chosen == right),
        "random_baseline": 1.0 / math.comb(len(example.options), len(right)),
    }
    if completion := choice.completion:
        scores["prompt_tokens"] = float(completion.prompt_tokens)
        scores["answer_tokens"] = float(completion.completion_tokens)
        scores["seconds"] = completion.seconds
    return ChoiceRow(
        **row_fields(example),
        model=model,
        scores=scores,
        options=example.options,
        chosen=tuple(sorted(choice.chosen)),
        raw=choice.completion.text if choice.completion else "",
    )
