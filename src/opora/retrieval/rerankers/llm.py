"""Passages are put into an order by a language model: how probable it is that they answer the question.

In: a language model. Out: a reranker, and for training, where the answer is known, the probability of that answer given
the passage (as in Shi et al. 2024, "REPLUG", equation 3).

    RewardReranker("smollm2").score(question, candidates)                              # [0.84, 0.1, ...]
    answer_probabilities(model, "What is the fee?", "en", candidates, "The fee is 12 EUR.")     # [0.4, 0.01, ...]
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING

from opora.models.base import Chat, LanguageModel
from opora.models.registry import LoadModel, load_model
from opora.models.revision import revision_of
from opora.models.settings import ModelSettings
from opora.models.spec import parse_spec
from opora.records import Message
from opora.retrieval.query import Query
from opora.retrieval.rerankers.base import Candidate
from opora.retrieval.rerankers.cross_encoder import shown_below_headings
from opora.text.words import word_texts

if TYPE_CHECKING:
    from jinja2 import Template

YES_NO = {"en": ("Yes", "No"), "ru": ("Да", "Нет")}


class RewardReranker:
    """A Reranker: the probability of «yes» against «no» where a model is asked whether the passage answers. `spec`: any
    language model that tells log-probabilities; it is loaded with the first question."""

    def __init__(self, spec: str, load: LoadModel = load_model) -> None:
        self.spec, self._load = spec, load

    def score(self, question: Query, candidates: Sequence[Candidate]) -> list[float]:
        """From 0 to 1. Raises ModelError if the model fails, or cannot tell log-probabilities."""
        language = _prompt_language(question.language)
        chats = [_chat("whether", question.text, each, language) for each in candidates]
        # both continuations of one prompt stand together, for the model may then read it once
        doubled = [chat for chat in chats for _ in YES_NO[language]]
        values = self._model.logprobs(doubled, len(chats) * YES_NO[language])
        return [_first_of_two(yes, no) for yes, no in zip(values[::2], values[1::2], strict=True)]

    def identity(self) -> Mapping[str, str]:
        prompts = {f"reward.{code}": hashlib.sha256(_source(code).encode()).hexdigest() for code in sorted(YES_NO)}
        return {self.spec: revision_of(parse_spec(self.spec)), **prompts}

    @functools.cached_property
    def _model(self) -> LanguageModel:
        return self._load(self.spec, ModelSettings())


def answer_probabilities(
    model: LanguageModel, question: str, language: str, candidates: Sequence[Candidate], answer: str
) -> list[float]:
    """For each candidate the probability of the known answer after question and passage: the geometric mean over its
    words. Raises ModelError like the model."""
    chats = [_chat("answer", question, each, _prompt_language(language)) for each in candidates]
    size = len(word_texts(answer)) or 1
    return [math.exp(min(0.0, value) / size) for value in model.logprobs(chats, [answer] * len(chats))]


def _chat(task: str, question: str, candidate: Candidate, language: str) -> Chat:
    template = _template(language)
    context = template.new_context({"question": question, "passage": shown_below_headings(candidate)})
    words = {name: "".join(template.blocks[name](context)).strip() for name in ("system", task)}
    system = [Message(role="system", content=words["system"])] if task == "whether" else []
    return [*system, Message(role="user", content=words[task])]


def _first_of_two(one: float, other: float) -> float:
    """The probability of the first of two that are all there is, from their log-probabilities."""
    highest = max(one, other)
    first, second = math.exp(one - highest), math.exp(other - highest)
    return first / (first + second)


def _prompt_language(language: str) -> str:
    return language if language in YES_NO else "en"


@functools.cache
def _template(language: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    return Environment(undefined=StrictUndefined, autoescape=False).from_string(_source(language))


def _source(language: str) -> str:
    return resources.files(__package__).joinpath(f"reward.{language}.jinja").read_text(encoding="utf-8")
